"""A part of the sensors of a frame."""

import numpy as np
import pytest
from data.small_series import MORE_SENSORS, SENSORS, dated_frame, load, meta_of, nothing_written, refusal, save_lines

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
    message = refusal("METR-LA", wide_h5, out=out, sensors=sensors)
    assert {
        "missing": f"sensors: {sensors} cannot be read",
        "empty": f"sensors: {sensors} is empty",
        "twice": f"sensors: {sensors} names {SENSORS[1]} twice",
        "unknown": f"sensors: {sensors} names 99, which is no sensor of {wide_h5} (2 of 4 are unknown)",
        "too few": "3 nodes; METR-LA has 4",
    }[bad] in message
    assert nothing_written(out)


def test_a_refusal_of_the_number_chosen_names_their_file(tmp_path, wide_h5, out):
    sensors = save_lines(tmp_path / "sensors.txt", *SENSORS[:3])
    assert str(sensors) in refusal("METR-LA", wide_h5, out=out, sensors=sensors)


def test_too_many_sensors_are_to_be_chosen(wide_h5, out):
    message = refusal("METR-LA", wide_h5, out=out)
    assert "has 7 nodes; METR-LA has 4; choose its sensors by --sensors FILE" in message
    assert nothing_written(out)


def test_sensors_cannot_be_chosen_from_an_npz(npz, chosen, out):
    assert f"sensors: {npz} has no sensor ids to choose by" in refusal("PEMS08", npz, out=out, sensors=chosen)
    assert nothing_written(out)
