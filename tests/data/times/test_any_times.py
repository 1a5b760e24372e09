"""Whatever the times of a file are: a placement that holds every row, or an error that the user can read."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basicts_elin.data.io.raw import RawSeries
from basicts_elin.data.times.filling import on_grid
from basicts_elin.data.times.options import TimeOptions
from basicts_elin.data.times.placing import place
from basicts_elin.errors import UserError

ODD = ["", "nan", "24:00", "2024-02-30", "31/12/99", "1e400", "-1", "2024-W01", "0000-00-00", "٢٠٢٤-01-01", "\x00", "Z"]
PARTS = st.integers(0, 99).map("{:02d}".format)
WRITTEN = st.builds(
    "{}{}{}{}{}{}{}{}{}".format,
    st.sampled_from(["2024", "1970", "0001", "9999", "24"]),
    st.sampled_from("-/. "),
    PARTS,
    st.sampled_from("-/. "),
    PARTS,
    st.sampled_from(["T", " ", ", "]),
    PARTS,
    st.sampled_from([":00", ":30:15", ":15:00.5", "", " pm", ":00 AM"]),
    st.sampled_from(["", "Z", "+01:00", "-0330", "+99:99"]),
)
TEXTS = st.lists(st.one_of(WRITTEN, st.sampled_from(ODD), st.text(max_size=8)), min_size=1, max_size=6)
NUMBERS = st.lists(st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1).map(float)), min_size=1, max_size=6)
INTEGERS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=6)
MINUTES = st.lists(st.integers(0, 40), min_size=1, max_size=30)

TIMES = st.one_of(
    TEXTS.map(lambda values: np.array(values, object)),
    NUMBERS.map(np.array),
    INTEGERS.map(lambda values: np.array(values, np.int64)),
    st.builds(
        lambda values, unit: np.array(values, np.int64).view(f"datetime64[{unit}]"),
        INTEGERS,
        st.sampled_from(["D", "m", "s", "ms", "us", "ns"]),
    ),
    MINUTES.map(lambda values: np.datetime64("2024-10-27T00:00", "m") + 5 * np.array(values)),
    MINUTES.map(lambda values: np.array([f"27/10/2024 0{value // 10}:{value % 6}0" for value in values], object)),
)
OPTIONS = st.builds(
    TimeOptions,
    freq=st.sampled_from([None, "5min", "1h", "1D", "2W"]),
    tz=st.sampled_from([None, "Europe/Berlin", "Australia/Lord_Howe"]),
    time_format=st.sampled_from([None, None, "%d/%m/%Y %H:%M", "%Y"]),
    align=st.sampled_from([None, "floor", "nearest"]),
    duplicates=st.sampled_from([None, "mean", "first"]),
    hours=st.sampled_from([None, None, "06:00-23:00", "00:00-05:00"]),
    weekdays=st.sampled_from([None, None, "mon-fri"]),
)


@settings(max_examples=200, deadline=None)
@given(times=TIMES, options=OPTIONS, is_long=st.booleans(), zone=st.sampled_from([None, "UTC"]))
@pytest.mark.filterwarnings("error")
def test_every_row_has_its_place_or_the_user_is_told(times, options, is_long, zone):
    count = len(times)
    values = np.arange(count, dtype=np.float32)
    if is_long:
        series = RawSeries(values, times=times, zone=zone, sensors=np.arange(count) % 2, node_names=["a", "b"])
    else:
        series = RawSeries(values[:, None], times=times, zone=zone)
    try:
        placement = place(series, options)
    except UserError as error:
        assert "\n" not in str(error) and error.found and (error.fix or error.expected)
        return
    found, _ = on_grid(series, placement)
    assert found.shape[0] == placement.timeline.num_rows == len(placement.timeline.dates())
    assert placement.rows.min() == 0 and placement.rows.max() == len(found) - 1
    kept = found[~np.isnan(found)]
    if placement.duplicates is None:
        assert sorted(kept) == list(range(count))
    assert (np.diff(placement.timeline.instants()) > np.timedelta64(0)).all()
