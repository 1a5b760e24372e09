"""Time zone, calendar and windows of a prepared dataset."""

import json

import numpy as np
import pytest
from refusal import refuses

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.layout import FILES, PARTS
from basicts_elin.data.times.calendars import Calendar
from basicts_elin.data.times.timeline import Timeline

METRO = Calendar(((360, 1380),))
LENGTHS = {"train": 360, "val": 90, "test": 100}


def write(folder, timeline, **meta):
    """A folder of 550 rows of three sensors."""
    folder.mkdir(exist_ok=True)
    values = np.arange(550 * 3, dtype=np.float32).reshape(550, 3) % 89
    cuts = np.cumsum(list(LENGTHS.values()))[:-1]
    for part, data, stamps in zip(PARTS, np.split(values, cuts), np.split(timeline.timestamps(), cuts), strict=True):
        np.save(folder / f"{part}_data.npy", data)
        np.save(folder / f"{part}_timestamps.npy", stamps)
    (folder / "meta.json").write_text(json.dumps(timeline.meta() | meta))
    return folder


def change(folder, **changes):
    meta = json.loads((folder / "meta.json").read_text()) | changes
    (folder / "meta.json").write_text(json.dumps({key: value for key, value in meta.items() if value is not None}))
    return open_dataset(folder)


def metro(zone=None):
    return Timeline(np.datetime64("2024-10-14T06:00", "m"), 550, 60, zone, METRO)


def in_zone(zone, minutes=60):
    return Timeline(np.datetime64("2024-10-14T00:00", "m"), 550, minutes, zone)


@pytest.mark.parametrize(
    "timeline",
    [
        metro(),
        metro("Europe/Berlin"),
        in_zone("Europe/Berlin"),
        in_zone("Australia/Lord_Howe"),
        in_zone("Asia/Kolkata"),
        Timeline(np.datetime64("2023-01-02", "m"), 550, 1440, None, Calendar(None, (0, 1, 2, 3, 4))),
        Timeline(np.datetime64("2023-01-02", "m"), 550, 15, None, Calendar(None, (0,))),
        Timeline(None, 550, 60, None, METRO),
        Timeline(None, 550, 5),
    ],
    ids=lambda timeline: f"{timeline.timezone} {timeline.calendar} {timeline.interval_minutes}",
)
def test_the_times_of_a_series_come_back_from_its_folder(tmp_path, timeline):
    dataset = open_dataset(write(tmp_path / "City", timeline))
    dataset.check()
    assert (dataset.timezone, dataset.calendar) == (timeline.timezone, timeline.calendar)
    for name in ("dates", "instants"):
        expected, found = getattr(timeline, name)(), [getattr(dataset, name)(part) for part in PARTS]
        if expected is None:
            assert found == [None] * 3
        else:
            assert [len(times) for times in found] == list(LENGTHS.values())
            np.testing.assert_array_equal(np.concatenate(found), expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"start": "2024-10-14 09:00+02:00"},
        {"timezone": "America/New_York"},
        {"calendar": {"hours": [["06:00", "22:00"]]}},
        {"calendar": None},
    ],
    ids=str,
)
def test_times_that_are_not_those_of_the_rows_are_refused(tmp_path, changes):
    folder = write(tmp_path / "City", metro("Europe/Berlin"))
    with refuses(folder / "meta.json", found="start, timezone, calendar"):
        change(folder, **changes).check()


@pytest.mark.parametrize(
    ("changes", "found", "expected"),
    [
        ({"timezone": "Europe/Berln"}, ("timezone", "Berln"), "Europe/Berlin"),
        ({"timezone": 5}, "timezone", "str"),
        ({"calendar": {"hours": [["6", "23"]]}}, "calendar", "06:00"),
        ({"calendar": []}, "calendar", "dict"),
        ({"gaps": [["2024-10-15 07:00", 3]]}, "gaps", "none beside"),
        ({"windows_across_breaks": "no"}, "windows_across_breaks", "bool"),
        ({"missing": 0}, "missing", "list"),
    ],
    ids=str,
)
def test_a_key_that_cannot_be_used_is_named(tmp_path, changes, found, expected):
    folder = write(tmp_path / "City", metro())
    with refuses(folder / "meta.json", found=found, expected=expected):
        change(folder, **changes)


def test_a_calendar_that_fits_no_row_is_named(tmp_path):
    folder = write(tmp_path / "City", metro())
    with refuses(folder / "meta.json", found="start, gaps"):
        change(folder, calendar={"hours": [["06:10", "06:20"]]}).check()


def test_windows_span_breaks_unless_the_dataset_says_otherwise(tmp_path):
    folder = write(tmp_path / "City", metro())
    assert open_dataset(folder).window_starts("test", 6, 3).tolist() == list(range(92))
    found = change(folder, windows_across_breaks=False).window_starts("test", 6, 3)
    # the test part begins at 6:00 of a day of 18 rows; a window of nine begins in the first ten of them
    assert found.tolist() == [row for row in range(92) if row % 18 <= 9]


