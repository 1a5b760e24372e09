"""New rows for a dataset that is there."""

import json

import numpy as np
import pandas as pd
import pytest
from data.small_series import contents, load
from refusal import refuses

from basicts_elin.data.io.reading import ReadOptions
from basicts_elin.data.prepare import prepare_own
from basicts_elin.data.times.options import TimeOptions

SENSORS = ["b", "a", "c"]
ROWS = 240


@pytest.fixture(autouse=True)
def inside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def frame(first, last, start="2024-03-04"):
    """Rows first to last of an endless hourly table."""
    times = pd.date_range(start, periods=last, freq="1h", name="time")[first:]
    return pd.DataFrame(np.arange(3 * first, 3 * last, dtype=float).reshape(-1, 3) + 0.5, times, SENSORS)


def prepare(table, name="City", **options):
    table.to_csv("data.csv")
    return prepare_own("data.csv", name, **options)


def append(table, **options):
    return prepare(table, append=True, **options)


@pytest.fixture
def city():
    return prepare(frame(0, ROWS), split=(0.5, 0.25, 0.25), domain="speed (km/h)")


@pytest.mark.parametrize("first", [ROWS, ROWS - 30], ids=["what follows", "an overlap"])
def test_a_dataset_that_has_grown_is_the_one_of_all_rows(city, first, capsys):
    append(frame(first, 300))
    expected = prepare(frame(0, 300), "All", split=(0.5, 0.25, 0.25), domain="speed (km/h)")
    for kind in ("data", "timestamps"):
        np.testing.assert_array_equal(load(city, kind), load(expected, kind))
    found, wanted = (json.loads((folder / "meta.json").read_text()) for folder in (city, expected))
    assert {**found, "name": "All"} == wanted
    line = f"{ROWS} rows to 2024-03-13 23:00: 60 rows are new, {ROWS - first} were there already"
    assert line in capsys.readouterr().out


def test_rows_between_become_missing(city):
    append(frame(ROWS + 10, 300))
    values = load(city, "data")
    assert np.isnan(values[ROWS : ROWS + 10]).all() and not np.isnan(values[ROWS + 10 :]).any()


def test_missing_values_are_filled_and_new_missing_ones_take_nothing_away(city, capsys):
    late = frame(0, ROWS)
    late.iloc[7, 1] = np.nan
    prepare(late, force=True)
    again = frame(0, ROWS)
    again.iloc[9, 2] = np.nan
    append(again)
    np.testing.assert_array_equal(load(city, "data"), frame(0, ROWS).to_numpy(np.float32))
    assert "0 rows are new, 240 were there already, 1 missing values are filled" in capsys.readouterr().out


def test_columns_go_by_name(city):
    append(frame(ROWS, 300)[["c", "b", "a"]])
    np.testing.assert_array_equal(load(city, "data"), frame(0, 300).to_numpy(np.float32))


def test_markers_of_the_dataset_hold_for_new_rows():
    folder = prepare(frame(0, ROWS).replace(0.5, -1), "Marked", missing=["-1"])
    new = frame(ROWS, 300)
    new.iloc[0, 0] = -1
    prepare(new, "Marked", append=True)
    assert np.isnan(load(folder, "data")[[0, ROWS], [0, 0]]).all()
    assert json.loads((folder / "meta.json").read_text())["missing"] == [-1.0]


def test_an_autumn_night_can_be_appended():
    times = pd.date_range("2024-10-17", periods=300, freq="1h", tz="Europe/Berlin").tz_localize(None)
    all_rows = frame(0, 300).set_axis(times)
    folder = prepare(all_rows[:ROWS], "Zoned", times=TimeOptions(tz="Europe/Berlin"))
    append_rows = all_rows[ROWS - 5 :]
    prepare(append_rows, "Zoned", append=True)
    np.testing.assert_array_equal(load(folder, "data"), all_rows.to_numpy(np.float32))


def test_an_autumn_hour_can_be_appended_row_by_row():
    times = pd.date_range("2024-10-17", periods=300, freq="1h", tz="Europe/Berlin")
    clock = times.tz_localize(None)
    all_rows = frame(0, 300).set_axis(clock)
    # the last row is the first 02:00, the next file has only the second
    rows = int((times == pd.Timestamp("2024-10-27 02:00+02:00")).argmax()) + 1
    assert clock[rows - 1] == clock[rows]
    folder = prepare(all_rows[:rows], "Zoned", times=TimeOptions(tz="Europe/Berlin"))
    prepare(all_rows[rows : rows + 1], "Zoned", append=True)
    prepare(all_rows[rows + 1 :], "Zoned", append=True)
    np.testing.assert_array_equal(load(folder, "data"), all_rows.to_numpy(np.float32))


def test_a_calendar_stays():
    def metro(days):
        rows = frame(0, 24 * days)
        return rows[rows.index.hour >= 6]

    folder = prepare(metro(14), "Metro")
    prepare(metro(15)[-18:], "Metro", append=True)
    np.testing.assert_array_equal(load(folder, "data"), metro(15).to_numpy(np.float32))


