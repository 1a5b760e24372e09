"""The pages that are committed hold what their CSVs hold."""

from pathlib import Path

import pytest

from basicts_elin.reproduce.pages import TITLES
from basicts_elin.reproduce.plan import DATASETS_TABLE, TABLES
from basicts_elin.results import table1 as datasets_table
from basicts_elin.results.markdown import page
from basicts_elin.results.store import read_csv, read_results, write_results

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted((ROOT / "docs" / "tables").glob("*.md"))


def made(file):
    """The page of a CSV, and the pictures that it shows."""
    (table,) = (
        name for name, table in TABLES.items() if file.stem == table.stem or file.stem.startswith(f"{table.stem}_")
    )
    csv, source = ROOT / "results" / f"{file.stem}.csv", f"../../results/{file.stem}.csv"
    command = f"python experiments/reproduce.py {table} --render --output results/{csv.name}"
    if table == DATASETS_TABLE:
        return datasets_table.page(read_csv(csv, datasets_table.COLUMNS), source, command), []
    names = (f"{file.stem}_{name}.png" for name in ("horizons", "frontier", "nodes"))
    pictures = [name for name in names if file.with_name(name).is_file()]
    return page(table, TITLES[table], read_results(csv), source, command, pictures), pictures


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_a_page_holds_what_its_csv_holds(file):
    text, _ = made(file)
    assert file.read_text() == text


def test_every_picture_is_on_a_page_and_every_csv_has_one():
    shown = [name for file in PAGES for name in made(file)[1]]
    assert sorted(shown) == sorted(path.name for path in (ROOT / "docs" / "tables").glob("*.png"))
    stems = {path.stem for table in TABLES.values() for path in (ROOT / "results").glob(f"{table.stem}*.csv")}
    assert stems == {file.stem for file in PAGES}
    assert "table3_cpu" in stems


def test_committed_runs_were_made_by_committed_code_and_are_all_finished():
    for file in PAGES:
        if file.stem != DATASETS_TABLE:
            for result in read_results(ROOT / "results" / f"{file.stem}.csv"):
                assert result.commit and not result.commit.endswith("+")
                assert not result.reason


@pytest.mark.parametrize("name", ["pems08_tail_cpu", "pems_bay_67_cpu", "table3_cpu", "attention_methods_cpu"])
def test_committed_results_are_in_the_one_format(name, tmp_path):
    file = ROOT / "results" / f"{name}.csv"
    results = read_results(file)
    write_results(tmp_path / "same.csv", results)
    assert (tmp_path / "same.csv").read_text() == file.read_text()
    assert all(list(result.metrics) == ["3", "6", "12", "overall"] for result in results)
    assert all(result.interval_minutes == 5 and result.unit for result in results)
