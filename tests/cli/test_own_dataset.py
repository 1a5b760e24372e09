"""Every command works on a folder that the catalogue does not know, and on BasicTS's own ones."""

import csv
import json

import numpy as np
import pytest
from cli.commands import paths
from tiny import DIMS, NODES, STEPS, write_dataset

from basicts_elin.cli import main
from basicts_elin.data.layout import PARTS

CONFIG = """
from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(**{dims}), "{name}", num_epochs=1)
"""


def hourly(workplace, *, missing=0.0):
    """A folder as BasicTS's ETTh1: hours, four timestamp columns, values below 0, NaN for missing ones."""
    folder = write_dataset(workplace, "ETTh1", zeros=False, steps_per_day=24)
    for seed, part in enumerate(PARTS):
        values, stamps = (np.load(folder / f"{part}_{kind}.npy") for kind in ("data", "timestamps"))
        values = values - 250
        values[np.random.default_rng(seed).random(values.shape) < missing] = np.nan
        np.save(folder / f"{part}_data.npy", values)
        rest = np.full((len(stamps), 2), 0.99, np.float32)
        np.save(folder / f"{part}_timestamps.npy", np.concatenate([stamps, rest], axis=1))
    meta = json.loads((folder / "meta.json").read_text())
    del meta["start"]
    meta["domain"] = "electricity transformer temperature"
    meta["timestamps_description"] = ["time of day", "day of week", "day of month", "day of year"]
    meta["regular_settings"] |= {"norm_each_channel": True, "metrics": ["MAE", "MSE"], "null_val": float("nan")}
    (folder / "meta.json").write_text(json.dumps(meta))
    return folder


def train(workplace, capsys, name):
    (workplace / "config.py").write_text(CONFIG.format(dims=DIMS, name=name))
    assert main(["train", "-c", "config.py", "-g", "cpu", "--save-predictions"]) == 0
    return paths(capsys.readouterr().out)["checkpoint"]


def assert_works(checkpoint, name, capsys):
    """evaluate and report give the metrics of the training."""
    metrics = json.loads((checkpoint.parent / "test_metrics.json").read_text())
    assert np.isfinite(metrics["overall"]["MAE"])
    assert main(["evaluate", "-c", "config.py", "-ckpt", str(checkpoint), "-g", "cpu"]) == 0
    evaluated = paths(capsys.readouterr().out)["metrics"]
    assert json.loads(evaluated.read_text()) == metrics
    assert main(["report", str(checkpoint.parent), "--naive", "-o", "rows.csv"]) == 0
    with open("rows.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["dataset"] for row in rows} == {name}
    assert {"last value", "historical average"} <= {row["model"] for row in rows}


def test_a_dataset_that_the_catalogue_does_not_know(workplace, capsys):
    write_dataset(workplace, "MyCity")
    assert_works(train(workplace, capsys, "MyCity"), "MyCity", capsys)
    assert main(["list"]) == 0
    assert "MyCity" in capsys.readouterr().out


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_a_dataset_of_basicts_with_four_timestamp_columns(workplace, capsys, missing):
    folder = hourly(workplace, missing=missing)
    checkpoint = train(workplace, capsys, "ETTh1")
    assert_works(checkpoint, "ETTh1", capsys)
    with np.load(checkpoint.parent / "predictions.npz") as saved:
        assert np.isfinite(saved["prediction"]).all()
        test = np.load(folder / "test_data.npy")
        np.testing.assert_array_equal(saved["mask"][:, 0], ~np.isnan(test[STEPS : -STEPS + 1]))
        assert np.isnat(saved["times"]).all() and len(saved["node_names"]) == NODES


def test_the_model_takes_nodes_and_interval_from_the_folder(workplace, capsys):
    hourly(workplace)
    (workplace / "config.py").write_text(CONFIG.format(dims=DIMS, name="ETTh1"))
    assert main(["train", "-c", "config.py", "--print-config"]) == 0
    printed = capsys.readouterr().out
    assert (
        "num_time_in_day = 24\n" in printed and f"num_features = {NODES}\n" in printed and "null_val = nan" in printed
    )
