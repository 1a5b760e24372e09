"""Text tables as people have them: what is read, and what is refused."""

import gzip

import numpy as np
import pandas as pd
import pytest
from refusal import refuses

from basicts_elin.data.io.options import NO_OPTIONS
from basicts_elin.data.io.reading import ReadOptions, read_series

TIMES = [f"2024-01-01 {hour:02}:00" for hour in range(6)]
A, B = [1.5, 2.5, 3.5, 4.5, 5.5, 6.5], [11, 12, 13, 14, 15, 16]
CLOCKS = [f"{hour:02}:00" for hour in range(6)]
UNIX = [1704067200 + 3600 * row for row in range(6)]


def table(header, *columns, sep=","):
    lines = [header] if header else []
    return "\n".join([*lines, *(sep.join(map(str, row)) for row in zip(*columns, strict=True))]) + "\n"


PLAIN = table("time,a,b", TIMES, A, B)


@pytest.fixture
def read(tmp_path):
    def read_text(content, options=NO_OPTIONS, name="counts.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_series(path, options)

    return read_text


def assert_series(series, columns=(A, B), names=("a", "b"), times=TIMES):
    np.testing.assert_array_equal(series.values, np.array(columns, np.float32).T)
    assert series.node_names == (None if names is None else list(names))
    assert (None if series.times is None else series.times.tolist()) == times


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace("\n", "\r"),
        PLAIN.rstrip("\n"),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("utf-16"),
        PLAIN.encode("utf-16-le"),
        PLAIN.encode("utf-16-be"),
        # without the time, which would be in the name of the test
        gzip.compress(PLAIN.encode(), mtime=0),
        f"# made by a counter\n\n{PLAIN}\n\n# the end\n",
        "sep=;\n" + PLAIN.replace(",", ";"),
        PLAIN.replace(",", "\t"),
        PLAIN.replace(",", " | "),
        PLAIN.replace(",", ", "),
        PLAIN.replace(".5,", ",5;").replace(":00,", ":00;").replace("time,a,b", "time;a;b"),
        table('"time","a","b"', [f'"{time}"' for time in TIMES], A, [f'"{b}"' for b in B]),
        table("time,a,b,", TIMES, A, B, [""] * 6),
        table("time,a,b", TIMES, A, B, [""] * 6),
        table("a,b", TIMES, A, B),
        table(",a,b", TIMES, A, B),
        table("id,time,a,b", range(1, 7), TIMES, A, B),
        table(",time,a,b", range(6), TIMES, A, B),
        table("time a b", TIMES, A, B, sep=" "),
        table("date time  a b", TIMES, A, B, sep="   "),
        table("time a b", [f'"{time}"' for time in TIMES], A, B, sep=" "),
        table("Date;Time;a;b", ["2024-01-01"] * 6, CLOCKS, A, B, sep=";"),
        table("datetime,timestamp,a,b", TIMES, UNIX, A, B),
        table("time,a,b", [time.replace("-", "").replace(":", "").replace(" ", "") for time in TIMES], A, B),
    ],
)
def test_the_same_table_in_many_ways(read, content):
    assert_series(read(content))


def test_a_note_says_what_is_left_out(read):
    notes = read(table("id,time,end,a,b", range(6), TIMES, TIMES, A, B), ReadOptions(time="time")).notes
    assert any("id" in note for note in notes) and any("end" in note for note in notes)


def test_letters_of_another_encoding_far_below(read):
    content = PLAIN.encode() + b"".join(b"2024-01-%02d 00:00,1,2\n" % day for day in range(2, 20)) + b"# K\xf6ln\n"
    assert len(read(content).values) == 24
    assert read(PLAIN.replace("a", "Köln").encode("latin1")).node_names[0] == "Köln"


@pytest.mark.parametrize("missing", ["", "NA", "null", "-", "nan", "NaN", "None", "N/A"])
def test_words_for_missing_values(read, missing):
    series = read(table("time,a,b", TIMES, [missing, *A[1:]], [missing] * 6))
    assert np.isnan(series.values[0, 0]) and np.isnan(series.values[:, 1]).all()
    np.testing.assert_array_equal(series.values[1:, 0], A[1:])
    assert not missing or any(repr(missing) in note for note in series.notes)


