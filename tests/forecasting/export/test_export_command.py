"""`basicts-elin export`, and the example of the page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from docs.pages import ROOT, blocks
from forecasting.export.exported import STEPS, Clocked, forecaster_of
from tiny import NODES, ours

from basicts_elin import Forecaster, cli
from basicts_elin.forecasting.export.command import CHOICES
from basicts_elin.forecasting.export.exporting import export_forecaster
from basicts_elin.forecasting.export.formats import FORMATS
from basicts_elin.training.launch.launcher import launch_training

FIRST, STEP = pd.Timestamp("2024-02-29 23:00"), pd.Timedelta(minutes=5)


def test_the_command_knows_the_formats_and_their_suffixes():
    assert {name: kind.suffix for name, kind in FORMATS.items()} == CHOICES


def test_a_run_a_checkpoint_and_a_saved_forecaster_are_exported(tiny, capsys):
    folder = launch_training(ours(norm_each_channel=True, missing_inputs="last"))
    (checkpoint,) = folder.glob("*_best_*.pt")
    saved = Forecaster.load(folder).save(tiny / "saved")
    capsys.readouterr()
    for source in (folder, checkpoint, saved):
        assert cli.main(["export", str(source), "--format", "torch"]) == 0, capsys.readouterr().err
        printed = capsys.readouterr().out
        assert "Tiny_Tiny.pt2" in printed and f"[batch, {STEPS}, {NODES}]" in printed
    program = torch.export.load("Tiny_Tiny.pt2").module()
    values = torch.rand(2, STEPS, NODES) * 300
    stamps = torch.zeros(2, STEPS, 2)
    with torch.inference_mode():
        expected = Forecaster.load(folder).network(values, stamps, stamps)
        torch.testing.assert_close(program(values, stamps, stamps), expected)


def test_errors_are_a_line(tiny, capsys):
    assert cli.main(["export", "none", "--format", "onnx"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.fixture
def city(tmp_path, monkeypatch):
    """The files of the page's example, of a model without training: counts.csv, city.onnx and city.pt2."""
    monkeypatch.chdir(tmp_path)
    names = ["d", "a", "c", "b"]
    forecaster = forecaster_of(Clocked, len(names), node_names=names, weekday_offset=3, null_val=None)
    for kind, path in (("onnx", "city.onnx"), ("torch", "city.pt2")):
        export_forecaster(forecaster, Path(path), kind)
    values = np.random.default_rng(0).uniform(100, 300, (2 * STEPS, len(names)))
    values[-3, 1] = np.nan
    index = pd.date_range(FIRST, periods=len(values), freq=STEP, name="time")
    table = pd.DataFrame(values, index, sorted(names))
    table.to_csv("counts.csv")
    return forecaster, table


def test_the_example_of_the_page_forecasts_what_the_forecaster_does(city):
    forecaster, table = city
    example, other = [block for block in blocks(ROOT / "docs" / "exports.md") if block.language == "python"][1:]
    names = {}
    exec(example.text, names)
    expected = forecaster.predict(table)
    pd.testing.assert_frame_equal(
        names["forecast"],
        expected[names["forecast"].columns],
        rtol=1e-5,
        check_freq=False,
        check_names=False,
        check_index_type=False,
    )
    exec(other.text, names)
    columns = list(forecaster.facts.node_names)
    np.testing.assert_allclose(names["same"][0].numpy(), expected[columns].to_numpy(), rtol=1e-5)
