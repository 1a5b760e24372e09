"""Results and run folders with made-up figures: nothing here was measured."""

import json

from basicts_elin.results.schema import Result

RECORD = {
    "config": "baselines_cfg/M/Tiny.py",
    "model": "M",
    "dataset": "Tiny",
    "parameters": 156,
    "seed": 42,
    "num_epochs": 3,
    "input_len": 12,
    "output_len": 12,
    "interval_minutes": 5,
    "unit": "vehicles",
    "nodes": 5,
    "batch_size": 16,
    "train_windows": 73,
    "device": "cpu",
    "versions": {"python": "3.11.9", "basicts-elin": "0.1.0", "basicts": "1.1.0", "torch": "2.13.0"},
    "commit": "abc1234",
    "hardware": "A Processor, 1 threads",
    "epochs": [
        {"epoch": 1, "train_seconds": 3.0, "validation_seconds": 0.5, "is_best": True},
        {"epoch": 2, "train_seconds": 1.0, "validation_seconds": 0.4, "is_best": True},
        {"epoch": 3, "train_seconds": 1.5, "validation_seconds": 0.6, "is_best": False},
    ],
    "peak_memory_mib": 300.5,
    "peak_reserved_mib": None,
}
METRICS = {
    name: {"MAE": value, "RMSE": 2 * value, "MAPE": value / 100}
    for name, value in (("overall", 15.0), ("horizon_3", 14.0), ("horizon_6", 15.0), ("horizon_12", 16.0))
}


def write_run(folder, record=None, metrics=METRICS, config=None):
    """A run's files. metrics None: the run is not finished."""
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(json.dumps({**RECORD, **(record or {})}))
    if metrics:
        (folder / "test_metrics.json").write_text(json.dumps(metrics))
    if config:
        (folder / "cfg.json").write_text(json.dumps(config))
    return folder


def result(model, dataset="PEMS08", seed=42, mae=15.0, **others):
    """The result of a finished run: RMSE twice the MAE, MAPE half of it, a little more at later horizons."""
    metrics = {
        str(horizon): {"MAE": mae + horizon / 10, "RMSE": 2 * mae + horizon / 10, "MAPE": mae / 2}
        for horizon in (3, 6, 12)
    }
    metrics["overall"] = {"MAE": mae, "RMSE": 2 * mae, "MAPE": mae / 2}
    facts = {
        "metrics": metrics,
        "interval_minutes": 5,
        "unit": "vehicles per 5 minutes",
        "parameters": 1000,
        "nodes": 170,
        "batch_size": 16,
        "train_windows": 10690,
        "num_epochs": 100,
        "seconds_per_epoch": 50.0,
        "peak_memory_mib": 1000.0,
        "epochs": 100,
        "hardware": "H200",
        "device": "1 GPU",
        "torch": "2.13.0",
        "commit": "abc1234",
    }
    return Result(model, dataset, seed=seed, **facts | others)


def failed(model, dataset="PEMS08", seed=42, num_epochs=None, reason="no memory", **others):
    """The result of a run that has none."""
    return Result(model, dataset, seed=seed, num_epochs=num_epochs, reason=reason, **others)
