"""Which kind a file is, and the kinds that are refused."""

import zipfile

import numpy as np
import pytest
from data.io.files import LONG, WIDE, wide_frame
from refusal import refuses

from basicts_elin.data.io.reading import ReadOptions, read_series


@pytest.fixture
def frame():
    return wide_frame(np.arange(40, dtype=np.float32).reshape(20, 2) + 0.5, ["a", "b"])


@pytest.mark.parametrize("kind", ["plain.csv", "index.parquet", "plain.feather", "fixed.h5", "array.npz"])
def test_the_content_decides_whatever_the_name(tmp_path, frame, kind):
    path = tmp_path / "series.data"
    WIDE[kind](tmp_path / kind, frame)
    (tmp_path / kind).rename(path)
    np.testing.assert_array_equal(read_series(path).values, frame.to_numpy())


def test_a_missing_file_is_named(tmp_path):
    with refuses("file", found=tmp_path / "no.csv", expected=(".csv", ".parquet", ".npz", ".h5", "folder")):
        read_series(tmp_path / "no.csv")


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".feather", ".npz", ".npy", ".h5", ".x"])
def test_an_empty_file_is_refused(tmp_path, suffix):
    (tmp_path / f"a{suffix}").touch()
    with refuses("file", found="is empty"):
        read_series(tmp_path / f"a{suffix}")


@pytest.mark.parametrize("suffix", [".parquet", ".feather", ".npz", ".npy", ".h5", ".gz", ".zip"])
def test_text_that_is_called_otherwise_is_refused_or_read(tmp_path, suffix):
    (tmp_path / f"a{suffix}").write_text("hello\n")
    with refuses("file", found=f"a{suffix}"):
        read_series(tmp_path / f"a{suffix}")


@pytest.mark.parametrize(
    ("suffix", "fix"),
    [
        (".xlsx", "CSV"),
        (".xls", "CSV"),
        (".pkl", "pickle"),
        (".mat", "np.savez"),
        (".pt", "np.savez"),
        (".json", "CSV"),
    ],
)
def test_other_kinds_are_refused_with_the_way_to_save(tmp_path, suffix, fix):
    (tmp_path / f"a{suffix}").write_bytes(b"\x80\x04whatever")
    with refuses("file", found=suffix, expected=".parquet", fix=fix):
        read_series(tmp_path / f"a{suffix}")


@pytest.mark.parametrize(
    ("names", "found", "fix"),
    [
        (["[Content_Types].xml", "xl/workbook.xml"], "spreadsheet", "CSV"),
        (["model/data.pkl"], "PyTorch", "np.savez"),
        (["a.csv", "b.csv"], "2 files", "folder"),
        ([], "0 files", "folder"),
    ],
)
def test_archives_of_other_things_are_refused(tmp_path, names, found, fix):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.writestr(name, "time,a\n2024-01-01,1\n")
    with refuses("file", found=found, fix=fix) if names else refuses("file", found="a.zip"):
        read_series(tmp_path / "a.zip")


def test_an_unknown_kind_is_refused_with_the_list(tmp_path):
    (tmp_path / "a.x").write_text("just a text\nof two lines\n")
    with refuses("file", found="a.x", expected=".parquet"):
        read_series(tmp_path / "a.x")


def test_pyarrow_that_is_missing_is_named(tmp_path, frame, monkeypatch):
    WIDE["index.parquet"](tmp_path / "a.parquet", frame)
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with refuses("file", found="pyarrow", fix="pip install 'basicts-elin[parquet]'"):
        read_series(tmp_path / "a.parquet")


def test_columns_that_parquet_can_hold_and_a_series_cannot(tmp_path, frame):
    frame.assign(c=[[1, 2]] * 20).to_parquet(tmp_path / "a.parquet")
    with refuses("file", found=("column c", "list"), fix="remove"):
        read_series(tmp_path / "a.parquet")
    (tmp_path / "b.parquet").write_bytes(b"PAR1 and no more")
    with refuses("file", found="b.parquet", expected="Parquet", fix="again"):
        read_series(tmp_path / "b.parquet")


def test_numbers_of_every_type_come_back_from_parquet(tmp_path):
    import decimal

    import pandas as pd

    index = pd.date_range("2024-01-01", periods=3, freq="D")
    columns = {
        "int": pd.array([1, None, 3], "Int64"),
        "bool": [True, False, True],
        "decimal": [decimal.Decimal("1.5"), None, decimal.Decimal("2.5")],
        "a.b": [1, 2, 3],
        "a": [4, 5, 6],
        "none": [None] * 3,
    }
    pd.DataFrame(columns, index=index).to_parquet(tmp_path / "a.parquet")
    series = read_series(tmp_path / "a.parquet")
    nan = np.nan
    expected = [[1, nan, 3], [1, 0, 1], [1.5, nan, 2.5], [1, 2, 3], [4, 5, 6], [nan] * 3]
    np.testing.assert_array_equal(series.values.T, expected)
    assert series.node_names == list(columns)


@pytest.mark.parametrize("kind", LONG)
def test_a_long_table_with_other_names_needs_options(tmp_path, frame, kind):
    LONG[kind](tmp_path / kind, frame)
    series = read_series(tmp_path / kind, ReadOptions(time="ds", sensor="unique_id", channel="y"))
    assert series.node_names == ["a", "b"] and len(series.sensors) == 40
    with refuses("sensor", expected="unique_id", fix="--sensor"):
        read_series(tmp_path / kind, ReadOptions(sensor="id"))


def test_numbers_written_as_texts_are_refused(tmp_path, frame):
    frame.astype(str).to_parquet(tmp_path / "a.parquet")
    with refuses("file", found=("a, b", "texts"), fix="astype(float)"):
        read_series(tmp_path / "a.parquet")


def test_columns_of_two_levels_are_refused(tmp_path, frame):
    import pandas as pd

    pd.concat({"flow": frame, "speed": frame}, axis=1).to_parquet(tmp_path / "a.parquet")
    with refuses("file", found="two levels", fix="frame[channel]"):
        read_series(tmp_path / "a.parquet")
