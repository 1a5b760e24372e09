"""Results, their columns and their labels."""

import pytest
from results.runs import result

from basicts_elin.results.aggregate import summaries
from basicts_elin.results.schema import FIELD_TYPES, Result, differing_fields, distinct_labels, metric_names

BASE = {
    "model": {"name": "M", "module": "m"},
    "model_config": {"dropout": 0.1, "hidden": [1, 2]},
    "optimizer_params": {"lr": 0.001},
    "lr": 0.001,
    "scaler": {"name": "Z", "module": "s", "params": {"by_node": False}},
    "callbacks": [
        {"name": "Last", "module": "c", "params": {}},
        {"name": "Clip", "module": "c", "params": {"norm": 5}},
    ],
    "ckpt_save_dir": "a",
    "seed": 1,
    "num_epochs": 3,
    "gpus": None,
    "metrics": ["MAE"],
}


def test_metrics_have_columns_over_all_horizons_first():
    found = Result("M", "D", metrics={"3": {"MAE": 1.0, "WAPE": 2.0}, "overall": {"MAE": 3.0, "WAPE": None}})
    assert list(found.metric_columns.items()) == [("MAE", 3.0), ("WAPE", None), ("MAE_3", 1.0), ("WAPE_3", 2.0)]
    assert (found.number("WAPE_3"), found.number("RMSE"), found.number("seed")) == (2.0, None, None)
    assert metric_names([found, result("A")]) == ["MAE", "WAPE", "RMSE", "MAPE"]


def test_the_types_of_the_fields():
    assert {name: FIELD_TYPES[name] for name in ("model", "seed", "seconds_per_epoch", "compiled")} == {
        "model": str, "seed": int, "seconds_per_epoch": float, "compiled": bool,
    }  # fmt: skip
    assert "metrics" not in FIELD_TYPES


@pytest.mark.parametrize(
    ("changes", "texts"),
    [
        ({"model_config": {"dropout": 0.2, "hidden": [1, 2]}}, ["dropout=0.1", "dropout=0.2"]),
        ({"model_config": {"dropout": 0.1, "hidden": [1]}}, ["hidden=[1,2]", "hidden=[1]"]),
        # BasicTS has it twice
        ({"optimizer_params": {"lr": 0.01}, "lr": 0.01}, ["lr=0.001", "lr=0.01"]),
        ({"scaler": {"name": "Z", "module": "s", "params": {"by_node": True}}}, ["by_node=False", "by_node=True"]),
        ({"scaler": {"name": "Y", "module": "s"}}, ["scaler=Z, by_node=False", "scaler=Y"]),
        ({"callbacks": BASE["callbacks"][:1]}, ["Clip, norm=5", ""]),
        ({"model_config": {"dropout": 0.1, "hidden": [1, 2], "proj_len": 8}}, ["", "proj_len=8"]),
        # these have columns of their own, or do not change what is computed
        ({"seed": 2, "num_epochs": 9, "gpus": "0", "ckpt_save_dir": "b", "metrics": ["MAE", "RMSE"]}, ["", ""]),
    ],
)
def test_the_fields_that_differ(changes, texts):
    assert differing_fields([BASE, BASE | changes]) == texts


def test_a_configuration_that_is_not_known_differs_from_none():
    other = BASE | {"model_config": {"dropout": 0.2}}
    assert differing_fields([{}, BASE]) == ["", ""]
    assert differing_fields([{}, BASE, other])[0] == ""
    assert differing_fields([BASE]) == [""]


def test_a_label_is_the_model_with_what_differs():
    assert result("A").label == "A"
    assert result("A", differences="dropout=0.2").label == "A (dropout=0.2)"


def test_labels_are_completed_until_they_differ():
    alone, one, two = result("B"), result("A", seed=1), result("A", seed=2)
    assert distinct_labels([alone, one, two]) == ["B", "A (seed=1)", "A (seed=2)"]
    longer = result("A", seed=1, num_epochs=6, differences="dropout=0.2")
    assert distinct_labels([one, longer]) == ["A", "A (dropout=0.2)"]
    elsewhere = result("last value", "PEMS04", seed=None)
    assert distinct_labels([result("last value", seed=None), elsewhere]) == [
        "last value (dataset=PEMS08)",
        "last value (dataset=PEMS04)",
    ]
    fresh = [result("A", run=folder) for folder in ("checkpoints/A/abc", "checkpoints/A/abc-2")]
    assert distinct_labels(fresh) == ["A (run=checkpoints/A/abc)", "A (run=checkpoints/A/abc-2)"]
    both = distinct_labels([result("A", seed=seed, differences="lr=0.1") for seed in (1, 2)])
    assert both == ["A (lr=0.1, seed=1)", "A (lr=0.1, seed=2)"]


def test_other_lengths_than_the_benchmarks_are_part_of_the_label():
    one, longer = result("A", input_len=12, output_len=12), result("A", input_len=96, output_len=12)
    assert [found.label for found in (one, longer)] == ["A", "A (input_len=96)"]
    assert distinct_labels([longer]) == ["A (input_len=96)"]
    both = result("A", input_len=96, output_len=24, differences="dropout=0.2, input_len=96")
    assert both.label == "A (dropout=0.2, input_len=96, output_len=24)"
    # seeds of one length are combined, and not with those of another
    found = summaries([one, longer, result("A", seed=1, input_len=96, output_len=12)])
    assert [len(summary.results) for summary in found] == [1, 2]
