"""A part of the sensors of a frame."""

import numpy as np
import pytest
from data.small_series import MORE_SENSORS, SENSORS, dated_frame, load, meta_of, nothing_written, save_lines
from refusal import refuses

from basicts_elin.data.prepare import prepare_dataset


def test_sensors_are_taken_in_the_order_of_their_file(wide_h5, chosen, out):
    folder = prepare_dataset("METR-LA", wide_h5, out=out, sensors=chosen)
    np.testing.assert_array_equal(load(folder, "data"), dated_frame(columns=MORE_SENSORS)[SENSORS[::-1]].to_numpy())
    assert meta_of(folder)["node_names"] == SENSORS[::-1]


@pytest.mark.parametrize("bad", ["missing", "empty", "twice", "unknown", "too few"])
def test_sensors_that_do_not_fit_are_refused(tmp_path, wide_h5, out, bad):
    lines = {
        "empty": [],
        "twice": [*SENSORS, SENSORS[1]],
        "unknown": [*SENSORS[:2], "99", "98"],
        "too few": SENSORS[:3],
    }
    sensors = tmp_path / "sensors.txt"
    if bad != "missing":
        save_lines(sensors, *lines[bad])
    slots = {
        "missing": {"found": sensors, "expected": "text"},
        "empty": {"found": (sensors, "empty")},
        "twice": {"found": (SENSORS[1], sensors)},
        "unknown": {"found": (99, sensors, "2 of 4"), "expected": wide_h5},
        "too few": {"found": (3, sensors), "expected": (4, "METR-LA")},
    }[bad]
    with refuses("sensors", **slots):
        prepare_dataset("METR-LA", wide_h5, out=out, sensors=sensors)
    assert nothing_written(out)


def test_too_many_sensors_are_to_be_chosen(wide_h5, out):
    with refuses("file", found=(7, wide_h5), expected=(4, "METR-LA"), fix="--sensors FILE"):
        prepare_dataset("METR-LA", wide_h5, out=out)
    assert nothing_written(out)


def test_sensors_cannot_be_chosen_from_an_npz(npz, chosen, out):
    with refuses("sensors", found=chosen, expected=npz, fix="--ids"):
        prepare_dataset("PEMS08", npz, out=out, sensors=chosen)
    assert nothing_written(out)
