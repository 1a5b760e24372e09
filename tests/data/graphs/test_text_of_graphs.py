"""Tables as text."""

import pytest
from data.small_series import save_lines
from refusal import refuses

from basicts_elin.data.graphs.table import read_table

ROWS = [["from", "to", "cost"], ["Köln", "北京", "1.5"], ["a", "b", "2"]]


def read(path):
    return read_table(path, "distances")


@pytest.mark.parametrize("separator", [",", ";", "\t", "|", " ", "  ", ", "])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_encoding_and_line_end(tmp_path, separator, encoding, end):
    (tmp_path / "t.csv").write_bytes(end.join(map(separator.join, ROWS)).encode(encoding))
    table = read(tmp_path / "t.csv")
    assert table.rows == ROWS and list(table.lines) == [1, 2, 3]


def test_latin_1_is_read_where_the_bytes_are_no_utf_8(tmp_path):
    (tmp_path / "t.csv").write_bytes("Köln,Süd,1".encode("latin-1"))
    assert read(tmp_path / "t.csv").rows == [["Köln", "Süd", "1"]]


@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_comma_in_a_number_is_its_point_where_it_does_not_separate(tmp_path, separator):
    path = save_lines(tmp_path / "t.csv", separator.join(["A, west", "B", "310,6"]))
    assert read(path).rows == [["A, west", "B", "310.6"]]


def test_blank_lines_and_comments_are_left_out(tmp_path):
    path = save_lines(tmp_path / "t.csv", "# edges", "", "a,b,1", ",,", '"#12",b,2', "#13,b,3")
    table = read(path)
    assert table.rows == [["a", "b", "1"], ["#12", "b", "2"], ["#13", "b", "3"]]
    assert list(table.lines) == [3, 5, 6]


def test_a_separator_at_the_end_of_each_line_is_no_column(tmp_path):
    assert read(save_lines(tmp_path / "t.csv", "a,b,", "c,d,", "e,f")).rows == [["a", "b"], ["c", "d"], ["e", "f"]]


@pytest.mark.parametrize("line", ["2", "2,3", "9,153,310,6"])
def test_a_ragged_line_is_refused(tmp_path, line):
    path = save_lines(tmp_path / "t.csv", "from,to,cost", "0,1,1", "", line)
    with refuses("distances", found=(repr(line), "line 4", path), expected="3 cells"):
        read(path)


@pytest.mark.parametrize("content", [None, b"\xff\xfe0", b"\0", b'0,1,1\n"' + 140_000 * b"x"])
def test_what_is_no_text_is_refused(tmp_path, content):
    if content is not None:
        (tmp_path / "t.csv").write_bytes(content)
    with refuses("distances", found=tmp_path / "t.csv"):
        read(tmp_path / "t.csv")