@pytest.mark.parametrize(
    ("times", "found"),
    [
        (UNIX, UNIX),
        ([time * 1000 for time in UNIX], None),
        ([time * 10**6 for time in UNIX], [time * 1000 for time in UNIX]),
        ([time * 10**9 for time in UNIX], [time * 1000 for time in UNIX]),
        ([time.replace(" ", "T") + "Z" for time in TIMES], None),
        ([f"{time}+01:00" for time in TIMES], None),
        ([f"{day}.01.2024 00:00" for day in range(10, 16)], None),
        ([f"1/{day}/2024 1:00:00 PM" for day in range(10, 16)], None),
        ([*TIMES[:5], ""], [*TIMES[:5], None]),
    ],
)
@pytest.mark.parametrize("name", ["timestamp", "index", ""])
def test_times_are_found_and_not_read(read, times, found, name):
    assert_series(read(table(f"{name},a,b", times, A, B)), times=times if found is None else found)


@pytest.mark.parametrize("unit", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("name", ["t", "ts", "reported", "Timestamp (ms)", "epoch [s]"])
def test_seconds_since_1970_in_the_first_column_are_times(read, name, unit):
    series = read(table(f"{name},a,b", [time * unit for time in UNIX], A, B))
    np.testing.assert_array_equal(series.values, np.array([A, B], np.float32).T)
    assert series.node_names == ["a", "b"] and len(series.times) == 6


@pytest.mark.parametrize(
    "counts", [[50_000_000 + 7 * row * row for row in range(6)], UNIX[::-1], [time // 100 for time in UNIX]]
)
def test_a_counter_is_no_time(read, counts):
    assert read(table("total,b", counts, B)).node_names == ["total", "b"]


def test_three_decimals_are_no_thousands(read):
    series = read(table("time,a,b", TIMES, ["0.125", "1", "1.250", "2.375", "3.5", "2.125"], ["61.234"] * 6))
    np.testing.assert_array_equal(series.values[:, 0], np.float32([0.125, 1, 1.25, 2.375, 3.5, 2.125]))


@pytest.mark.parametrize("mark", [",", "."])
@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("num_rows", [6, 200])
def test_a_mark_before_three_digits_beside_whole_numbers_is_refused(read, mark, separator, num_rows):
    times = pd.date_range("2024-01-01", periods=num_rows, freq="h").astype(str)
    cells = [f"1{mark}{row + 100}" for row in range(num_rows - 1)]
    with refuses("file", found=(f"'1{mark}100'", "'959'"), fix="thousands"):
        read(table(f"time{separator}a", times, [*cells, "959"], sep=separator))
    with refuses("file", found=f"'1{mark}100'", fix="thousands"):
        read(table(f"time{separator}a{separator}b", times, [*cells, ""], [7] * num_rows, sep=separator))
    decimals = read(table(f"time{separator}a", times, [*cells, f"0{mark}959"], sep=separator))
    assert decimals.values[0, 0] == np.float32(1.1) and decimals.values[-1, 0] == np.float32(0.959)


def test_without_a_header_the_columns_have_no_names(read):
    assert_series(read(table("", TIMES, A, B)), names=None)
    assert_series(read(table("", A, B)), names=None, times=None)
    assert_series(read(table("", A)), columns=[A], names=None, times=None)


@pytest.mark.parametrize("ids", ["400001,400017", "7,9", "0,1", "1,2"])
def test_a_line_of_numbers_above_other_numbers_holds_ids(read, ids):
    series = read(table(ids, A, A))
    assert_series(series, columns=[A, A], names=ids.split(","), times=None)
    assert any(ids.split(",")[1] in note for note in series.notes)


@pytest.mark.parametrize("ids", ["0,1", "1,2"])
def test_a_first_line_that_counts_holds_ids(read, ids):
    assert_series(read(table(ids, B, B)), columns=[B, B], names=ids.split(","), times=None)


def test_a_first_line_of_whole_numbers_above_decimals_holds_ids(read):
    names, values = ("12", "40"), [[*A, *A, 0], [*A, *A, 7.5]]
    assert_series(read(table(",".join(names), *values)), columns=values, names=names, times=None)


def test_a_first_line_that_may_be_measured_is_measured_and_noted(read):
    series = read(table("", B, [12, *B[1:]]))
    assert_series(series, columns=[B, [12, *B[1:]]], names=None, times=None)
    assert any("line 1" in note for note in series.notes)
    assert not read(table("", A, B)).notes


def test_a_name_that_pandas_gave_is_one_elsewhere(read):
    assert read(table("time,a,Unnamed: 0", TIMES, B, A)).node_names == ["a", "Unnamed: 0"]
    assert_series(read(table("Unnamed: 0,a,b", TIMES, A, B)))


def test_true_and_false_are_numbers_and_noted(read):
    series = read(table("time,a,b", TIMES, ["True", "False"] * 3, B))
    assert series.values[:2, 0].tolist() == [1, 0] and any("true and false" in note for note in series.notes)


def test_a_long_table_by_option(read):
    content = table("where;when;q;v", ["x"] * 3 + ["y"] * 3, TIMES[:3] * 2, A, B, sep=";")
    series = read(content, ReadOptions(sensor="where", channel="v", covariates=True))
    assert series.node_names == ["x", "y"] and series.sensors.tolist() == [0, 0, 0, 1, 1, 1]
    np.testing.assert_array_equal(series.values, np.float32(B))
    np.testing.assert_array_equal(series.covariates[:, 0], np.float32(A))
    assert series.channel_names == ["v", "q"] and series.times.tolist() == TIMES[:3] * 2


def test_addresses_are_ids(read):
    series = read(table("road,time,flow", ["101 Broadway"] * 3 + ["7 Elm"] * 3, TIMES[:3] * 2, A))
    assert series.node_names == ["101 Broadway", "7 Elm"]


def test_prose_is_no_table(read):
    with refuses("file"):
        read("The counts of a day\n" * 9)


@pytest.mark.parametrize("ids", [["NA", "b"], ["001", "01"], ["400001.0", "400002.0"]])
def test_ids_are_texts(read, ids):
    series = read(table("unique_id,ds,y", [ids[0]] * 3 + [ids[1]] * 3, TIMES[:3] * 2, A))
    assert series.node_names == [one.removesuffix(".0") for one in ids]


@pytest.mark.parametrize(
    ("content", "found", "fix"),
    [
        (table("time,a,a", TIMES, A, B), ("'a'", "2, 3"), "rename"),
        (table("time,a,b,remark", TIMES, A, B, ["dry"] * 6), ("remark", "'dry'"), "--sensor"),
        (table("time,a,b", TIMES, A, ["1%"] * 6), ("column b", "'1%'"), "unit"),
        (table("time,a,b", TIMES, ["100.6 km/h"] * 6, ["7 km/h"] * 6), ("column a", "'100.6 km/h'"), "unit"),
        (table("time;a;b", TIMES, ["1 234,56"] * 6, ["1 234,5"] * 6, sep=";"), ("column a", "'1 234,56'"), "blanks"),
        (table("time;a", TIMES, ["1\u202f234", *A[1:]], sep=";"), ("column a", "line 2"), "thousands"),
        (table("time,a,b", [f"'{time}'" for time in TIMES], A, B), "'2024-01-01 00:00'", "quotes"),
        (PLAIN + "2024-01-01 06:00,3\n", ("line 8", "2 cells"), "complete"),
        (PLAIN + "2024-01-01 06:00,3,4,5\n", ("line 8", "4 cells"), "quotes"),
        (table("time,a,b", TIMES, A, ['"1,234"'] * 6), ("'1,234'", "column b", "line 2"), "thousands"),
        (table("time;a;b", TIMES, ["1.234,5"] * 6, ["2,5"] * 6, sep=";"), ("'1.234,5'", "column a"), "thousands"),
        (table("time,a,b", TIMES, ["1", "error", *A[2:]], B), ("'error'", "column a", "line 3"), "leave it empty"),
        ("time,a,b\n,km/h,km/h\n" + table("", TIMES, A, B), "lines 1 and 2", "join"),
        ("x,p,p\ny,q,r\ntime,,\n" + table("", TIMES, A, B), "lines 1 and 2", "join"),
        (
            table("time;a", TIMES, ["987", "1.012", "1.234", "999", "1.001", "998"], sep=";"),
            ("1.012", "987"),
            "thousands",
        ),
        (table("time\ta", TIMES, ["987", "1,012", "1,234", "999", "1,001", "998"], sep="\t"), "1,012", "thousands"),
        (table("time,end,a,remark", TIMES, CLOCKS, A, ["dry"] * 6), ("remark", "'dry'"), "remove"),
        (PLAIN + '"2024-01-01 06:00,1,2\n', "line 8", "correct"),
        (table(f"sensor,{TIMES[0]},{TIMES[1]}", list("abcdef"), A, B), "are times", "frame.T"),
        (table("start,end,a", TIMES, TIMES, A), "start, end", "--time"),
        (table("time,a", CLOCKS, A), "clock times", "date"),
        (table("year,month,day,a", [2024] * 6, [1] * 6, range(1, 7), A), "year, month, day", "join"),
        (table("time,a,,b", TIMES, A, B, A), "column 3", "name it"),
        (table(",time,a", [5, 3, 9, 2, 1, 1], TIMES, A), "column 1", "name it"),
        (table("vds,time,flow", [1, 1, 1, 2, 2, 2], TIMES[:3] * 2, A), "3 different times", "--sensor"),
        (table("station,time,q,v", [1, 1, 1, 2, 2, 2], TIMES[:3] * 2, A, B), "2 columns of values", "--channel"),
        (table("unique_id,ds,y", ["", *"aabbb"], TIMES[:3] * 2, A), "1 rows", "complete"),
        (table("road,lane,ds,y", list("xxxyyy"), list("nnnsss"), TIMES[:3] * 2, A), "road, lane", "--sensor"),
        ("time,a,b\n", "no rows", "another"),
        ("from,to,cost\n1,2,3.5\n2,3,4.5\n", "edges", "--graph"),
        (b"\x00\x01\x02" * 30, "not text", "CSV"),
    ],
)
def test_what_is_not_certain_is_refused(read, content, found, fix):
    with refuses("file", found=found, fix=fix):
        read(content)


@pytest.mark.parametrize(
    ("options", "field", "expected"),
    [
        (ReadOptions(time="when"), "time", "'time', 'a', 'b'"),
        (ReadOptions(sensor="when"), "sensor", "'time', 'a', 'b'"),
        (ReadOptions(channel="a"), "channel", ""),
        (ReadOptions(key="data"), "key", ""),
    ],
)
def test_options_that_do_not_fit_are_named(read, options, field, expected):
    with refuses(field, expected=expected, fix=f"--{field}"):
        read(PLAIN, options)


def test_a_table_longer_than_a_block_keeps_its_lines(read):
    import pandas as pd

    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(0, 1, (5000, 60)), pd.date_range("2024-01-01", periods=5000, freq="h"))
    content = frame.add_prefix("s").to_csv()
    assert len(content) > 1 << 22
    series = read(content)
    np.testing.assert_allclose(series.values, frame.to_numpy(), rtol=1e-6)
    assert series.times[-1] == str(frame.index[-1])
    lines = content.split("\n")
    lines[4900] = lines[4900].rsplit(",", 1)[0] + ",x"
    with refuses("file", found=("'x'", "line 4901", "s59")):
        read("\n".join(lines))


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_chinese_names_in_utf_16_without_a_mark(read, encoding):
    names = ("中关村一桥南", "北京西站南路")
    assert_series(read(table(",".join(["time", *names]), TIMES, A, B).encode(encoding)), names=names)
