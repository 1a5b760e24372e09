"""Configurations by path, and by the names of a model and a dataset where there is no file."""

from pathlib import Path

import pytest
from basicts.configs import BasicTSForecastingConfig
from refusal import refuses
from tiny import Tiny

from basicts_elin.errors import UserError
from basicts_elin.zoo import registry
from basicts_elin.zoo.config_file import config_file, config_name, load_config
from basicts_elin.zoo.registry import config_for

GOOD = """
from basicts_elin import benchmark_config
from tiny import Tiny, TinyConfig

CFG = benchmark_config(Tiny, TinyConfig(), "PEMS08")
"""


def write(folder, text, name="Tiny.py"):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    return str(path)


def check_refused(path, **slots):
    """The path is refused in one line, with these values in the slots of the error."""
    with refuses(f"config file {path}", **slots) as error:
        load_config(path)
    assert "\n" not in str(error.value)
    return error.value


def test_a_file_is_loaded_by_its_path(tmp_path, monkeypatch):
    write(tmp_path / "cfg", GOOD)
    monkeypatch.chdir(tmp_path)
    config = load_config("cfg/Tiny.py")
    assert isinstance(config, BasicTSForecastingConfig)
    assert (config.model, config.dataset_name) == (Tiny, "PEMS08")


def test_two_files_of_one_name_are_two_configurations(tmp_path):
    paths = write(tmp_path, GOOD), write(tmp_path / "other", GOOD.replace("PEMS08", "PEMS04"))
    assert [load_config(path).dataset_name for path in paths] == ["PEMS08", "PEMS04"]


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("CONFIG = 1", "no CFG", "CFG = benchmark_config"),
        ("CFG = {'seed': 1}", "CFG of type dict", "CFG = benchmark_config"),
        ("x = 1\nCFG = (", "line 2: '(' was never closed", "Python"),
        ("import no_such_package", "'no_such_package'", "import"),
        ("from basicts_elin import Elinformer", "'Elinformer'", "import"),
        (GOOD.replace("TinyConfig()", "TinyConfig(bia=1)"), "TypeError: ", ""),
        ("1 / 0", "ZeroDivisionError: division by zero", ""),
        ("raise SystemExit", "SystemExit: ", ""),
        ("raise ValueError('a\\nb')", "ValueError: a b", ""),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, text, found, expected):
    check_refused(write(tmp_path, text), found=found, expected=expected)


def test_what_the_package_refuses_in_a_file_keeps_its_slots(tmp_path):
    path = write(tmp_path, GOOD.replace("num_features", "x").replace('"PEMS08"', '"PEMS08", num_epoch=1'))
    with refuses("benchmark_config(num_epoch=...)", expected="num_epochs"):
        load_config(path)


@pytest.mark.parametrize("path", ["no/such/file.py", "no", "a/b/c.py", "mine/DLinear/PEMS08.py", "legacy/x/y/z.py"])
def test_a_missing_file_names_both_ways(tmp_path, monkeypatch, path):
    monkeypatch.chdir(tmp_path)
    error = check_refused(path, found="missing", expected=("CFG = benchmark_config", "MODEL/DATASET"))
    assert "did you mean" not in error.expected


@pytest.mark.parametrize("name", [".", "DLinear/PEMS08"])
def test_a_folder_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir(parents=True, exist_ok=True)
    check_refused(name, found="a folder", expected="CFG = benchmark_config")


def test_a_file_of_another_kind_is_named(tmp_path):
    check_refused(write(tmp_path, "CFG: 1", "Tiny.yaml"), found="'.yaml'", fix=".py")


@pytest.mark.parametrize(
    "name",
    [
        "DLinear/PEMS08",
        "DLinear/PEMS08.py",
        "baselines_cfg/DLinear/PEMS08.py",
        "./DLinear/PEMS08",
        "/no/such/place/baselines_cfg/DLinear/PEMS08.py",
    ],
)
def test_a_name_needs_no_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    config = load_config(name)
    assert (config.model.__name__, config.dataset_name) == ("DLinear", "PEMS08")
    assert config.md5 == config_for("DLinear", "PEMS08").md5
    assert config_file(name) is None
    assert config_name(name) == "DLinear/PEMS08"


@pytest.mark.parametrize(
    ("name", "recorded"),
    [
        ("ELinFormer_gaussian_small/PEMS08_tail", "ELinFormer_gaussian_small/PEMS08_tail"),
        ("ELinFormer_small_gaussian/PEMS08_tail.py", "ELinFormer_gaussian_small/PEMS08_tail"),
        ("baselines_cfg/STAEformer_linear/PEMS08.py", "ELinFormer/PEMS08"),
        ("legacy/AGCRN/PEMS08", "legacy/AGCRN/PEMS08"),
        ("baselines_cfg/legacy/AGCRN/PEMS08.py", "legacy/AGCRN/PEMS08"),
        ("AGCRN/PEMS08", "legacy/AGCRN/PEMS08"),
    ],
)
def test_one_name_is_recorded(tmp_path, monkeypatch, name, recorded):
    monkeypatch.chdir(tmp_path)
    assert config_name(name) == recorded


def test_a_file_that_is_there_takes_precedence(tmp_path, monkeypatch):
    write(tmp_path / "DLinear", GOOD, "PEMS08.py")
    path = write(tmp_path / "baselines_cfg" / "NLinear", GOOD, "PEMS08.py")
    monkeypatch.chdir(tmp_path)
    assert load_config("DLinear/PEMS08.py").model is Tiny
    assert load_config("DLinear/PEMS08").model is not Tiny
    for name in ("NLinear/PEMS08", "NLinear/PEMS08.py", "baselines_cfg/NLinear/PEMS08.py"):
        assert load_config(name).model is Tiny
        assert config_name(name) == path


def test_a_model_of_the_users_own_is_found_in_the_folder_of_configurations(tmp_path, monkeypatch):
    write(tmp_path / "baselines_cfg" / "Mine", GOOD, "PEMS08.py")
    monkeypatch.chdir(tmp_path)
    assert load_config("Mine/PEMS08").model is Tiny
    check_refused("Mine/PEMS04", found="missing")


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("DLinar/PEMS08", "DLinear/PEMS08"),
        ("dlinear/PEMS08", "DLinear/PEMS08"),
        ("baselines_cfg/ITransformer/METR-LA.py", "iTransformer/METR-LA"),
        ("ELinFormr_gaussian/X", "ELinFormer_gaussian/X"),
        ("STAEformer_matmull/PEMS08", "STAEformer_matmul/PEMS08"),
        ("AGCRNN/PEMS08", "AGCRN/PEMS08"),
    ],
)
def test_a_misspelt_model_names_the_nearest(tmp_path, monkeypatch, name, like):
    monkeypatch.chdir(tmp_path)
    check_refused(name, found="missing", expected=like)


@pytest.mark.parametrize("name", ["Xyzzy/PEMS08", "qqq/METR-LA", "my/SyntheticTraffic.py"])
def test_a_name_like_no_model_suggests_none(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert "did you mean" not in check_refused(name).expected


def test_the_model_is_looked_up_before_the_dataset(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        load_config("DLinear/PEMS99")
    assert error.value.field.startswith("dataset") and "PEMS99" in str(error.value)


@pytest.mark.parametrize("name", ["Timer/PEMS08.py", "Timer/PEMS08"])
def test_a_model_that_cannot_be_trained_says_why(name):
    with pytest.raises(UserError) as error:
        load_config(name)
    assert error.value.field == f"model {name.split('/')[-2]}"
    assert error.value.found == registry.entry("Timer").unfit
