from dataclasses import replace

import pytest
from refusal import refuses

from basicts_elin.data import catalog
from basicts_elin.data.catalog import CATALOG, dataset_facts, register_dataset, split_lengths


@pytest.mark.parametrize(
    ("name", "num_rows", "expected"),
    [
        ("METR-LA", 34272, (23990, 3427, 6855)),
        ("PEMS-BAY", 52116, (36481, 5211, 10424)),
        ("PEMS03", 26208, (15724, 5241, 5243)),
        ("PEMS04", 16992, (10195, 3398, 3399)),
        ("PEMS07", 28224, (16934, 5644, 5646)),
        ("PEMS08", 17856, (10713, 3571, 3572)),
        ("PEMS08_tail", 7143, (4285, 1428, 1430)),
        ("CA", 35040, (21024, 7008, 7008)),
    ],
)
def test_parts_are_as_long_as_in_basicts(name, num_rows, expected):
    facts = dataset_facts(name)
    assert facts.num_rows == num_rows
    assert split_lengths(facts.num_rows, facts.split) == expected


def test_the_tail_starts_where_pems08_is_split():
    full, tail = dataset_facts("PEMS08"), dataset_facts("PEMS08_tail")
    assert tail.first_row == split_lengths(full.num_rows, full.split)[0]
    assert tail.first_row + tail.num_rows == full.num_rows


def test_the_test_windows_of_largest_are_those_that_its_page_says():
    """LargeST cuts the windows 6:2:2, here the rows are cut; docs/largest.md has the numbers."""
    rows, window = dataset_facts("CA").num_rows, 24
    windows = rows - window + 1
    parts = round(windows * 0.6), round(windows * 0.2)
    first_of_test = sum(parts)
    assert (*parts, windows - first_of_test) == (21010, 7003, 7004)
    train, val, test = split_lengths(rows, dataset_facts("CA").split)
    assert [part - window + 1 for part in (train, val, test)] == [21001, 6985, 6985]
    assert train + val - first_of_test == 19
    assert (rows - first_of_test, first_of_test) == (7027, 21010 + 7003)


def test_an_unknown_name_lists_the_known_ones():
    with refuses("dataset", found="PEMS99", expected=(*CATALOG, "did you mean"), fix="correct the name"):
        dataset_facts("PEMS99")


def test_a_dataset_of_another_package_is_registered_once(monkeypatch):
    monkeypatch.setattr(catalog, "CATALOG", dict(CATALOG))
    mine = replace(dataset_facts("PEMS08"), name="Mine", domain="temperature (kelvin)", non_negative=False)
    register_dataset(mine)
    register_dataset(mine)
    assert dataset_facts("Mine") == mine and mine.unit == "kelvin"
    with refuses("dataset", found="Mine"):
        register_dataset(replace(mine, num_nodes=1))
    assert dataset_facts("Mine").num_nodes == 170


@pytest.mark.parametrize(("domain", "unit"), [("flow (cars (and buses))", ""), ("flow", ""), ("flow (a) (b)", "b")])
def test_the_unit_is_in_the_last_parentheses(domain, unit):
    assert replace(dataset_facts("PEMS08"), domain=domain).unit == unit


@pytest.mark.parametrize(("minutes", "steps"), [(5, 288), (10, 144), (60, 24), (1440, 1), (7 * 1440, 1)])
def test_a_day_has_at_least_one_step(minutes, steps):
    assert replace(dataset_facts("PEMS08"), interval_minutes=minutes).steps_per_day == steps


@pytest.mark.parametrize("name", CATALOG)
def test_regular_settings_repeat_the_facts(name):
    facts = dataset_facts(name)
    assert facts.regular_settings["train_val_test_ratio"] == list(facts.split)
    assert facts.regular_settings["null_val"] == facts.null_value
    assert sum(facts.split) == pytest.approx(1.0)
    assert facts.steps_per_day == (96 if facts.districts else 288)
