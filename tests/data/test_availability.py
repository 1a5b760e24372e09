"""Which datasets are there, and how to get the others."""

import json

import pytest
from data.small_series import change_meta, contents

from basicts_elin.data.availability import Status, dataset_status, status_lines
from basicts_elin.data.catalog import BASICTS_DOWNLOAD, CATALOG, how_to_get, prepare_command
from basicts_elin.data.layout import ARRAYS, FILES
from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic


@pytest.fixture
def folder(npz, out):
    return prepare_dataset("PEMS08", npz, out=out)


def line_of(out, name):
    (line,) = [line for line in status_lines(out) if line.split()[0] == name]
    return line


def test_a_prepared_dataset_has_its_shape(folder):
    assert dataset_status(folder) == Status((), (3000, 4), False)
    (folder / "adj_mx.pkl").write_bytes(b"a graph")
    assert dataset_status(folder) == Status((), (3000, 4), True)


@pytest.mark.parametrize("name", ARRAYS)
def test_a_missing_file_is_named(folder, out, name):
    (folder / name).unlink()
    status = dataset_status(folder)
    assert status.missing == (name,)
    assert status.shape == (3000, 4)
    expected = f"incomplete, without {name}: {prepare_command(CATALOG['PEMS08'])} --force"
    assert line_of(out, "PEMS08").endswith(expected)


def test_an_absent_dataset_lacks_every_file(tmp_path):
    assert dataset_status(tmp_path / "none") == Status(ARRAYS, None, False)
    (tmp_path / "empty").mkdir()
    assert dataset_status(tmp_path / "empty").missing == ARRAYS


def test_the_files_are_those_that_are_written(folder):
    assert {path.name for path in contents(folder)} == {*FILES, "quality.json"}


def test_a_prepared_dataset_is_listed_with_shape_and_graph(folder, out):
    assert line_of(out, "PEMS08").endswith("  prepared, 3000 rows x 4 nodes, without a graph")
    (folder / "adj_mx.pkl").write_bytes(b"a graph")
    assert line_of(out, "PEMS08").endswith("  prepared, 3000 rows x 4 nodes, with a graph")


def test_every_dataset_of_the_catalogue_is_listed_once(tmp_path):
    lines = status_lines(tmp_path / "none")
    assert [line.split()[0] for line in lines[: len(CATALOG)]] == list(CATALOG)
    for name, line in zip(CATALOG, lines, strict=False):
        assert f"  not prepared: basicts-elin prepare {name}" in line
    assert len({line.index("not prepared") for line in lines[: len(CATALOG)]}) == 1


def test_sources_follow_the_datasets(tmp_path):
    lines = status_lines(tmp_path)[len(CATALOG) :]
    assert lines == [
        "raw files of PEMS-BAY, METR-LA: https://github.com/liyaguang/DCRNN",
        "raw files of PEMS03, PEMS04, PEMS07, PEMS08: https://github.com/guoshnBJTU/ASTGNN/tree/main/data",
        "raw files of SD, GBA, GLA, CA: https://www.kaggle.com/datasets/liuxu77/largest",
        f"or preprocessed, to be unpacked into this folder: {BASICTS_DOWNLOAD}",
    ]


def test_own_datasets_are_listed_after_the_catalogue(folder, out):
    own = folder.rename(out / "AVeryLongNameOfMyOwn")
    change_meta(own, name=own.name)
    line = status_lines(out)[len(CATALOG)]
    assert line == "AVeryLongNameOfMyOwn  prepared, 3000 rows x 4 nodes, without a graph"
    assert line_of(out, "PEMS08").index("not prepared") == line.index("prepared")
    (own / "val_data.npy").unlink()
    assert line_of(out, own.name) == "AVeryLongNameOfMyOwn  incomplete, without val_data.npy"


def test_folders_without_meta_are_not_own_datasets(tmp_path):
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes.txt").write_text("mine")
    assert status_lines(tmp_path) == status_lines(tmp_path / "none")


def test_what_a_meta_of_ones_own_does_not_say_follows_from_the_arrays(folder, out):
    own = folder.rename(out / "Mine")
    (own / "meta.json").write_text("{}")
    assert line_of(out, "Mine") == f"{'Mine':<16}  prepared, 3000 rows x 4 nodes, without a graph"
    (own / "meta.json").unlink()
    assert line_of(out, "Mine") == f"{'Mine':<16}  prepared, 3000 rows x 4 nodes, without a graph"
    (own / "val_data.npy").write_bytes(b"no array")
    assert line_of(out, "Mine").endswith("  damaged: prepare it again")


@pytest.mark.parametrize("text", ["", "{", "{}", "[]", json.dumps({"num_time_steps": 5})])
def test_a_damaged_meta_of_ones_own_does_not_end_the_list(tmp_path, text):
    (tmp_path / "Mine").mkdir()
    (tmp_path / "Mine" / "meta.json").write_text(text)
    assert line_of(tmp_path, "Mine").startswith("Mine ")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("PEMS08", "prepare PEMS08 --raw PEMS08.npz"),
        ("PEMS-BAY", "prepare PEMS-BAY --raw pems-bay.h5"),
        ("METR-LA", "prepare METR-LA --raw metr-la.h5"),
        ("PEMS08_tail", "prepare PEMS08_tail --raw PEMS08.npz --rows 10713:"),
        ("PEMS-BAY_67", "prepare PEMS-BAY_67 --raw pems-bay.h5 --sensors FILE"),
        ("GLA", "prepare GLA --raw ca_his_raw_2019.h5 --meta ca_meta.csv --adjacency ca_rn_adj.npy"),
        ("SyntheticTraffic", "prepare SyntheticTraffic"),
    ],
)
def test_the_command_is_the_one_to_run(name, command):
    assert prepare_command(CATALOG[name]) == f"basicts-elin {command}"
    assert how_to_get(name).startswith(f"make it by `basicts-elin {command}`")


DOWNLOADED = ["PEMS-BAY", "PEMS03", "PEMS04", "PEMS07", "PEMS08", "METR-LA"]


@pytest.mark.parametrize("name", DOWNLOADED)
def test_a_published_dataset_can_also_be_unpacked(name):
    assert how_to_get(name).endswith(
        f" (raw file: {CATALOG[name].source}), or unpack BasicTS's download into datasets/ ({BASICTS_DOWNLOAD})"
    )


def test_largest_is_not_said_to_be_in_the_download():
    assert how_to_get("CA").endswith("ca_rn_adj.npy` (raw files: https://www.kaggle.com/datasets/liuxu77/largest)")


@pytest.mark.parametrize("name", ["PEMS08_tail", "PEMS-BAY_67"])
def test_a_part_comes_from_the_whole(name):
    facts = CATALOG[name]
    assert how_to_get(name).endswith(f" (raw file of {facts.part_of}: {facts.source})")


def test_what_is_made_needs_no_source():
    assert how_to_get("SyntheticTraffic") == "make it by `basicts-elin prepare SyntheticTraffic`"


def test_an_unknown_dataset_is_brought_by_its_owner():
    assert how_to_get("Mine").startswith("make it by `basicts-elin prepare FILE --name Mine`")


def test_the_synthetic_dataset_is_complete(tmp_path):
    assert dataset_status(prepare_synthetic(out=tmp_path, num_nodes=5, num_days=7)) == Status((), (2016, 5), True)
