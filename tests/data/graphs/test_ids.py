"""Lists of sensor ids, and the ways to write one id."""

import pytest
from data.small_series import save_lines
from refusal import refuses

from basicts_elin.data.graphs.ids import Places, plain_id, read_ids


@pytest.mark.parametrize(
    "text",
    [
        "a\nb\nc\n",
        "a,b,c",
        "a,b,c\n",
        " a , b\r\n\n c \n",
        "\ufeffa\tb\tc",
        "a b c",
        "a\nb,\nc,\n",
        "a;b;c",
        '"a","b","c"',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_ids_are_separated_by_lines_or_commas(tmp_path, text, encoding):
    (tmp_path / "ids.txt").write_bytes(text.removeprefix("\ufeff" if encoding == "utf-16" else "").encode(encoding))
    assert read_ids(tmp_path / "ids.txt", "ids") == ["a", "b", "c"]


@pytest.mark.parametrize("text", ["sensor_id,lat\na,1\nb,2\n", "lat;Station\n1;a\n2;b\n", "unique_id\na\nb\n"])
def test_ids_are_a_column_of_a_table(tmp_path, text):
    (tmp_path / "ids.csv").write_text(text)
    assert read_ids(tmp_path / "ids.csv", "ids") == ["a", "b"]


def test_ids_stay_text(tmp_path):
    assert read_ids(save_lines(tmp_path / "ids.txt", "007", "1e3"), "ids") == ["007", "1e3"]


def test_ids_on_lines_may_have_blanks(tmp_path):
    assert read_ids(save_lines(tmp_path / "ids.txt", "Köln Süd", "北京路"), "ids") == ["Köln Süd", "北京路"]


@pytest.mark.parametrize("text", ["", "\n \n", ",,"])
def test_a_file_without_ids_is_refused(tmp_path, text):
    (tmp_path / "ids.txt").write_text(text)
    with refuses("sensors", found=(tmp_path / "ids.txt", "empty")):
        read_ids(tmp_path / "ids.txt", "sensors")


def test_an_id_named_twice_is_refused(tmp_path):
    path = save_lines(tmp_path / "ids.txt", "a", "b", "c", "b", "a")
    with refuses("ids", found=("b twice", path)):
        read_ids(path, "ids")


@pytest.mark.parametrize("content", [None, b"\xff\xfea"])
def test_ids_that_are_no_text_are_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "ids.txt").write_bytes(content)
    with refuses("ids", found=tmp_path / "ids.txt", expected="text"):
        read_ids(tmp_path / "ids.txt", "ids")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("400001.0", "400001"),
        ("4.000010000000000000e+05", "400001"),
        ("1e3", "1000"),
        ("400001.5", "400001.5"),
        ("007", "007"),
        ("-3", "-3"),
        ("1e300", "1e300"),
        ("inf", "inf"),
        ("a.0", "a.0"),
        ("", ""),
    ],
)
def test_a_whole_number_is_written_in_one_way(text, expected):
    assert plain_id(text) == expected


def test_ids_are_found_as_they_are_before_as_numbers():
    places = Places(["1e3", "1000", "400001.0", "b"])
    assert [places.get(name) for name in ("1e3", "1000", "400001", "400001.0", "b")] == [0, 1, 2, 2, 3]
    assert places.get("1000.0") is None and "4" not in places
