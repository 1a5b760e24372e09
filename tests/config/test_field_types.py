"""Values of a type that BasicTS does not expect."""

import pytest
from refusal import refuses
from tiny import ours

from basicts_elin.config.field_types import check_types


@pytest.mark.parametrize(
    ("field", "value", "found", "expected"),
    [
        ("num_epochs", "3", "'3'", "int"),
        ("metrics", None, "None", "List"),
        ("eval_horizons", ["x"], "['x']", "int"),
        ("best_metric", "most", "'most'", ("min", "max")),
        ("model", dict, "dict", "Module"),
        ("optimizer", dict, "dict", "Optimizer"),
    ],
)
def test_a_field_of_another_type_is_named(workplace, field, value, found, expected):
    config = ours()
    config[field] = value
    with refuses(field, found=found, expected=expected):
        check_types(config)


def test_what_basicts_accepts_is_accepted(workplace):
    config = ours(seed=None, ckpt_save_strategy=None, null_val=0, eval_horizons=(3, 6))
    check_types(config)
