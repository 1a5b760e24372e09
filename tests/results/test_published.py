"""The published figures are those that were published, and none is taken for another one."""

import csv
import json

import pytest

from basicts_elin.results import published
from basicts_elin.results.published import FILE, TABLE1, TABLE2, TABLE3, figures, value

COSTS = {"memory_MiB": "memory_mib", "seconds_per_epoch": "seconds_per_epoch"}
CONVENTIONS = {"pooled", "mean over horizons", "running mean", ""}


@pytest.fixture(scope="module")
def tables(shared):
    return json.loads((shared / "reference" / "paper_tables.json").read_text())


def of(source, **fields):
    return [one for one in figures() if one.source == source and fields.items() <= one._asdict().items()]


def test_every_row_says_what_it_is():
    with FILE.open(newline="") as file:
        header = next(csv.reader(file))
    assert header[:9] == [
        "system", "dataset", "horizon", "metric", "value", "convention", "measured_on", "hardware", "source",
    ]  # fmt: skip
    assert {one.convention for one in figures()} == CONVENTIONS
    for one in figures():
        assert one.dataset and one.metric and one.source and (one.value or one.note)
        # an error has a convention and a test part; a cost has hardware
        is_error = one.metric in ("MAE", "RMSE", "MAPE")
        assert bool(one.convention) == bool(one.measured_on) == bool(one.horizon) == is_error
        assert bool(one.hardware) == (one.metric in COSTS.values())
        assert (one.input_len is None) == (not one.system)
    identities = [(one[:4], one.source, one.input_len) for one in figures()]
    assert len({*identities}) == len(identities)


def test_table1(tables):
    for name, facts in tables["datasets"].items():
        printed = ["" if facts[fact] is None else str(facts[fact]) for fact in published.DATASET_FACTS]
        assert published.dataset_facts(name) == printed
    assert published.datasets_of(TABLE1) == tuple(tables["datasets"])
    assert published.dataset_facts("METR-LA") == [""] * 5


def test_table2(tables):
    table = tables["table2"]
    names = [COSTS.get(name, name.removesuffix("_percent")) for name in table["columns"]]
    for dataset in published.datasets_of(TABLE2):
        for model, printed in table[dataset].items():
            found = {one.metric: float(one.value) for one in of(TABLE2, dataset=dataset, system=model) if one.value}
            assert found == {name: number for name, number in zip(names, printed, strict=True) if number is not None}
    assert published.hardware_of(TABLE2) == table["hardware"]
    assert list(published.datasets_of(TABLE2)) == [name for name in table if name.startswith("PEMS")]
    (note,) = published.notes_of(of(TABLE2))
    assert "10240 MiB" in note and "10240 MiB" in table["notes"]["PEMS07.STAEformer"]
    own = {one.metric: one.value for one in figures() if "own paper" in one.source and one.dataset == "PEMS03"}
    assert all(number in table["notes"]["PEMS03.STAEformer"] for number in own.values())
    assert own == {"MAE": "14.94", "RMSE": "25.64"}


def test_table3(tables):
    table = tables["table3"]
    assert published.datasets_of(TABLE3) == tuple(table["order"])
    assert published.systems_of(TABLE3) == [name for name in table if name not in ("columns", "order")]
    for system in published.systems_of(TABLE3):
        for dataset, line in zip(table["order"], table[system], strict=True):
            found = [float(one.value) for one in of(TABLE3, system=system, dataset=dataset)]
            assert found == (line or [])


@pytest.mark.parametrize(
    ("system", "dataset", "metric", "expected"),
    [
        ("ELinFormer", "PEMS04", "memory_mib", 5098),
        ("STAEformer", "PEMS08", "MAE", 13.46),
        ("STAEformer", "PEMS07", "memory_mib", None),
        ("GWNet", "PEMS03", "RMSE", 25.24),
        # the paper before the model's own
        ("PDFormer", "PEMS04", "MAE", 18.36),
        ("STLAformer", "PEMS08", "RMSE", 23.12),
        ("", "PEMS08", "MAE", None),
        ("", "PEMS08", "nodes", None),
        ("ELinFormer", "PEMS08_tail", "MAE", None),
        ("STID", "PEMS08", "MAE", None),
        ("HimNet", "PEMS-BAY", "MAE", None),
        ("ELinFormer", "PEMS08", "parameters", None),
    ],
)
def test_a_figure_is_found_by_system_dataset_and_metric(system, dataset, metric, expected):
    assert value(system, dataset, metric) == expected


def test_a_figure_is_not_taken_for_one_of_another_convention_or_window():
    assert value("ELinFormer", "PEMS08", "MAE", average="mean") is None
    assert value("RAGC", "SD", "MAE", average="mean") == 16.16
    assert value("RAGC", "SD", "MAE") is None
    assert value("STID", "CA", "MAE", average="mean") is None
    assert value("STID", "CA", "MAE", average="mean", input_len=96) == 16.32
    assert value("STID", "SD", "MAE", average="mean", input_len=12) == 17.8


def test_a_running_mean_is_the_pooled_metric_at_the_last_step_alone():
    (own,) = (one for one in figures() if one.system == "PDFormer" and one.convention == "running mean"
              and one.dataset == "PEMS04")  # fmt: skip
    assert (own.value, own.horizon, own.average) == ("18.32", "12", "overall")
    assert own._replace(horizon="3").average == ""
    # nor is the metric at a step an average
    assert own._replace(convention="pooled").average == ""


@pytest.mark.parametrize(
    ("model", "system"),
    [
        ("STAEformer_matmul", "STAEformer"),
        ("GWNet", "GWNet"),
        ("STID", ""),
        ("legacy/STID", "STID"),
        ("last value", ""),
    ],
)
def test_our_models_are_these_systems(model, system):
    assert published.system_of(model) == system
