"""Other values of some fields of a configuration, as --set gives them."""

import pytest
from basicts.models.TimeMixer import TimeMixerConfig
from basicts.runners.builder import Builder
from refusal import refuses
from tiny import Recorder, Tiny, TinyConfig, ours, settings
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import StepLR

from basicts_elin.config.overrides import with_overrides
from basicts_elin.training.protocol.losses import HuberLoss
from basicts_elin.training.protocol.schedules import PlateauLR
from basicts_elin.zoo.registry import config_for

GROUPS = "one of dataset_params, lr_scheduler_params, model_config, optimizer_params"


@pytest.fixture
def config(workplace):
    return ours(num_epochs=3)


def check_refused(config, name, value=1, **slots):
    """The override is refused in one line, with these values in the slots of the error."""
    with refuses(f"--set {name}", **slots) as error:
        with_overrides(config, {name: value})
    assert "\n" not in str(error.value)
    return error.value


def test_overrides_make_another_configuration(config):
    before = settings(config)
    changed = with_overrides(config, {"seed": 1, "model_config.bias": False, "optimizer_params.lr": 0.5, "metrics": []})
    assert (changed.seed, changed.model_config.bias, changed.optimizer_params.lr) == (1, False, 0.5)
    assert changed.metrics == []
    assert settings(config) == before
    assert type(changed) is type(config)


def test_no_overrides_make_the_same_configuration(config):
    again = with_overrides(config, {})
    assert settings(again) == settings(config)
    assert type(again.model_config) is TinyConfig
    assert [type(callback) for callback in again.callbacks] == [type(callback) for callback in config.callbacks]


def test_no_overrides_keep_the_folder_of_the_run(config):
    assert with_overrides(config, {}).md5 == config.md5


def test_overrides_reach_the_hash(config):
    assert config.md5 != with_overrides(config, {"seed": 1}).md5


def test_the_configurations_of_one_file_do_not_share_callbacks(workplace):
    config = ours(callbacks=[Recorder()])
    changed = with_overrides(config, {"seed": 1})
    assert type(changed.callbacks[-1]) is Recorder
    assert changed.callbacks[-1] is not config.callbacks[-1]


@pytest.mark.parametrize("name", ["lr", "optimizer_params.lr"])
def test_the_learning_rate_reaches_the_optimizer_and_nothing_else(config, name):
    changed = with_overrides(config, {name: 0.25})
    (group,) = Builder._build_optimizer(changed, Tiny(changed.model_config)).param_groups
    assert (group["lr"], group["weight_decay"]) == (0.25, 3e-4)
    assert changed.lr_scheduler_params == config.lr_scheduler_params


def test_the_last_of_two_learning_rates_wins(config):
    changed = with_overrides(with_overrides(config, {"lr": 0.25}), {"optimizer_params.lr": 0.5})
    assert changed.optimizer_params.lr == 0.5
    assert with_overrides(changed, {"lr": 0.125}).optimizer_params.lr == 0.125


@pytest.mark.parametrize("name", ["bias", "model_config.bias"])
def test_a_field_of_the_model(config, name):
    changed = with_overrides(config, {name: False})
    assert Tiny(changed.model_config).linear.bias is None
    assert Tiny(config.model_config).linear.bias is not None


def test_lengths_reach_model_and_dataset(config):
    changed = with_overrides(config, {"input_len": 24})
    assert (changed.model_config.input_len, changed.dataset_params.input_len) == (24, 24)
    assert changed.ckpt_save_dir == "checkpoints/Tiny/Tiny_3_24_12"


@pytest.mark.parametrize("name", ["model_config.input_len", "dataset_params.input_len"])
def test_a_length_of_one_part_alone_is_refused(config, name):
    check_refused(config, name, 24, found=name.partition(".")[0], expected="input_len", fix="--set input_len=24")


