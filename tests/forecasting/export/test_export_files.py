"""Exported files against their forecasters, and what is refused. B windows, L steps in, O steps ahead, N sensors."""

import json
import sys

import numpy as np
import pytest
import torch
from forecasting.export.exported import STEPS, Batched, Clocked, Mixing, Random, forecaster_of, small
from refusal import refuses

from basicts_elin.errors import FailedRunError
from basicts_elin.forecasting.export import exporting
from basicts_elin.forecasting.export.exporting import export_forecaster
from basicts_elin.forecasting.export.formats import FORMATS
from basicts_elin.forecasting.export.loaded import METADATA
from basicts_elin.forecasting.export.program import INPUTS, exported_program, reason, running_maximum
from basicts_elin.forecasting.export.windows import random_windows

SENSORS = 5
PER_SENSOR = {
    "mean": torch.linspace(100, 300, SENSORS).reshape(1, SENSORS),
    "std": torch.linspace(20, 60, SENSORS).reshape(1, SENSORS),
}
RANGE = {"min": torch.tensor(3.0), "max-min": torch.tensor(500.0)}


def exported(tmp_path, forecaster, file_format, **options):
    return export_forecaster(forecaster, tmp_path / f"model{FORMATS[file_format].suffix}", file_format, **options)


def run_onnx(path, windows):
    """By onnxruntime alone."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    arrays = {name: tensor.numpy() for name, tensor in zip(INPUTS, windows, strict=True)}
    return session.run(["forecast"], arrays)[0]


def run_torch(path, windows):
    with torch.inference_mode():
        return torch.export.load(path).module()(*windows).numpy()


RUN = {"onnx": run_onnx, "torch": run_torch}


@pytest.mark.parametrize("file_format", RUN)
@pytest.mark.parametrize(
    ("missing_inputs", "null_val"),
    [("zero", 0.0), ("zero", None), ("mean", 0.0), ("mean", None), ("last", 0.0), ("last", None), ("last", -1.0)],
)
def test_a_file_forecasts_what_its_forecaster_does(tmp_path, file_format, missing_inputs, null_val):
    forecaster = forecaster_of(Mixing, SENSORS, missing_inputs=missing_inputs, null_val=null_val, statistics=PER_SENSOR)
    path = exported(tmp_path, forecaster, file_format).path
    windows = random_windows(forecaster.network, forecaster.facts, 7, seed=5)
    assert windows[0].isnan().any() and (null_val is None or (windows[0] == null_val).any())
    expected = forecaster.network(*windows).numpy()
    assert np.isfinite(expected).all()
    np.testing.assert_allclose(RUN[file_format](path, windows), expected, rtol=1e-5, atol=1e-3)


@pytest.mark.parametrize("file_format", RUN)
@pytest.mark.parametrize("statistics", [{}, RANGE], ids=["unscaled", "range"])
def test_every_scaling_is_inside(tmp_path, file_format, statistics):
    forecaster = forecaster_of(Mixing, SENSORS, statistics=statistics)
    path = exported(tmp_path, forecaster, file_format).path
    windows = random_windows(forecaster.network, forecaster.facts, 1, seed=5)
    expected = forecaster.network(*windows).numpy()
    np.testing.assert_allclose(RUN[file_format](path, windows), expected, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "file_format"),
    [
        ("ELinFormer", "torch"),
        ("STAEformer", "torch"),
        ("ELinFormer", "onnx"),
        pytest.param("STAEformer", "onnx", marks=pytest.mark.slow),
    ],
)
def test_our_models_are_exported(tmp_path, name, file_format):
    forecaster = forecaster_of(small(name, SENSORS), SENSORS)
    found = exported(tmp_path, forecaster, file_format)
    assert found.parity.relative < 1e-5
    assert not found.unused - {"targets_timestamps"}


@pytest.mark.parametrize("file_format", RUN)
def test_the_times_reach_the_model(tmp_path, file_format):
    forecaster = forecaster_of(Clocked, SENSORS)
    path = exported(tmp_path, forecaster, file_format).path
    values, stamps, ahead = random_windows(forecaster.network, forecaster.facts, 1, seed=5)
    shift = torch.tensor([0.25, 0.0])
    first, second, third = (
        RUN[file_format](path, (values, *times))
        for times in ((stamps, ahead), (stamps + shift, ahead), (stamps, ahead + shift))
    )
    assert min(np.abs(first - second).max(), np.abs(first - third).max()) > 1e-2


@pytest.mark.parametrize("file_format", RUN)
def test_the_lines_state_inputs_outputs_and_parity(tmp_path, file_format):
    found = exported(tmp_path, forecaster_of(Mixing, SENSORS), file_format)
    words = [line.split() for line in found.lines]
    assert [line[:2] for line in words[:4]] == [*(["input", name] for name in INPUTS), ["output", "forecast"]]
    shapes = [f"float32 [batch, {STEPS}, {width}]" for width in (SENSORS, 2, 2, SENSORS)]
    assert all(shape in line for shape, line in zip(shapes, found.lines[:4], strict=True))
    assert found.unused == {"inputs_timestamps", "targets_timestamps"}
    assert ["not used" in line for line in found.lines[:3]] == [False, True, True]
    assert f"{found.parity.relative:.1e}" in found.lines[4]
    assert str(found.path) in found.lines[5]


@pytest.mark.parametrize("file_format", RUN)
def test_the_facts_travel_with_the_file(tmp_path, file_format):
    forecaster = forecaster_of(Mixing, SENSORS, node_names=["a", "b", "ü", "d", "e"])
    path = exported(tmp_path, forecaster, file_format).path
    facts = json.loads(FORMATS[file_format].metadata(path))["facts"]
    assert facts["node_names"] == ["a", "b", "ü", "d", "e"] and facts["unit"] == "veh/h"
    assert type(forecaster.facts).of(facts) == forecaster.facts
    if file_format == "torch":
        files = {METADATA: ""}
        torch.export.load(path, extra_files=files)
        assert json.loads(files[METADATA])["facts"] == facts


@pytest.mark.parametrize("file_format", RUN)
def test_an_export_is_replaced_and_other_files_are_not(tmp_path, file_format):
    path = tmp_path / f"model{FORMATS[file_format].suffix}"
    forecaster = forecaster_of(Mixing)
    path.write_bytes(b"PK mine")
    with refuses("output", found=path, fix="--force"):
        export_forecaster(forecaster, path, file_format)
    assert path.read_bytes() == b"PK mine"
    export_forecaster(forecaster, path, file_format, force=True)
    first = path.read_bytes()
    export_forecaster(forecaster_of(Mixing, 9), path, file_format)
    assert path.read_bytes() != first
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("name", "file_format", "slots"),
    [
        ("model.pt", "torch", {"expected": ".pt2", "fix": "model.pt2"}),
        ("model.pt2", "onnx", {"expected": ".onnx", "fix": "model.onnx"}),
        ("none/model.onnx", "onnx", {"found": "none", "fix": "create"}),
        ("folder.pt2", "torch", {"found": "folder.pt2"}),
    ],
)
def test_other_places_are_refused(tmp_path, name, file_format, slots):
    (tmp_path / "folder.pt2").mkdir()
    with refuses("output", **slots):
        export_forecaster(forecaster_of(Mixing), tmp_path / name, file_format)


@pytest.mark.parametrize("file_format", RUN)
def test_a_file_that_forecasts_something_else_does_not_stay(tmp_path, file_format, monkeypatch):
    path = tmp_path / f"model{FORMATS[file_format].suffix}"
    forecaster = forecaster_of(Mixing)
    export_forecaster(forecaster, path, file_format)
    before = path.read_bytes()
    with torch.no_grad():
        program = exported_program(forecaster.network, forecaster.facts)
        program.state_dict["model.steps.bias"].add_(0.01)
    monkeypatch.setattr(exporting, "exported_program", lambda *_: program)
    forecaster = forecaster_of(Mixing)
    with pytest.raises(FailedRunError, match="largest difference is .*e-0[1-4] of the largest forecast"):
        export_forecaster(forecaster, path, file_format)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize(("model", "found"), [(Random, "random numbers"), (Batched, "batch")])
def test_models_that_cannot_be_exported_are_refused_in_a_line(tmp_path, model, found):
    with refuses(f"model {model.__name__}", found=("cannot be exported", found), fix="Forecaster.save") as caught:
        exported(tmp_path, forecaster_of(model), "torch")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 500
    assert not [*tmp_path.iterdir()]


@pytest.mark.parametrize("package", ["onnx", "onnxscript", "onnxruntime"])
def test_a_missing_package_is_named_before_any_work(tmp_path, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with refuses("format", found=package, fix="pip install 'basicts-elin[onnx]'"):
        exported(tmp_path, forecaster_of(Random), "onnx")
    assert exported(tmp_path, forecaster_of(Mixing), "torch").path.is_file()


def test_a_running_maximum_is_that_of_torch():
    for size in range(1, 18):
        values = torch.randint(-5, 50, (3, size, 4), generator=torch.Generator().manual_seed(size))
        assert running_maximum(values, 1)[0].equal(values.cummax(dim=1).values)


def test_the_reason_of_a_refusal_is_the_first_cause_in_a_line():
    inner = RuntimeError("no \x1b[96msuch\x1b[0m\noperator\nFor more information, read")
    outer = ValueError("long advice")
    outer.__cause__ = inner
    assert reason(outer) == "no such operator"
    assert len(reason(RuntimeError("word " * 500))) <= 300
