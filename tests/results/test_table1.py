"""Table 1: the paper's facts and those of the files."""

import numpy as np
from tiny import rewrite_meta

from basicts_elin.cli import main
from basicts_elin.data.graphs.graph import pickled
from basicts_elin.results import published
from basicts_elin.results.table1 import COLUMNS, count_edges, dataset_row, page


def test_the_facts_of_a_prepared_dataset(tiny):
    folder = tiny / "datasets" / "Tiny"
    found = dataset_row("Tiny", tiny / "datasets")
    # 73 + 20 + 50 windows, each part with 23 rows more
    rows = 73 + 20 + 50 + 3 * 23
    assert found == {
        "dataset": "Tiny", "nodes": "5", "edges": "", "timesteps": str(rows), "interval_minutes": "5",
        "first": "2024-01-01T00:00", "last": str(np.datetime64("2024-01-01T00:00") + 5 * (rows - 1)),
    }  # fmt: skip
    (folder / "adj_mx.pkl").write_bytes(pickled(np.eye(5, k=1, dtype=np.float32)))
    assert dataset_row("Tiny", tiny / "datasets")["edges"] == "4"


def test_where_the_file_does_not_say_when_it_begins_the_cells_are_empty(tiny):
    rewrite_meta(tiny, start=None)
    found = dataset_row("Tiny", tiny / "datasets")
    assert (found["first"], found["last"]) == ("", "")


def test_a_dataset_without_meta_has_the_facts_of_its_arrays(tiny):
    expected = dataset_row("Tiny", tiny / "datasets") | {"first": "", "last": ""}
    (tiny / "datasets" / "Tiny" / "meta.json").unlink()
    assert dataset_row("Tiny", tiny / "datasets") == expected


def test_what_is_not_prepared_has_no_facts(workplace):
    assert dataset_row("Tiny", workplace / "datasets") is None


def test_edges_are_counted_without_loops_and_once_where_both_directions_are_alike():
    directed = np.array([[1, 2, 0], [0, 1, 0], [3, 0, 1]], np.float32)
    assert count_edges(directed) == 2
    assert count_edges(directed + directed.T) == 2
    assert count_edges(np.eye(3)) == 0


def test_the_page_sets_them_side_by_side():
    facts = ("PEMS08", "170", "274", "17856", "5", "2016-07-01T00:00", "2016-08-31T23:55")
    part = ("PEMS08_tail", "170", "", "7143", "5", "", "")
    rows = [dict(zip(COLUMNS, values, strict=True)) for values in (facts, part)]
    lines = page(rows, "../../results/table1.csv", "python x").splitlines()
    assert "Made by `python x` from [table1.csv](../../results/table1.csv)." in lines[2]
    table = [line for line in lines if line.startswith("|")]
    assert table[0] == (
        "| dataset | nodes: paper | file | edges: paper | file | steps: paper | file | minutes: paper | file | "
        "range: paper | file |"
    )
    assert table[1].count("|") == 12
    assert [line.split(" | ")[0] for line in table[2:]] == [
        f"| {name}" for name in (*published.datasets_of(published.TABLE1), "PEMS08_tail")
    ]
    assert table[2] == "| PEMS-BAY | 325 |  | 2369 |  | 52128 |  | 5 |  | 01/01/2018-06/30/2018 |  |"
    assert table[3].startswith("| PEMS03 | 358 |  |  |  | 26208 |")
    assert table[6] == (
        "| PEMS08 | 170 | 170 | 295 | 274 | 17856 | 17856 | 5 | 5 | 07/01/2016-08/31/2016 | "
        "2016-07-01T00:00 to 2016-08-31T23:55 |"
    )
    assert table[7] == "| PEMS08_tail |  | 170 |  |  |  | 7143 |  | 5 |  |  |"


def test_the_facts_of_the_real_part(shared, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    raw = shared / "data" / "PEMS08_tail"
    arguments = ["--raw", raw / "PEMS08_tail.npz", "--first-row", "10713", "--distances", raw / "PEMS08.csv"]
    assert main(["prepare", "PEMS08_tail", *map(str, arguments)]) == 0
    found = dataset_row("PEMS08_tail", tmp_path / "datasets")
    assert (found["nodes"], found["timesteps"]) == ("170", "7143")
    assert (found["first"], found["last"]) == ("2016-08-07T04:45", "2016-08-31T23:55")
    # the published list has 295 lines, some of them for the same pair
    assert found["edges"] == "274"