def test_the_folder_follows_the_epochs(config):
    assert with_overrides(config, {"num_epochs": 7}).ckpt_save_dir == "checkpoints/Tiny/Tiny_7_12_12"


def test_a_folder_of_ones_own_stays(workplace):
    changed = with_overrides(ours(ckpt_save_dir="mine"), {"num_epochs": 7, "seed": 1})
    assert changed.ckpt_save_dir == "mine"


@pytest.mark.parametrize("folder", [None, "mine"])
def test_the_folder_can_be_changed(workplace, folder):
    assert with_overrides(ours(ckpt_save_dir=folder), {"ckpt_save_dir": "other"}).ckpt_save_dir == "other"


def test_gpus_are_counted(config):
    assert (with_overrides(config, {"gpus": "0,1"}).gpu_num, with_overrides(config, {"gpus": None}).gpu_num) == (2, 0)


def test_a_batch_size_wins_over_that_of_all_parts(workplace):
    changed = with_overrides(ours(batch_size=8), {"train_batch_size": 4})
    assert (changed.train_batch_size, changed.val_batch_size) == (4, 8)
    again = with_overrides(changed, {"batch_size": 2})
    assert (again.train_batch_size, again.val_batch_size, again.test_batch_size) == (2, 2, 2)


def test_whole_numbers_and_lists_take_the_type_that_is_there(config):
    changed = with_overrides(config, {"optimizer_params.lr": 1, "lr_scheduler_params.milestones": (5, 6)})
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
    check_refused(config, name, value, found=(repr(value), found), expected=expected)


def test_none_is_a_value(config):
    changed = with_overrides(config, {"lr_scheduler": None, "eval_horizons": None})
    assert (changed.lr_scheduler, changed.eval_horizons) == (None, None)


@pytest.mark.parametrize("name", ["num_epochs", "model", "optimizer", "scaler", "loss", "metrics", "model_config.bias"])
def test_none_is_no_value_where_something_is_needed(config, name):
    check_refused(config, name, None, found="None")


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("metrics", ["MAE", 1], "int"),
        ("eval_horizons", [3, "a"], "str"),
        ("lr_scheduler_params.milestones", [1.5], "float"),
    ],
)
def test_the_elements_of_a_list_have_its_type(config, name, value, found):
    check_refused(config, name, value, found=found)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("num_epoch", ("num_epochs", "num_steps")), ("Num_Epochs", "num_epochs"), ("bis", "bias")],
)
def test_an_unknown_field_names_the_nearest(config, name, nearest):
    check_refused(config, name, found=repr(name), expected=nearest, fix="--print-config")


def test_an_unknown_field_like_no_other_names_none(config):
    assert "did you mean" not in check_refused(config, "zzzz", found="'zzzz'").expected


@pytest.mark.parametrize(
    ("name", "known", "nearest"),
    [
        ("model_config.bia", "bias, input_len, num_features, output_len", "bias"),
        ("model_config.zzzz", "bias, input_len, num_features, output_len", None),
        ("model_config.", "bias, input_len, num_features, output_len", None),
        ("optimizer_params.beta", "amsgrad, betas, ", "betas"),
        ("optimizer_params.momentum", "amsgrad, betas, ", None),
        ("lr_scheduler_params.gama", "gamma, last_epoch, milestones", "gamma"),
        ("dataset_params.memap", "dataset_name, input_len, memmap, ", "memmap"),
    ],
)
def test_an_unknown_field_of_a_group_lists_the_known_ones(config, name, known, nearest):
    group, _, field = name.partition(".")
    error = check_refused(config, name, found=(repr(field), group), expected=known)
    assert error.expected.endswith(f" (did you mean {nearest}?)") == bool(nearest)


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("model_confg.bias", " (did you mean model_config?)"),
        ("seed.x", ""),
        (".bias", ""),
        ("model_config.bias.x", " (did you mean model_config?)"),
    ],
)
def test_an_unknown_group_lists_the_groups(config, name, nearest):
    error = check_refused(config, name, found=repr(name.rpartition(".")[0]))
    assert error.expected == GROUPS + nearest


