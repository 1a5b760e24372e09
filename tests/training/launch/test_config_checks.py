"""Values of a configuration that BasicTS would fail on late."""

import pytest
from refusal import refuses
from tiny import Tiny, ours

from basicts_elin.errors import UserError
from basicts_elin.training.launch.config_checks import check_config
from basicts_elin.training.launch.launcher import launch_training


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("input_len", 0, "1 or more"),
        ("output_len", 0, "1 or more"),
        ("num_epochs", 0, "1 or more"),
        ("train_batch_size", 0, "1 or more"),
        ("test_interval", 0, "1 or more"),
        ("num_steps", 9, "None"),
        ("val_interval", 2, "num_epochs=1"),
        ("ckpt_save_strategy", [0, 2], "1 or more"),
        ("val_data_num_workers", -1, ("0", "256")),
        ("val_data_num_workers", 1000, ("0", "256")),
        ("loss", "FOO", ("MAE", "MSE", "RMSE", "WAPE", "HUBER")),
        ("metrics", [], ("one or more", "MAE")),
        ("metrics", ["MAE", "foo"], ("MAE", "MSE", "SMAPE")),
        ("metrics", ["MAE", "MAE"], "once"),
        ("target_metric", "MSE", ("MAE", "RMSE", "MAPE", "loss")),
        ("eval_horizons", [13], ("1", "12")),
        ("eval_horizons", [3, 3], "once"),
        ("seed", -1, ("0", "2147483647")),
        ("seed", 2**31, ("0", "2147483647")),
        ("tf32", True, "False"),
        ("precision", "fp8", ("fp32", "tf32", "bf16")),
        ("precision", "tf32", ("fp32", "bf16")),
        ("save_results", True, "False"),
        ("finetune_from", "no.pt", ".pt"),
    ],
)
def test_a_wrong_value_is_named_with_the_right_ones(workplace, field, value, expected):
    config = ours(**{field: value})
    with refuses(field, found=repr(value), expected=expected):
        check_config(config)


@pytest.mark.parametrize(("field", "value"), [("num_steps", 9), ("save_results", True)])
def test_the_other_way_is_named(workplace, field, value):
    with refuses(field, fix={"num_steps": "num_epochs", "save_results": "--save-predictions"}[field]):
        check_config(ours(**{field: value}))


def test_a_value_that_cannot_be_serialised(workplace):
    config = ours(train_data_collate_fn=[].index)
    with refuses("configuration", found="vars()"):
        check_config(config)


def test_every_offered_loss_can_be_trained_with(tiny):
    with pytest.raises(UserError) as error:
        check_config(ours(loss="FOO"))
    offered = error.value.expected.removeprefix("one of ").partition(", or")[0].split(", ")
    for loss in offered:
        launch_training(ours(loss=loss, eval_after_train=False))
    assert "MAE" in offered and "HUBER" in offered


class Uncompilable(Tiny):
    """Says so."""

    supports_compile = False


def test_a_model_that_cannot_be_compiled(workplace):
    check_config(ours(compile_model=True))
    check_config(ours(Uncompilable))
    with refuses("compile_model", found=True, expected=("False", "Uncompilable"), fix="--compile"):
        check_config(ours(Uncompilable, compile_model=True))


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("seed", None, "2 processes"),
        ("loss", "RMSE", ("MAE", "MSE", "2 processes")),
        ("loss", "WAPE", ("MAE", "MSE", "2 processes")),
        ("train_batch_size", 1, "2 or more"),
    ],
)
def test_what_several_processes_cannot_share(workplace, field, value, expected):
    check_config(ours(**{field: value}))
    with refuses(field, found=repr(value), expected=expected):
        check_config(ours(**{field: value}), processes=2)


def own_loss(prediction, targets, targets_mask):
    """A loss of the user's own."""
    return (prediction - targets).abs().mean()


def test_a_loss_function_says_whether_processes_can_share_it(workplace, monkeypatch):
    check_config(ours(loss=own_loss), processes=2)
    monkeypatch.setattr(own_loss, "is_mean_over_targets", False, raising=False)
    check_config(ours(loss=own_loss))
    with refuses("loss", found="own_loss", expected="2 processes"):
        check_config(ours(loss=own_loss), processes=2)
