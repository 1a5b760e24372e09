"""A forecaster in a folder: what travels, what is refused, what is never executed."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from forecasting.untrained import forecaster_of
from refusal import refuses
from tiny import NAME, ours

from basicts_elin import Forecaster
from basicts_elin.training.launch.launcher import launch_training


def table(sensors=3):
    values = np.random.default_rng(0).uniform(0, 50, (12, sensors))
    index = pd.date_range("2024-06-07", periods=12, freq="5min")
    return pd.DataFrame(values, index, [f"s{number}" for number in range(sensors)])


@pytest.fixture
def saved(tmp_path):
    return forecaster_of(unit="vehicles", missing=[-1.0], timezone="Europe/Berlin").save(tmp_path / "model")


def rewrite(folder, **changes):
    file = folder / "forecaster.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def test_a_saved_forecaster_is_the_same(saved):
    forecaster = forecaster_of(unit="vehicles", missing=[-1.0], timezone="Europe/Berlin")
    loaded = Forecaster.load(saved)
    assert loaded.facts == forecaster.facts
    pd.testing.assert_frame_equal(loaded.predict(table()), forecaster.predict(table()))


def test_a_saved_forecaster_can_be_saved_again(saved, tmp_path):
    again = Forecaster.load(saved).save(tmp_path / "again")
    for name in ("forecaster.json", "weights.safetensors"):
        assert (again / name).read_bytes() == (saved / name).read_bytes()


def test_a_run_with_its_intervals_is_saved(tiny, tmp_path):
    forecaster = Forecaster.load(launch_training(ours()))
    forecaster.calibrate()
    folder = forecaster.save(tmp_path / "model")
    assert sorted(file.name for file in folder.iterdir()) == [
        "forecaster.json",
        "intervals.safetensors",
        "weights.safetensors",
    ]
    loaded = Forecaster.load(folder)
    assert loaded.metrics == forecaster.metrics != {}
    recent = table(5).set_axis([str(number) for number in range(5)], axis=1)
    pd.testing.assert_frame_equal(loaded.predict(recent, level=[80, 90]), forecaster.predict(recent, level=[80, 90]))


def test_intervals_are_kept_beside_the_checkpoint_and_belong_to_it(tiny):
    folder = launch_training(ours())
    first = Forecaster.load(folder)
    assert first.intervals is None
    first.calibrate()
    assert Forecaster.load(folder).intervals is not None
    # the same configuration, trained anew in the same folder
    for file in folder.glob("*.pt"):
        state = torch.load(file, weights_only=True)
        state["model_state_dict"]["linear.bias"] += 1
        torch.save(state, file)
    assert Forecaster.load(folder).intervals is None


def test_intervals_come_from_the_data_of_the_training(tiny):
    folder = launch_training(ours())
    file = tiny / "datasets" / NAME / "val_data.npy"
    np.save(file, np.load(file) + 1)
    with refuses(f"datasets/{NAME}", found="other data"):
        Forecaster.load(folder).calibrate()


def test_a_level_needs_intervals(saved):
    with refuses("level", found="without intervals", fix="calibrate"):
        Forecaster.load(saved).predict(table(), level=90)
    with refuses("level", found="0.9", fix="90"):
        Forecaster.load(saved).predict(table(), level=0.9)
    with refuses("dataset", found="a saved forecaster"):
        Forecaster.load(saved).calibrate()


def test_other_files_are_not_overwritten(saved, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "weights.safetensors").write_text("my own")
    with refuses("folder", found="weights.safetensors", fix="another folder"):
        forecaster_of().save(mine)
    assert (mine / "weights.safetensors").read_text() == "my own"


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "mine").write_text("my own")
    with refuses("folder", found="is a file", fix="another folder"):
        forecaster_of().save(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "my own"


def test_an_earlier_forecaster_is_replaced_with_its_intervals(tiny, tmp_path):
    forecaster = Forecaster.load(launch_training(ours()))
    forecaster.calibrate()
    forecaster.save(tmp_path / "model")
    forecaster_of().save(tmp_path / "model")
    assert Forecaster.load(tmp_path / "model").intervals is None


def test_a_damaged_file_is_refused(saved):
    weights = saved / "weights.safetensors"
    content = weights.read_bytes()
    weights.write_bytes(content[:-3])
    with refuses(weights, found="cannot be read"):
        Forecaster.load(saved)
    weights.unlink()
    with refuses(weights, found="missing"):
        Forecaster.load(saved)


def test_weights_of_another_model_are_refused(saved):
    rewrite(saved, model={"name": "Linear", "module": "torch.nn"}, model_config={})
    with refuses(saved / "forecaster.json", found="Linear cannot be built"):
        Forecaster.load(saved)


def test_the_weights_of_another_forecaster_are_refused(saved):
    rewrite(saved, checkpoint_sha256="1" * 64)
    with refuses(saved / "weights.safetensors", found="another forecaster"):
        Forecaster.load(saved)


def test_a_newer_format_is_refused(saved):
    rewrite(saved, format=99)
    with refuses(saved / "forecaster.json", found="99", fix="newer"):
        Forecaster.load(saved)


def test_a_module_that_nobody_has_imported_is_not_imported(saved, tmp_path, monkeypatch):
    (tmp_path / "stranger.py").write_text("raise SystemExit('executed')")
    monkeypatch.syspath_prepend(tmp_path)
    rewrite(saved, model={"name": "Model", "module": "stranger"})
    with refuses(saved / "forecaster.json", found="stranger", fix="import stranger first"):
        Forecaster.load(saved)


@pytest.mark.parametrize(
    ("module", "name", "params"),
    [
        ("os", "system", {"command": "touch executed"}),
        # functions and other objects that modules of this package have, and arguments for its classes
        ("basicts_elin.files", "write_json", {"path": "executed", "content": 1}),
        ("basicts_elin.files", "Path", {}),
        ("basicts_elin.legacy.model", "Checkout", {"folder": "a folder with code"}),
    ],
)
def test_an_object_that_a_file_asks_for_is_not_made(saved, tmp_path, monkeypatch, module, name, params):
    monkeypatch.chdir(tmp_path)
    rewrite(saved, model_config={"field": {"name": name, "module": module, "params": params}})
    with refuses(saved / "forecaster.json", found=f"{module}.{name}"):
        Forecaster.load(saved)
    assert not (tmp_path / "executed").exists()


def test_a_class_that_is_no_model_is_refused(saved):
    rewrite(saved, model={"name": "UserError", "module": "basicts_elin.errors"})
    with refuses(saved / "forecaster.json", found="no torch module"):
        Forecaster.load(saved)