@pytest.mark.parametrize("name", ["_md5", "_serialized", "model_config._x", "optimizer_params.params"])
def test_what_is_no_setting_is_unknown(config, name):
    error = check_refused(config, name, found=repr(name.rpartition(".")[2]))
    assert "did you mean _" not in error.expected


def built(config):
    model = Tiny(config.model_config)
    optimizer = Builder._build_optimizer(config, model)
    return optimizer, Builder._build_lr_scheduler(config, optimizer)


def test_an_argument_of_the_optimizer_that_is_not_yet_set(config):
    assert "betas" not in config.optimizer_params
    optimizer, _ = built(with_overrides(config, {"optimizer_params.betas": (0.8, 0.9)}))
    assert optimizer.param_groups[0]["betas"] == (0.8, 0.9)


def test_an_argument_of_the_scheduler_that_is_not_yet_set(config):
    assert "last_epoch" not in config.lr_scheduler_params
    changed = with_overrides(config, {"lr_scheduler_params.last_epoch": -1})
    assert changed.lr_scheduler_params == {**config.lr_scheduler_params, "last_epoch": -1}


def test_a_class_by_its_dotted_path(config):
    optimizer, _ = built(with_overrides(config, {"optimizer": "torch.optim.AdamW"}))
    assert type(optimizer) is AdamW
    assert (optimizer.param_groups[0]["initial_lr"], optimizer.param_groups[0]["weight_decay"]) == (1e-3, 3e-4)


def test_the_arguments_are_those_of_the_class_that_is_set(config):
    changes = {"optimizer": "torch.optim.SGD", "optimizer_params.momentum": 0.5}
    optimizer, _ = built(with_overrides(config, changes))
    assert (type(optimizer), optimizer.param_groups[0]["momentum"]) == (SGD, 0.5)
    check_refused(with_overrides(config, changes), "optimizer_params.betas", (0.8, 0.9), found="'betas'")


def test_a_class_where_there_is_none_yet(workplace):
    without = ours(lr_scheduler=None, lr_scheduler_params={"step_size": 2})
    _, scheduler = built(with_overrides(without, {"lr_scheduler": "torch.optim.lr_scheduler.StepLR"}))
    assert type(scheduler) is StepLR


@pytest.mark.parametrize(
    "path",
    [
        "AdamW",
        "torch.optim.Adamw",
        "torch.optm.AdamW",
        "torch.optim",
        "torch.nn.functional.relu",
        "torch.nn.Linear",
        "",
        "a..b",
        ".a.b",
    ],
)
def test_a_path_that_leads_to_no_class(config, path):
    check_refused(config, "optimizer", path, found=repr(path), expected=("Optimizer", "torch.optim.AdamW"))


def test_a_number_is_no_class(config):
    check_refused(config, "scaler", 5, found="5", expected="BasicTSScaler")


def test_another_scheduler_leaves_the_arguments_it_does_not_take(config):
    changes = {"lr_scheduler_params.step_size": 2, "lr_scheduler": "torch.optim.lr_scheduler.StepLR"}
    changed = with_overrides(config, changes)
    assert dict(changed.lr_scheduler_params) == {"gamma": 0.1, "step_size": 2}
    assert type(built(changed)[1]) is StepLR


def test_a_scheduler_where_there_was_none_takes_arguments(workplace):
    changes = {"lr_scheduler": "torch.optim.lr_scheduler.StepLR", "lr_scheduler_params.step_size": 2}
    changed = with_overrides(ours(lr_scheduler=None, lr_scheduler_params=None), changes)
    assert dict(changed.lr_scheduler_params) == {"step_size": 2}


@pytest.mark.parametrize("name", ["model_config", "optimizer_params", "dataset_params"])
def test_a_group_is_set_field_by_field(config, name):
    check_refused(config, name, 5, fix=f"{name}.")


