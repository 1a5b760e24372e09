"""Configurations by path, and by the names of a model and a dataset where there is no file."""

import re
from pathlib import Path

import pytest
from basicts.configs import BasicTSForecastingConfig
from tiny import Tiny

from basicts_elin.data.catalog import CATALOG
from basicts_elin.errors import UserError
from basicts_elin.zoo.basicts_models import UNFIT, rival_config
from basicts_elin.zoo.config_file import load_config

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


def refusal(path):
    with pytest.raises(UserError) as error:
        load_config(path)
    assert "\n" not in str(error.value)
    return str(error.value)


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
    ("text", "message"),
    [
        ("CONFIG = 1", "holds nothing named CFG; expected CFG = benchmark_config"),
        ("CFG = {'seed': 1}", "holds CFG of type dict; expected CFG = benchmark_config"),
        ("x = 1\nCFG = (", "has a syntax error in line 2: '(' was never closed"),
        ("import no_such_package", "imports something that is not there: No module named 'no_such_package'"),
        ("from basicts_elin import Elinformer", "imports something that is not there: cannot import name 'Elinformer'"),
        (GOOD.replace("TinyConfig()", "TinyConfig(bia=1)"), "fails with TypeError: "),
        ("1 / 0", "fails with ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, text, message):
    path = write(tmp_path, text)
    assert refusal(path).startswith(f"config file {path} {message}")


def test_what_the_package_refuses_in_a_file_keeps_its_words(tmp_path):
    message = refusal(write(tmp_path, GOOD.replace("PEMS08", "PEMS8")))
    assert message.startswith("dataset: 'PEMS8' is not in the catalogue; known are ")


@pytest.mark.parametrize(
    ("name", "dataset"),
    [
        ("no/such/file.py", "PEMS08"),
        ("no", "PEMS08"),
        ("PEMS08", "PEMS08"),
        ("DLinear", "PEMS08"),
        ("ELinFormer/METR-LA", "METR-LA"),
        ("ELinFormer_small/PEMS04", "PEMS04"),
        ("mine/DLinear/PEMS08.py", "PEMS08"),
        ("baselines_cfg/mine/DLinear/PEMS08.py", "PEMS08"),
    ],
)
def test_a_missing_file_names_both_ways(tmp_path, monkeypatch, name, dataset):
    monkeypatch.chdir(tmp_path)
    assert refusal(name) == (
        f"config file {name} is missing; expected a file with CFG = benchmark_config(), such as "
        f"baselines_cfg/ELinFormer/{dataset}.py in the repository, or <Model>/<Dataset> with a model of BasicTS "
        "(`basicts-elin list`)"
    )


@pytest.mark.parametrize("name", [".", "DLinear/PEMS08"])
def test_a_folder_is_no_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    Path(name).mkdir(parents=True, exist_ok=True)
    assert refusal(name) == f"config file {name} is no file; expected a file with CFG = benchmark_config()"


def test_a_file_of_another_kind_is_named(tmp_path):
    path = write(tmp_path, "CFG: 1", "Tiny.yaml")
    assert refusal(path) == f"config file {path} is not a Python file; its name must end in .py"


@pytest.mark.parametrize(
    "name", ["DLinear/PEMS08", "DLinear/PEMS08.py", "baselines_cfg/DLinear/PEMS08.py", "./DLinear/PEMS08"]
)
def test_a_model_of_basicts_needs_no_file(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    config = load_config(name)
    assert (config.model.__name__, config.dataset_name) == ("DLinear", "PEMS08")
    assert config.md5 == rival_config("DLinear", "PEMS08").md5


def test_a_file_that_is_there_wins_over_its_name(tmp_path, monkeypatch):
    write(tmp_path / "DLinear", GOOD, "PEMS08.py")
    monkeypatch.chdir(tmp_path)
    assert load_config("DLinear/PEMS08.py").model is Tiny


@pytest.mark.parametrize(
    ("name", "like"),
    [
        ("DLinar/PEMS08", "DLinear/PEMS08"),
        ("dlinear/PEMS08", "DLinear/PEMS08"),
        ("baselines_cfg/ITransformer/METR-LA.py", "iTransformer/METR-LA"),
    ],
)
def test_a_misspelt_model_names_the_nearest(tmp_path, monkeypatch, name, like):
    monkeypatch.chdir(tmp_path)
    message = refusal(name)
    assert re.match(rf"config file {re.escape(name)} is missing \(did you mean {like}( or \S+)?\?\); expected", message)


@pytest.mark.parametrize("name", ["Foo/PEMS08", "nope/METR-LA", "my/SyntheticTraffic.py"])
def test_a_name_like_no_model_suggests_none(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    assert "did you mean" not in refusal(name)


def test_an_unknown_dataset_lists_the_known_ones():
    message = refusal("DLinear/PEMS99")
    assert message == f"dataset: 'PEMS99' is not in the catalogue; known are {', '.join(sorted(CATALOG))}"


@pytest.mark.parametrize("model", UNFIT)
def test_a_model_that_cannot_be_compared_says_why(model):
    assert refusal(f"{model}/PEMS08.py") == f"model: {model} cannot be compared: {UNFIT[model]}"
