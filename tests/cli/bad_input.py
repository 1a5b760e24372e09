"""A folder with one sound input of each kind, the commands that take them, and the ways to break them."""

import json
import os
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import torch
from cli.commands import CFG, CONFIG
from data.small_series import FULL, NODES, SENSORS, dated_frame, save_h5, save_legacy, save_lines, save_npz
from tiny import NAME, Tiny, TinyConfig, write_dataset

NPZ = "prepare PEMS08 --raw raw/PEMS08.npz --out out"
H5 = "prepare METR-LA --raw raw/metr-la.h5 --out out"
OLD = "prepare PEMS08 --raw raw/old --out out"
MADE = "prepare SyntheticTraffic --nodes 4 --days 7 --out out"
TRAIN = f"train -c {CFG} -g cpu"
EVALUATE = f"evaluate -c {CFG} -ckpt run/Tiny.pt -g cpu"
REPORT = "report run --naive -o rows.csv"
COMMANDS = (NPZ, H5, OLD, MADE, TRAIN, EVALUATE, REPORT, "list")

DATASET = f"datasets/{NAME}"

# what a case breaks that has nothing to break
NOTHING = lambda: None  # noqa: E731


def fill(folder):
    """All that the commands take, sound."""
    raw, run = folder / "raw", folder / "run"
    raw.mkdir()
    run.mkdir()
    generator = np.random.default_rng(0)
    flow = generator.integers(1, 700, (FULL, NODES, 3)).astype(float)
    save_npz(raw / "PEMS08.npz", flow)
    save_h5(raw / "metr-la.h5", dated_frame())
    save_legacy(raw / "old", flow)
    np.save(raw / "graph.npy", np.eye(NODES))
    (raw / "graph.pkl").write_bytes(pickle.dumps((SENSORS, {}, np.eye(NODES))))
    save_lines(raw / "graph.csv", *[",".join(map(str, row)) for row in np.eye(NODES)])
    save_lines(raw / "edges.csv", "from,to,cost", "0,1,3.5", "2,3,1")
    save_lines(raw / "sensors.txt", *SENSORS)
    save_lines(raw / "ids.txt", "a", "b", "c", "d")
    write_dataset(folder)
    config = folder / CFG
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG)
    model = Tiny(TinyConfig(input_len=12, output_len=12))
    torch.save({"model_state_dict": model.state_dict()}, run / "Tiny.pt")
    metrics = {"MAE": 1.0, "RMSE": 2.0, "MAPE": 0.1}
    (run / "test_metrics.json").write_text(json.dumps({"overall": metrics, "horizon_12": metrics}))
    record = {
        "model": "Tiny",
        "dataset": NAME,
        "input_len": 12,
        "output_len": 12,
        "parameters": 156,
        "versions": {"torch": "2", "basicts": "1.1.0"},
        "epochs": [{"epoch": 1, "train_seconds": 1.0, "validation_seconds": 1.0}],
    }
    (run / "run.json").write_text(json.dumps(record))


class Runs:
    """Whoever unpickles it makes a folder where the command runs."""

    def __reduce__(self):
        return os.mkdir, ("it ran",)


def write(path, content=b"no such thing"):
    return lambda: Path(path).write_bytes(content)


def text(path, *lines):
    return lambda: save_lines(Path(path), *lines)


def cut(path, part=0.5):
    def breaks():
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[: int(len(content) * part)])

    return breaks


def gone(path):
    return lambda: shutil.rmtree(path) if Path(path).is_dir() else Path(path).unlink()


def folder_at(path):
    """A folder where a file is expected."""

    def breaks():
        Path(path).unlink(missing_ok=True)
        Path(path).mkdir()

    return breaks


def npz(change=lambda data: data, **save):
    """The raw .npz with other content."""

    def breaks():
        with np.load("raw/PEMS08.npz") as file:
            data = change(file["data"])
        np.savez("raw/PEMS08.npz", **{save.get("key", "data"): data})

    return breaks


def frame(change, **how):
    """The raw .h5 with another frame."""
    return lambda: save_h5(Path("raw/metr-la.h5"), change(dated_frame()), **how)


def h5(change):
    def breaks():
        with h5py.File("raw/metr-la.h5", "r+") as file:
            change(file)

    return breaks


def old(change):
    """The values of the BasicTS 0.5 folder, changed in place."""

    def breaks():
        data = np.memmap("raw/old/data.dat", dtype=np.float32, mode="r+", shape=(FULL, NODES, 3))
        change(data)
        data.flush()

    return breaks


def array(change, part="val", kind="data"):
    """One of the prepared arrays, changed."""

    def breaks():
        file = f"{DATASET}/{part}_{kind}.npy"
        np.save(file, change(np.load(file)), allow_pickle=True)

    return breaks


def archive(path):
    """An .npz under another name."""

    def breaks():
        np.savez("archive.npz", np.eye(4))
        os.replace("archive.npz", path)

    return breaks


def put(row, column, value):
    """A copy of an array with another value at one place."""

    def change(data):
        data = data.copy()
        data[row, column] = value
        return data

    return change


def put_in_place(place, value):
    def change(data):
        data[place] = value

    return change


def pickled(path, content=None):
    return lambda: Path(path).write_bytes(pickle.dumps(Runs() if content is None else content))


def saved(path, content):
    return lambda: torch.save(content() if callable(content) else content, path)


def json_with(path, **changes):
    """A JSON file with other values; one that is ... goes."""

    def breaks():
        content = json.loads(Path(path).read_text()) | changes
        Path(path).write_text(json.dumps({key: value for key, value in content.items() if value is not ...}))

    return breaks


def config(*lines, head=CONFIG):
    return text("other.py", head, *lines)


def tree(folder="."):
    """Everything in a folder, but for what Python keeps beside what it imports."""
    paths = [path for path in sorted(Path(folder).rglob("*")) if "__pycache__" not in path.parts]
    return {path: path.read_bytes() if path.is_file() else None for path in paths}