def test_covariates_grow_too():
    rows = pd.concat([frame(0, 300).melt(ignore_index=False, var_name="id", value_name="flow")])
    rows["speed"] = rows["flow"] + 1000
    read = ReadOptions(time="time", sensor="id", channel="flow", covariates=True)
    old, new = rows[rows.index < "2024-03-14"], rows[rows.index >= "2024-03-14"]
    folder = prepare(old, "Two", read=read)
    prepare(new, "Two", read=read, append=True)
    np.testing.assert_array_equal(load(folder, "covariates")[..., 0], load(folder, "data") + 1000)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (frame(ROWS, 300).rename(columns={"a": "z"}), ("1 are new", "1 are absent", "z")),
        (frame(ROWS, 300).assign(d=1.0), ("1 are new", "d")),
        (frame(ROWS, 300)[["a", "b"]], ("1 are absent", "c")),
        (frame(ROWS - 1, 300) + 1, ("3 values differ", "2024-03-13 23:00", "b")),
    ],
    ids=["other sensors", "more sensors", "fewer sensors", "other values"],
)
def test_what_does_not_fit_is_refused_and_nothing_changes(city, table, found):
    before = contents(city)
    with refuses("append", found=found):
        append(table)
    assert contents(city) == before


def test_times_between_the_rows_are_refused(city):
    late = frame(0, 120).set_axis(pd.date_range("2024-03-14 00:30", periods=120, freq="1h"))
    with refuses("file", found="2024-03-14", expected="1 hour", fix="--align"):
        append(late)


def test_another_interval_is_refused(city):
    with refuses("append", found="30 minutes", expected="60"):
        append(
            frame(0, 200).set_axis(pd.date_range("2024-03-14", periods=200, freq="30min")), times=TimeOptions("30min")
        )


@pytest.mark.parametrize("covariates", [False, True])
def test_the_channel_stays_and_another_one_is_refused(covariates):
    rows = frame(0, 300).melt(ignore_index=False, var_name="id", value_name="flow").assign(speed=7.0)
    read = ReadOptions(time="time", sensor="id", channel="flow", covariates=covariates)
    old, new = rows[rows.index < "2024-03-14"], rows[rows.index >= "2024-03-14"]
    folder = prepare(old, "Two", read=read)
    assert json.loads((folder / "meta.json").read_text())["channel"] == "flow"
    with refuses("channel", found="speed", expected="flow"):
        prepare(new, "Two", read=ReadOptions(time="time", sensor="id", channel="speed"), append=True)
    prepare(new, "Two", read=ReadOptions(time="time", sensor="id"), append=True)
    np.testing.assert_array_equal(load(folder, "data"), frame(0, 300).to_numpy(np.float32))
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["channel"] == "flow" and meta.get("covariates") == (["speed"] if covariates else None)
    assert (folder / "test_covariates.npy").exists() == covariates


def test_other_channels_must_be_the_same():
    rows = frame(0, 300).melt(ignore_index=False, var_name="id", value_name="flow").assign(speed=7.0, lanes=2.0)
    read = ReadOptions(time="time", sensor="id", channel="flow", covariates=True)
    old, new = rows[rows.index < "2024-03-14"], rows[rows.index >= "2024-03-14"]
    folder = prepare(old, "Two", read=read)
    before = contents(folder)
    for other in (new[["id", "flow", "lanes", "speed"]], new[["id", "flow", "speed"]]):
        with refuses("append", found="speed", expected="speed, lanes"):
            prepare(other, "Two", read=read, append=True)
    assert contents(folder) == before


def test_an_array_without_times_is_appended_at_its_start():
    times = TimeOptions(freq="1h", start="2024-03-04")
    np.save("a.npy", frame(0, ROWS).to_numpy())
    np.save("b.npy", frame(ROWS, 300).to_numpy())
    folder = prepare_own("a.npy", "Array", times=times)
    with refuses("append", found="without times", fix="--start"):
        prepare_own("b.npy", "Array", append=True)
    prepare_own("b.npy", "Array", times=TimeOptions(start="2024-03-14"), append=True)
    np.testing.assert_array_equal(load(folder, "data"), frame(0, 300).to_numpy(np.float32))


def test_ids_as_numbers_are_the_same_ids():
    table = frame(0, 300).set_axis(["5", "6", "7"], axis=1)
    folder = prepare(table[:ROWS], "Ids")
    prepare(table[ROWS:].set_axis(["5.0", "6.0", "7.0"], axis=1), "Ids", append=True)
    assert json.loads((folder / "meta.json").read_text())["node_names"] == ["5", "6", "7"]


def test_times_that_the_dataset_did_not_have_are_said(capsys):
    rows = frame(0, 24 * 15)
    folder = prepare(rows[rows.index.hour >= 6][:-18], "Metro")
    prepare(rows[-24:], "Metro", append=True)
    assert "calendar   it was 06:00 to 23:00, and is now every day, all day" in capsys.readouterr().out
    assert len(load(folder, "data")) == 24 * 15 - 6


@pytest.mark.parametrize("option", ["split", "domain", "force"])
def test_what_the_dataset_decides_is_not_given_again(city, option):
    given = {"split": (0.6, 0.2, 0.2), "domain": "flow", "force": True}[option]
    with refuses(option):
        append(frame(ROWS, 300), **{option: given})


def test_there_must_be_a_dataset():
    with refuses("datasets/None", expected="None"):
        prepare(frame(0, ROWS), "None", append=True)