def test_one_of_a_few_values(config):
    assert with_overrides(config, {"best_metric": "max"}).best_metric == "max"
    check_refused(config, "best_metric", "best", found="'best'", expected=("'min'", "'max'"))
    check_refused(config, "best_metric", None, found="None", expected=("'min'", "'max'"))


@pytest.mark.parametrize("name", ["decomp_method", "model_config.decomp_method"])
def test_one_of_a_few_values_of_a_model(workplace, name):
    config = config_for("TimeMixer", "PEMS08")
    assert config.model_config.decomp_method == TimeMixerConfig().decomp_method == "moving_avg"
    assert with_overrides(config, {name: "dft_decomp"}).model_config.decomp_method == "dft_decomp"
    check_refused(config, name, "dft", found="'dft'", expected=("'moving_avg'", "'dft_decomp'"))


@pytest.mark.parametrize("name", ["intermediate_size", "model_config.intermediate_size"])
def test_where_nothing_is_set_the_declared_type_counts(workplace, name):
    config = config_for("STID", "PEMS08")
    assert config.model_config.intermediate_size is None
    changed = with_overrides(config, {name: 64})
    assert changed.model_config.intermediate_size == 64
    assert with_overrides(changed, {name: None}).model_config.intermediate_size is None
    check_refused(config, name, "wide", found=("'wide'", "str"), expected="int")
    check_refused(config, name, 64.0, found=("64.0", "float"), expected="int")


@pytest.mark.parametrize("value", [5, [1, 2], (1, 2)])
def test_one_of_several_types(config, value):
    assert with_overrides(config, {"ckpt_save_strategy": value}).ckpt_save_strategy == value


@pytest.mark.parametrize(("value", "kind"), [("x", "str"), (1.5, "float")])
def test_none_of_several_types(config, value, kind):
    check_refused(config, "ckpt_save_strategy", value, found=(repr(value), kind), expected=("int", "list", "tuple"))


@pytest.mark.parametrize(("there", "value"), [([1, 2], 5), (5, [1, 2])])
def test_another_of_several_types_than_is_there(workplace, there, value):
    changed = with_overrides(ours(ckpt_save_strategy=there), {"ckpt_save_strategy": value})
    assert changed.ckpt_save_strategy == value


@pytest.mark.parametrize("value", ["x", [], ["EarlyStopping"], None])
@pytest.mark.parametrize("name", ["callbacks", "taskflow"])
def test_objects_are_not_set_by_text(workplace, name, value):
    config = ours(callbacks=[Recorder()])
    check_refused(config, name, value, found="objects", fix="configuration file")


def test_a_loss_by_name_takes_the_place_of_an_object(workplace):
    config = ours(loss=HuberLoss(2.0))
    assert with_overrides(config, {"loss": "MAE"}).loss == "MAE"
    assert with_overrides(config, {"num_epochs": 2}).loss.delta == 2.0
    check_refused(config, "loss", 3, found="objects", fix="configuration file")


def test_schedules_and_their_arguments(workplace):
    path, config = "basicts_elin.PlateauLR", ours(num_epochs=9)
    changed = with_overrides(config, {"lr_scheduler": path, "lr_scheduler_params.metric": "RMSE"})
    assert (changed.lr_scheduler, changed.lr_scheduler_params) == (PlateauLR, {"metric": "RMSE"})
    changed = with_overrides(changed, {"lr_scheduler": "basicts_elin.WarmupCosineLR"})
    assert changed.lr_scheduler_params == {"num_epochs": 9}
    assert with_overrides(changed, {"num_epochs": 4}).lr_scheduler_params == {"num_epochs": 4}
    # BasicTS would copy the run's over it
    check_refused(changed, "lr_scheduler_params.num_epochs", 3, found="lr_scheduler_params", fix="--set num_epochs=3")
