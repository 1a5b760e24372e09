import copy

import pytest
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.builder import Builder
from tiny import Recorder, Tiny, TinyConfig, ours

from basicts_elin.errors import UserError
from basicts_elin.host.changes import with_changes
from basicts_elin.host.config_file import load_config

GOOD = """
from basicts_elin.host import benchmark_config
from tiny import Tiny, TinyConfig

CFG = benchmark_config(Tiny, TinyConfig(), "PEMS08")
"""


@pytest.fixture
def config(workplace):
    return ours(num_epochs=3)


def write(folder, text, name="Tiny.py"):
    path = folder / name
    path.write_text(text)
    return str(path)


def settings(config):
    """The values of a configuration that can be compared, apart from later changes of it."""
    plain = {name: value for name, value in config.items() if name not in ("callbacks", "taskflow", "null_val")}
    return copy.deepcopy(plain)


def test_a_file_is_loaded_by_its_path(tmp_path, monkeypatch):
    (tmp_path / "cfg").mkdir()
    write(tmp_path / "cfg", GOOD)
    monkeypatch.chdir(tmp_path)
    config = load_config("cfg/Tiny.py")
    assert isinstance(config, BasicTSForecastingConfig)
    assert (config.model, config.dataset_name) == (Tiny, "PEMS08")


