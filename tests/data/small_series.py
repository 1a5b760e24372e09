"""Small raw files in the layouts of the public ones, and helpers of the tests of the preparation."""

import json
import os

import numpy as np
import pandas as pd

FULL, TAIL_START, NODES = 3000, 1800, 4
SENSORS = ["773869", "767541", "767542", "717447"]
MORE_SENSORS = ["1", "2", *SENSORS[:2], "3", *SENSORS[2:]]
# rows of the dated series without gaps: the clock change of 2012-03-11 02:00, and three more
CLOCK_CHANGE, GAP = slice(2904, 2916), slice(500, 503)
FILES = {f"{part}_{kind}.npy" for part in ("train", "val", "test") for kind in ("data", "timestamps")}
FILES |= {"meta.json", "quality.json"}

# what the preparation adds to the keys that BasicTS's own download has
OURS = ("start", "gaps", "first_row", "source", "node_names")


def save_npz(path, data, key="data"):
    np.savez(path, **{key: data})
    return path


def save_legacy(folder, flow, graph=None):
    """A folder of BasicTS 0.5 whose time of day starts at step 7 and whose week starts at day 3."""
    index = np.arange(len(flow)) + 3 * 288 + 7
    data = np.empty((len(flow), flow.shape[1], 3), dtype=np.float32)
    data[..., 0] = flow[..., 0]
    data[..., 1] = (index % 288 / 288)[:, None]
    data[..., 2] = (index // 288 % 7 / 7)[:, None]
    folder.mkdir()
    data.tofile(folder / "data.dat")
    (folder / "desc.json").write_text(json.dumps({"name": folder.name, "shape": list(data.shape)}))
    if graph is not None:
        (folder / "adj_mx.pkl").write_bytes(graph)
    return folder


def dated_frame(missing=(), columns=SENSORS, num_rows=FULL):
    """Dates x sensors from 2012-03-01 on, without the slices of rows in `missing`."""
    absent = np.concatenate([np.arange(gap.start, gap.stop) for gap in missing]) if missing else np.arange(0)
    dates = pd.date_range("2012-03-01", periods=num_rows + len(absent), freq="5min").delete(absent)
    values = np.arange(num_rows * len(columns), dtype=np.float64).reshape(num_rows, len(columns)) % 701 + 1
    return pd.DataFrame(values, dates, columns)


def save_h5(path, frame, key="speed", **how):
    frame.to_hdf(path, key=key, mode="w", **how)
    return path


def save_lines(path, *lines):
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


class Executed:
    """Whoever unpickles it makes the folder `mark`."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def meta_of(folder):
    return json.loads((folder / "meta.json").read_text())


def change_meta(folder, without=(), **changes):
    meta = {key: value for key, value in (meta_of(folder) | changes).items() if key not in without}
    (folder / "meta.json").write_text(json.dumps(meta))


def load(folder, kind):
    return np.concatenate([np.load(folder / f"{part}_{kind}.npy") for part in ("train", "val", "test")])


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def nothing_written(out):
    return not out.exists()
