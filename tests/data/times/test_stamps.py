"""What the times in a file mean."""

import numpy as np
import pandas as pd
import pytest
from data.times.placed import texts
from refusal import refuses

from basicts_elin.data.times.stamps import read_stamps

NEW_YEAR = np.array(["2024-01-01T00:00", "2024-01-01T00:15"], "datetime64[m]")


def read(*values, time_format=None, zone=None):
    times = values[0] if isinstance(values[0], np.ndarray) else texts(*values)
    return read_stamps(times, zone, time_format)


@pytest.mark.parametrize(
    "written",
    [
        ("2024-01-01 00:00", "2024-01-01 00:15"),
        ("2024-01-01T00:00:00", "2024-01-01T00:15:00.000"),
        ("2024/1/1 0:00", "2024/1/1 0:15"),
        ("2023-12-31 24:00", "2024-01-01 00:15"),
        (" 2024-01-01 00:00 ", "2024-01-01, 00:15"),
        ("20240101T0000", "20240101T0015"),
        ("20240101000000", "20240101001500"),
        ("202401010000", "202401010015"),
        ("1/1/2024 12:00 AM", "1/1/2024 12:15 a.m."),
        ("1 Jan 2024 00:00", "January 1, 2024 00:15"),
        ("Mon, 01-Jan-2024 12:00 AM", "01-JAN-24 00:15:00"),
        ("2024-01-01_00:00", "2024-01-01_00:15"),
    ],
)
def test_local_times(written):
    found = read(*written)
    np.testing.assert_array_equal(found.times, NEW_YEAR)
    assert found.offset is None and found.times.dtype == np.dtype("datetime64[ms]")


@pytest.mark.parametrize(
    ("written", "offset"),
    [
        (("2024-01-01 00:00Z", "2024-01-01 00:15Z"), 0),
        (("2024-01-01T00:00:00 UTC", "2024-01-01 00:15+00:00"), 0),
        (("2024-01-01 01:00:00+01:00", "2024-01-01 01:15+0100"), 60),
        (("2023-12-31 20:30-03:30", "2023-12-31 20:45-03:30"), -210),
        (("2024-01-01 01:00+01", "2024-01-01 02:15+02"), np.nan),
        (("01-Jan-2024 01:00 +0100", "Mon, 1 Jan 2024 01:15:00+01:00"), 60),
        (("1 Jan 2024 00:00 GMT", "1 Jan 2024 00:15:00Z"), 0),
    ],
)
def test_times_with_an_offset_are_utc(written, offset):
    found = read(*written)
    np.testing.assert_array_equal(found.times, NEW_YEAR)
    assert found.offset == pytest.approx(offset, nan_ok=True)


@pytest.mark.parametrize(
    ("written", "time_format"),
    [
        ("2024-03-04-05", "%Y-%m-%d-%H"),
        ("2024/03/04-05:30", "%Y/%m/%d-%H:%M"),
        ("20240304-0530", "%Y%m%d-%H%M"),
        ("2024-03-04+05", "%Y-%m-%d+%H"),
        ("2024-03-04 -05", "'%Y-%m-%d -%H'"),
        ("04.03.2024-05", "%d.%m.%Y-%H"),
        ("04.03.24-05", "%d.%m.%y-%H"),
    ],
)
def test_the_hour_behind_a_date_is_no_offset(written, time_format):
    with refuses("file", found=repr(written), fix=f"--time-format {time_format} if"):
        read("2024-03-03", written)
    hour = np.datetime64("2024-03-04T05:30" if "%M" in time_format else "2024-03-04T05:00")
    assert read(written, time_format=time_format.strip("'")).times[0] == hour


def test_a_date_may_have_an_offset():
    assert read("2024-03-04+05:00", "2024-03-05+05:00").offset == 300


@pytest.mark.parametrize("scale", [1, 10**3, 10**6, 10**9])
@pytest.mark.parametrize("kind", [np.int64, np.float64, str])
def test_numbers_count_from_1970(scale, kind):
    seconds = NEW_YEAR.astype("datetime64[s]").astype(np.int64) * scale
    found = read(seconds.astype(kind).astype(object) if kind is str else seconds.astype(kind))
    np.testing.assert_array_equal(found.times, NEW_YEAR)
    assert found.offset == 0 and "since 1970" in found.notes[0]


@pytest.mark.parametrize(
    "numbers", [[20240101, 20240102], [202401010000, 202401020000], [20240101000000, 20240102000000]]
)
def test_numbers_may_be_dates_that_are_written_without_signs(numbers):
    np.testing.assert_array_equal(
        read(np.array(numbers)).times, np.array(["2024-01-01", "2024-01-02"], "datetime64[ms]")
    )


HOURS = pd.date_range("2024-01-30", periods=60, freq="1h")


@pytest.mark.parametrize("time_format", ["%Y%m%d%H", "%y%m%d%H%M"])
@pytest.mark.parametrize("kind", [np.int64, np.float64, str])
@pytest.mark.parametrize("rows", [slice(0, 2), slice(0, 24), slice(0, 60), slice(None, None, 6)])
def test_ten_digits_are_dates_if_these_are_regular(time_format, kind, rows):
    times = HOURS[rows]
    written = times.strftime(time_format).tolist()
    found = read(texts(*written) if kind is str else np.array(list(map(kind, map(int, written)))))
    np.testing.assert_array_equal(found.times, times.to_numpy().astype("datetime64[ms]"))
    assert found.offset is None and f"by the format {time_format}" in found.notes[0]