@pytest.mark.parametrize("start", ["2024-10-14 06:00", None])
def test_without_dates_breaks_follow_from_times_of_day(tmp_path, start):
    folder = write(tmp_path / "City", metro())
    dataset = change(folder, start=start, calendar=None if start is None else METRO.meta(), windows_across_breaks=False)
    assert (dataset.dates("val") is None) == (start is None)
    assert dataset.window_starts("val", 9, 9).tolist() == [0, 18, 36, 54, 72]


def test_the_hour_that_comes_twice_is_no_break(tmp_path):
    folder = write(tmp_path / "City", in_zone("Europe/Berlin"), windows_across_breaks=False)
    assert len(open_dataset(folder).window_starts("train", 12, 12)) == 360 - 23


def test_gaps_are_breaks_too(tmp_path):
    timeline = Timeline(np.datetime64("2024-01-01", "m"), 550, 60, gaps=(("2024-01-20 09:00", 5),))
    dataset = open_dataset(write(tmp_path / "City", timeline, windows_across_breaks=False))
    # row 465, which is row 15 of the test part, is the last before the gap
    assert dataset.window_starts("test", 2, 2).tolist() == [*range(13), *range(16, 97)]


def test_windows_that_are_all_cut_are_refused(tmp_path):
    dataset = open_dataset(write(tmp_path / "City", metro(), windows_across_breaks=False))
    with refuses(tmp_path / "City" / "meta.json", found="windows_across_breaks", expected=("test", "19 rows")):
        dataset.window_starts("test", 12, 7)


def test_a_part_without_a_window_has_no_start(tmp_path):
    folder = write(tmp_path / "City", metro())
    for across in (True, False):
        assert change(folder, windows_across_breaks=across).window_starts("val", 80, 11).tolist() == []


def test_the_fingerprint_knows_which_windows_there_are(tmp_path):
    folder = write(tmp_path / "City", metro())
    default = open_dataset(folder).fingerprint
    assert change(folder, windows_across_breaks=True).fingerprint == default
    within = change(folder, windows_across_breaks=False).fingerprint
    assert within["data"] != default["data"] and within["nodes"] == default["nodes"]


@pytest.mark.parametrize("kind", [np.float64, np.int32, np.uint8, np.float16])
def test_numbers_of_another_type_are_cast(tmp_path, kind):
    folder = write(tmp_path / "City", metro())
    values = np.load(folder / "val_data.npy")
    np.save(folder / "val_data.npy", values.astype(kind))
    dataset = open_dataset(folder)
    dataset.check()
    assert dataset.values("val").dtype == np.float32 and dataset.values("val") is dataset.values("val")
    np.testing.assert_array_equal(dataset.values("val"), values)


def test_a_number_too_large_for_float32_is_refused(tmp_path):
    folder = write(tmp_path / "City", metro())
    np.save(folder / "val_data.npy", np.full((90, 3), 1e300))
    with refuses(folder / "val_data.npy", found="infinity"):
        open_dataset(folder).check()


def with_columns(folder, names, wrong=None):
    for part in PARTS:
        stamps = np.load(folder / f"{part}_timestamps.npy")
        stamps = np.concatenate([stamps, np.full((len(stamps), 2), 0.5, np.float32)], axis=1)
        if wrong is not None and part == "val":
            stamps[7, wrong[0]] = wrong[1]
        np.save(folder / f"{part}_timestamps.npy", stamps)
    return change(folder, timestamps_description=names)


LONG_HORIZON = ["time of day", "day of week", "day of month", "day of year"]


@pytest.mark.parametrize("wrong", [(0, 1.0), (1, 0.95), (1, -0.2), (2, 1.0), (3, 31.0), (3, -0.1)])
def test_times_outside_their_range_are_refused_in_each_column(tmp_path, wrong):
    folder = write(tmp_path / "City", in_zone("UTC"))
    with refuses(folder / "val_timestamps.npy", found=(LONG_HORIZON[wrong[0]], "row 7"), expected="[0, 1)"):
        with_columns(folder, LONG_HORIZON, wrong).check()


def test_columns_that_are_no_times_may_have_any_value(tmp_path):
    folder = write(tmp_path / "City", in_zone("UTC"))
    with_columns(folder, [*LONG_HORIZON[:2], "is holiday", "temperature"], (3, 31.0)).check()


def test_a_day_of_week_that_rounds_to_7_is_refused_without_meta(tmp_path):
    folder = write(tmp_path / "City", in_zone("UTC"))
    (folder / "meta.json").unlink()
    open_dataset(folder).check()
    stamps = np.load(folder / "test_timestamps.npy")
    stamps[5, 1] = 0.95
    np.save(folder / "test_timestamps.npy", stamps)
    with refuses(folder / "test_timestamps.npy", found="0.95", expected="[0, 1)"):
        open_dataset(folder).check()
    assert set(FILES) - {"meta.json"} == {file.name for file in folder.iterdir()}
