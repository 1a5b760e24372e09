"""The table of the sensors, and the rows of the matrix."""

import numpy as np
import pytest
from data.largest.made import IDS, ROWS, matrix, sensor_table
from refusal import refuses

from basicts_elin.data.largest.sensors import read_sensors


@pytest.fixture
def path(tmp_path):
    return tmp_path / "ca_meta.csv"


@pytest.fixture
def adjacency(tmp_path):
    np.save(tmp_path / "adj.npy", matrix())
    return tmp_path / "adj.npy"


def saved(path, table):
    table.to_csv(path, index=False)
    return read_sensors(path)


def test_districts_choose_sensors_in_the_order_of_the_table(path):
    table = saved(path, sensor_table())
    assert table.ids == IDS
    assert table.of((7, 8, 12)) == ["717001", "1201054", "801230"]


def test_numbers_that_a_program_made_floats_are_the_same(path):
    frame = sensor_table()
    table = saved(path, frame.astype({"ID": float, "ID2": float, "District": float}))
    assert table.ids == IDS and table.of((4,)) == ["400001"]
    assert table.rows.tolist() == ROWS


def test_rows_of_the_matrix_of_all_sensors(path, adjacency):
    ids = saved(path, sensor_table()).matrix_ids(adjacency)
    assert [ids[row] for row in ROWS] == IDS


def test_rows_that_a_part_of_the_table_lacks_have_no_id(path, adjacency):
    ids = saved(path, sensor_table(IDS[:2])).matrix_ids(adjacency)
    assert (ids[4], ids[0]) == tuple(IDS[:2]) and len(set(ids)) == 9
    assert not set(ids) & set(IDS[2:])


def test_a_table_without_rows_has_the_order_of_its_matrix(path, adjacency):
    assert saved(path, sensor_table().drop(columns="ID2")).matrix_ids(adjacency) == IDS


@pytest.mark.parametrize(
    ("change", "found"),
    [
        (lambda table: table.drop(columns="District"), "District"),
        (lambda table: table.drop(columns="ID"), "ID"),
        (lambda table: table[:0], "rows"),
        (lambda table: table.assign(ID="400001"), "400001 twice"),
        (lambda table: table.assign(ID2=7), "ID2 7 twice"),
        (lambda table: table.assign(District=["south", *table.District[1:]]), "'south' in row 0"),
        (lambda table: table.assign(ID2=[-1, *table.ID2[1:]]), "'-1' in row 0"),
        (lambda table: table.assign(ID2=[None, *table.ID2[1:]]), "ID2 nan in row 0"),
    ],
)
def test_a_table_that_does_not_fit_is_refused(path, change, found):
    with refuses("meta", found=found):
        saved(path, change(sensor_table()))


def test_what_is_no_table_is_refused(path):
    with refuses("meta", found="does not exist"):
        read_sensors(path)
    path.write_bytes(b"")
    with refuses("meta", found="cannot be read"):
        read_sensors(path)


@pytest.mark.parametrize("kind", ["absent", "csv", "damaged"])
def test_what_is_no_matrix_is_refused(tmp_path, path, kind):
    place = tmp_path / ("adj.csv" if kind == "csv" else "adj.npy")
    if kind != "absent":
        place.write_bytes(b"\x93NUMPY and more")
    with refuses("adjacency", found=place, expected=".npy"):
        saved(path, sensor_table()).matrix_ids(place)