@pytest.mark.parametrize("numbers", [[2024030400], [2024030400, 2024030401, 2024030407, 2024030520]])
def test_ten_digits_that_may_be_dates_or_seconds_are_refused(numbers):
    with refuses("file", found=("2024030400", "seconds"), fix="--time-format %Y%m%d%H"):
        read(np.array(numbers))
    assert read(np.array(numbers), time_format="%Y%m%d%H").times[0] == np.datetime64("2024-03-04")


@pytest.mark.parametrize(
    "start", ["2032-06-18", "2024-01-01", "2026-11-25", "2027-02-01", "2033-12-31", "2034-02-20", "1999-12-31"]
)
@pytest.mark.parametrize("freq", ["1min", "5min", "1h", "1D"])
def test_regular_seconds_are_seconds(start, freq):
    times = pd.date_range(start, periods=50, freq=freq).to_numpy().astype("datetime64[s]")
    found = read(times.astype(np.int64))
    np.testing.assert_array_equal(found.times, times)
    assert found.offset == 0


@pytest.mark.parametrize("unit", ["D", "m", "s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC"])
def test_times_of_numpy(unit, zone):
    found = read(np.array(["2024-01-01", "2024-01-02"], f"datetime64[{unit}]"), zone=zone)
    np.testing.assert_array_equal(found.times, np.array(["2024-01-01", "2024-01-02"], "datetime64[ms]"))
    assert found.offset == (None if zone is None else 0)


def test_fractions_of_a_second_are_kept():
    assert read("2024-01-01 00:00:59.997").times.astype(str).tolist() == ["2024-01-01T00:00:59.997"]


@pytest.mark.parametrize(
    ("written", "day_first"),
    [
        (("31/12/2023", "01/01/2024"), True),
        (("12/31/2023", "01/01/2024"), False),
        (("31.12.2023 00:00", "01.01.2024 00:00"), True),
        (("01/02/2024", "02/02/2024", "03/02/2024"), True),
        (("01/02/2024", "01/03/2024", "01/04/2024"), False),
    ],
)
def test_the_values_say_whether_the_day_comes_first(written, day_first):
    found = read(*written).times
    expected = [part.split(" ")[0].replace(".", "/").split("/") for part in written]
    expected = [f"{year}-{b}-{a}" if day_first else f"{year}-{a}-{b}" for a, b, year in expected]
    assert found.astype("datetime64[D]").astype(str).tolist() == expected


def test_other_rows_may_tell_by_their_regularity():
    found = read("01/02/2024 00:00", "01/02/2024 01:00", "2024-02-01 02:00").times
    assert found[0] == np.datetime64("2024-02-01")


def test_an_order_that_nothing_tells_is_refused():
    with refuses("file", found="01/02/2024", fix=("--time-format", "%d/%m/%Y")):
        read("01/02/2024 00:00", "01/02/2024 01:00")


@pytest.mark.parametrize(
    ("time_format", "expected"), [("%d/%m/%Y %H:%M", "2024-02-01T00:00"), ("%m/%d/%Y %H:%M", "2024-01-02T00:00")]
)
def test_a_format_decides(time_format, expected):
    assert read("01/02/2024 00:00", time_format=time_format).times[0] == np.datetime64(expected)


def test_a_format_may_have_an_offset():
    found = read("1|2|24 +0100", "1|2|24 +0200", time_format="%d|%m|%y %z")
    assert found.times.astype("datetime64[m]").astype(str).tolist() == ["2024-01-31T23:00", "2024-01-31T22:00"]
    assert np.isnan(found.offset)
    assert read("1|2|24 +0100", time_format="%d|%m|%y %z").offset == 60


@pytest.mark.parametrize(("time_format", "found"), [("%d|%Q", "%d|%Q"), ("%d-%m", "%d-%m")])
def test_a_format_that_does_not_fit_is_named(time_format, found):
    with refuses("time_format", found=found):
        read("01/02/2024 00:00", time_format=time_format)


@pytest.mark.parametrize("empty", ["", "NaN", "NaT", None, "null", "  "])
def test_rows_without_a_time_are_counted(empty):
    with refuses("file", found=("2 of 4 rows", "row 1 has", "row 3")):
        read("2024-01-01", empty, "2024-01-02", empty)


@pytest.mark.parametrize("kind", ["datetime64[ns]", "float64"])
def test_so_are_those_of_numbers_and_times(kind):
    values = np.array(["2024-01-01", "NaT"], "datetime64[ns]") if kind != "float64" else np.array([1.7e9, np.nan])
    with refuses("file", found=("1 of 2 rows", "row 1")):
        read(values)


@pytest.mark.parametrize(
    "wrong", ["2024-02-30", "2024-13-01", "2024-01-01 24:15", "2024-01-01 10:60", "13:00 PM", "x", "Jan CET"]
)
def test_what_is_no_time_is_shown(wrong):
    with refuses("file", found=("1 of 2 rows", repr(wrong)), fix="--time-format"):
        read("2024-01-01 00:00", wrong)


@pytest.mark.parametrize(
    ("values", "found", "fix"),
    [
        (texts("00:15", "00:30"), "'00:15'", "join the two columns"),
        (texts("2024-01-01 00:00", "2024-01-01 00:15Z"), "'2024-01-01 00:00'", "--tz"),
        (np.arange(5), "from 0 to 4", "--freq"),
        (np.array([1.7e9, 3.0]), "from 3 to 1.7e+09", "--time"),
        (texts("0", "1"), "from 0 to 1", "--freq"),
    ],
)
def test_what_cannot_be_a_time_says_what_to_do(values, found, fix):
    with refuses("file", found=found, fix=fix):
        read(values)
