"""A dataset as BasicTS 1.1 writes its long-horizon ones (ETTh1, Weather, ...), small."""

import json
from pathlib import Path

import numpy as np

ETT, CHANNELS = "SmallETT", 7
_START, _HOURS = np.datetime64("2016-07-01T00", "h"), 4200


def write_long_horizon(root, name=ETT, gaps=True):
    """Hourly values of seven channels of different size, some missing if `gaps`; four timestamp columns, no graph."""
    folder = Path(root) / "datasets" / name
    folder.mkdir(parents=True)
    dates = _START + np.arange(_HOURS)
    day, month, year = (dates.astype(f"datetime64[{unit}]") for unit in "DMY")
    generator = np.random.default_rng(0)
    waves = np.sin(2 * np.pi * np.arange(_HOURS)[:, None] / 24 + np.arange(CHANNELS))
    values = (waves + 0.3 * generator.standard_normal(waves.shape) - 0.5) * 10.0 ** np.arange(-3, 4)
    if gaps:
        values[generator.random(values.shape) < 0.05] = np.nan
        values[:900, 2] = np.nan
    columns = [
        (dates - day).astype(int) / 24,
        (day.astype(int) + 3) % 7 / 7,
        (day - month).astype(int) / 31,
        (day - year).astype(int) / 366,
    ]
    stamps = np.stack(columns, axis=1)
    cuts = [int(_HOURS * 0.6), int(_HOURS * 0.6) + int(_HOURS * 0.2)]
    for part, rows, times in zip(("train", "val", "test"), np.split(values, cuts), np.split(stamps, cuts), strict=True):
        np.save(folder / f"{part}_data.npy", rows.astype(np.float32))
        np.save(folder / f"{part}_timestamps.npy", times.astype(np.float32))
    meta = {
        "name": name,
        "domain": "electricity transformer temperature",
        "frequency (minutes)": 60,
        "shape": list(values.shape),
        "timestamps_shape": list(stamps.shape),
        "timestamps_description": ["time of day", "day of week", "day of month", "day of year"],
        "num_time_steps": _HOURS,
        "num_vars": CHANNELS,
        "has_graph": False,
        "regular_settings": {
            "train_val_test_ratio": [0.6, 0.2, 0.2],
            "norm_each_channel": True,
            "rescale": False,
            "metrics": ["MAE", "MSE"],
            "null_val": float("nan"),
        },
    }
    (folder / "meta.json").write_text(json.dumps(meta, indent=4))
    return folder
