"""Small raw files in the layouts of the public ones, and what the tests of the preparation ask again and again."""

import json

import numpy as np
import pytest

from basicts_elin.data.prepare import prepare_dataset
from basicts_elin.errors import UserError

FULL, TAIL_START, NODES = 3000, 1800, 4
FILES = {f"{part}_{kind}.npy" for part in ("train", "val", "test") for kind in ("data", "timestamps")} | {"meta.json"}


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


def load(folder, kind):
    return np.concatenate([np.load(folder / f"{part}_{kind}.npy") for part in ("train", "val", "test")])


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def refusal(*args, **kwargs):
    """The message of the refusal; a command prints it as one line."""
    with pytest.raises(UserError) as error:
        prepare_dataset(*args, **kwargs)
    message = str(error.value)
    assert "\n" not in message
    return message