def test_two_files_of_one_name_are_two_configurations(tmp_path):
    (tmp_path / "other").mkdir()
    paths = write(tmp_path, GOOD), write(tmp_path / "other", GOOD.replace("PEMS08", "PEMS04"))
    assert [load_config(path).dataset_name for path in paths] == ["PEMS08", "PEMS04"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("CONFIG = 1", "holds nothing named CFG; expected CFG = benchmark_config"),
        ("CFG = {'seed': 1}", "holds CFG of type dict; expected CFG = benchmark_config"),
        ("x = 1\nCFG = (", "has a syntax error in line 2: '\\(' was never closed"),
        ("import no_such_package", "imports something that is not there: No module named 'no_such_package'"),
        ("from basicts_elin import Elinformer", "imports something that is not there: .*'Elinformer'"),
        (GOOD.replace("PEMS08", "PEMS8"), "dataset: 'PEMS8' is not in the catalogue; known are .*PEMS08"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path, text, message):
    path = write(tmp_path, text)
    with pytest.raises(UserError, match=message) as error:
        load_config(path)
    assert "\n" not in str(error.value)
    if "dataset" not in message:
        assert str(error.value).startswith(f"config file {path} ")


@pytest.mark.parametrize("name", ["no/such/file.py", "."])
def test_a_path_that_is_no_file_is_named(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=f"config file {name} is missing or no file; expected a file with CFG"):
        load_config(name)


def test_a_file_of_another_kind_is_named(tmp_path):
    with pytest.raises(UserError, match=r"Tiny.yaml is not a Python file; its name must end in .py"):
        load_config(write(tmp_path, "CFG: 1", "Tiny.yaml"))


def test_changes_make_another_configuration(config):
    before = settings(config)
    changed = with_changes(config, {"seed": 1, "model_config.bias": False, "optimizer_params.lr": 0.5, "metrics": []})
    assert (changed.seed, changed.model_config.bias, changed.optimizer_params.lr) == (1, False, 0.5)
    assert changed.metrics == []
    assert settings(config) == before
    assert type(changed) is type(config)


def test_no_changes_make_the_same_configuration(config):
    again = with_changes(config, {})
    assert settings(again) == settings(config)
    assert type(again.model_config) is TinyConfig
    assert [type(callback) for callback in again.callbacks] == [type(callback) for callback in config.callbacks]


def test_no_changes_keep_the_folder_of_the_run(config):
    assert with_changes(config, {}).md5 == config.md5


def test_changes_reach_the_hash(config):
    assert config.md5 != with_changes(config, {"seed": 1}).md5


def test_the_configurations_of_one_file_do_not_share_callbacks(workplace):
    config = ours(callbacks=[Recorder()])
    changed = with_changes(config, {"seed": 1})
    assert type(changed.callbacks[-1]) is Recorder
    assert changed.callbacks[-1] is not config.callbacks[-1]


@pytest.mark.parametrize("name", ["lr", "optimizer_params.lr"])
def test_the_learning_rate_reaches_the_optimizer_and_nothing_else(config, name):
    changed = with_changes(config, {name: 0.25})
    (group,) = Builder._build_optimizer(changed, Tiny(changed.model_config)).param_groups
    assert (group["lr"], group["weight_decay"]) == (0.25, 3e-4)
    assert changed.lr_scheduler_params == config.lr_scheduler_params


def test_the_last_of_two_learning_rates_wins(config):
    changed = with_changes(with_changes(config, {"lr": 0.25}), {"optimizer_params.lr": 0.5})
    assert changed.optimizer_params.lr == 0.5
    assert with_changes(changed, {"lr": 0.125}).optimizer_params.lr == 0.125


@pytest.mark.parametrize("name", ["bias", "model_config.bias"])
def test_a_field_of_the_model(config, name):
    changed = with_changes(config, {name: False})
    assert Tiny(changed.model_config).linear.bias is None
    assert Tiny(config.model_config).linear.bias is not None


def test_lengths_reach_model_and_dataset(config):
    changed = with_changes(config, {"input_len": 24})
    assert (changed.model_config.input_len, changed.dataset_params.input_len) == (24, 24)
    assert changed.ckpt_save_dir == "checkpoints/Tiny/Tiny_3_24_12"


@pytest.mark.parametrize("name", ["model_config.input_len", "dataset_params.input_len"])
def test_a_length_of_one_part_alone_is_refused(config, name):
    message = f"--set {name}: BasicTS takes it from the field input_len; use --set input_len=24"
    with pytest.raises(UserError, match=message):
        with_changes(config, {name: 24})


def test_the_folder_follows_the_epochs(config):
    assert with_changes(config, {"num_epochs": 7}).ckpt_save_dir == "checkpoints/Tiny/Tiny_7_12_12"


def test_a_folder_of_ones_own_stays(workplace):
    changed = with_changes(ours(ckpt_save_dir="mine"), {"num_epochs": 7, "seed": 1})
    assert changed.ckpt_save_dir == "mine"


@pytest.mark.parametrize("folder", [None, "mine"])
def test_the_folder_can_be_changed(workplace, folder):
    assert with_changes(ours(ckpt_save_dir=folder), {"ckpt_save_dir": "other"}).ckpt_save_dir == "other"


def test_gpus_are_counted(config):
    assert (with_changes(config, {"gpus": "0,1"}).gpu_num, with_changes(config, {"gpus": None}).gpu_num) == (2, 0)


def test_a_batch_size_wins_over_that_of_all_parts(workplace):
    changed = with_changes(ours(batch_size=8), {"train_batch_size": 4})
    assert (changed.train_batch_size, changed.val_batch_size) == (4, 8)
    again = with_changes(changed, {"batch_size": 2})
    assert (again.train_batch_size, again.val_batch_size, again.test_batch_size) == (2, 2, 2)


def test_whole_numbers_and_lists_take_the_type_that_is_there(config):
    changed = with_changes(config, {"optimizer_params.lr": 1, "lr_scheduler_params.milestones": (5, 6)})
    assert (type(changed.optimizer_params.lr), changed.optimizer_params.lr) == (float, 1.0)
    assert changed.lr_scheduler_params.milestones == [5, 6]


@pytest.mark.parametrize(
    ("name", "value", "found", "expected"),
    [
        ("num_epochs", "many", "str", "int"),
        ("num_epochs", 1.5, "float", "int"),
        ("num_epochs", True, "bool", "int"),
        ("train_data_shuffle", 1, "int", "bool"),
        ("optimizer_params.lr", "fast", "str", "float"),
        ("lr_scheduler_params.milestones", 5, "int", "list"),
        ("bias", "no", "str", "bool"),
        ("loss", 1, "int", "str"),
        ("lr", "fast", "str", "float"),
        ("batch_size", "large", "str", "int"),
    ],
)
def test_a_value_of_another_type_is_named(config, name, value, found, expected):
    with pytest.raises(UserError) as error:
        with_changes(config, {name: value})
    assert str(error.value).startswith(f"--set {name}={value!r}: {found} given, {expected} expected")


def test_none_is_a_value(config):
    changed = with_changes(config, {"lr_scheduler": None, "seed": None})
    assert (changed.lr_scheduler, changed.seed) == (None, None)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("num_epoch", "--set num_epoch: the configuration has no field 'num_epoch'; it has .*, num_epochs, "),
        ("model_config.bia", "--set model_config.bia: the model_config has no field 'bia'; it has bias, input_len"),
        ("optimizer_params.eps", "the optimizer_params has no field 'eps'; it has lr, weight_decay"),
        ("model_confg.bias", "'model_confg' is no group of fields; groups are .*model_config, optimizer_params"),
        ("seed.x", "'seed' is no group of fields; groups are "),
    ],
)
def test_an_unknown_field_lists_the_known_ones(config, name, message):
    with pytest.raises(UserError, match=message) as error:
        with_changes(config, {name: 1})
    assert "_md5" not in str(error.value)
