"""Every kind of file of the table gives what it must."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks.file_kinds import __main__ as table  # noqa: E402
from benchmarks.file_kinds.kind import SENSORS, START, kinds, outcome, prepared  # noqa: E402

KINDS = kinds()
TAKEN = [kind for kind in KINDS if kind.values is not None]
REFUSED = [kind for kind in KINDS if kind.refused]


def _id(kind):
    return f"{kind.group}: {kind.name}"


@pytest.mark.parametrize("kind", TAKEN, ids=_id)
def test_a_kind_that_is_taken_gives_its_values_at_their_times(tmp_path, kind):
    code, printed, error = outcome(kind, tmp_path)
    assert (code, error) == (0, "")
    dataset, values, dates = prepared(tmp_path)
    names = dataset.node_names
    if set(names) == set(SENSORS):
        values = values[:, [names.index(name) for name in SENSORS]]
    np.testing.assert_array_equal(values, kind.values.astype(np.float32))
    if kind.dates is not None:
        np.testing.assert_array_equal(dates, kind.dates.astype("datetime64[m]"))
    elif dates is not None:
        expected = pd.date_range(START, periods=len(values), freq=f"{dataset.interval_minutes}min")
        np.testing.assert_array_equal(dates, expected.to_numpy().astype("datetime64[m]"))
    if kind.check:
        kind.check(dataset, printed)


@pytest.mark.parametrize("kind", REFUSED, ids=_id)
def test_a_kind_that_is_refused_says_what_and_leaves_nothing(tmp_path, kind):
    code, _, error = outcome(kind, tmp_path)
    field, *texts = kind.refused
    assert code == 2
    assert error.startswith(f"error: {field}: ") and "\n" not in error
    assert all(text in error for text in texts)
    assert not (tmp_path / "datasets").exists()


def test_there_are_sixty_kinds_and_each_has_one_expectation():
    assert len(KINDS) >= 60
    assert len({_id(kind) for kind in KINDS}) == len(KINDS)
    assert len(TAKEN) + len(REFUSED) == len(KINDS)


def test_the_page_is_that_of_today():
    found, written = rows_of(table.page()), rows_of((table.ROOT / "docs" / "file-kinds.md").read_text(encoding="utf-8"))
    assert [row[:2] for row in found] == [row[:2] for row in written]
    # an error may quote a library in parentheses, and libraries change
    ours = [place for place, row in enumerate(found) if "cannot be read (" not in row[2]]
    assert [found[place] for place in ours] == [written[place] for place in ours]


def rows_of(page):
    return [line.strip("| ").split(" | ") for line in page.splitlines() if line.startswith("| ")]
