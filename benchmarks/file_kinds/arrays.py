"""Arrays of numpy, HDF5 files, and folders of BasicTS."""

import json
import pickle
from pathlib import Path

import h5py
import numpy as np

from basicts_elin.data.dataset import Dataset

from .kind import START, kind, table

GROUP = "An array, or HDF5"
TIMES = ("--start", START, "--freq", "1h")
VALUES = table().to_numpy()


def _is_of_berlin(dataset: Dataset, summary: str) -> None:
    assert dataset.timezone == "Europe/Berlin"


@kind(GROUP, "`.npy` [rows, sensors], with the time of the first row", *TIMES)
def _(folder: Path) -> str:
    np.save("data.npy", VALUES)
    return "data.npy"


@kind(GROUP, "`.npy` without a time: rows are counted from 00:00 of day 0", "--freq", "1h")
def _(folder: Path) -> str:
    np.save("data.npy", VALUES.astype(np.float32))
    return "data.npy"


@kind(GROUP, "`.npy` without a time or an interval", refused=("freq", "--start"))
def _(folder: Path) -> str:
    np.save("data.npy", VALUES)
    return "data.npy"


@kind(GROUP, "`.npy` of integers", *TIMES, values=np.arange(720).reshape(240, 3))
def _(folder: Path) -> str:
    np.save("data.npy", np.arange(720).reshape(240, 3))
    return "data.npy"


@kind(GROUP, "`.npy` [rows, sensors, channels]: the first channel", *TIMES)
def _(folder: Path) -> str:
    np.save("data.npy", np.stack([VALUES, VALUES + 1, VALUES * 2], axis=-1))
    return "data.npy"


@kind(GROUP, "`.npy` [rows, sensors, channels], channel 2", *TIMES, "--channel", "2")
def _(folder: Path) -> str:
    np.save("data.npy", np.stack([VALUES * 2, VALUES + 1, VALUES], axis=-1))
    return "data.npy"


@kind(GROUP, "`.npy` without such a channel", *TIMES, "--channel", "7", refused=("channel", "7"))
def _(folder: Path) -> str:
    np.save("data.npy", np.stack([VALUES, VALUES], axis=-1))
    return "data.npy"


@kind(GROUP, "`.npy` of Python objects", *TIMES, refused=("file", "data.npy", "objects"))
def _(folder: Path) -> str:
    np.save("data.npy", VALUES.astype(object), allow_pickle=True)
    return "data.npy"


@kind(GROUP, "`.npy` [sensors, rows]", *TIMES, refused=("rows", "3 rows", "transposed"))
def _(folder: Path) -> str:
    np.save("data.npy", VALUES.T)
    return "data.npy"


@kind(GROUP, "`.npy` of one dimension", *TIMES, refused=("file", "[240]"))
def _(folder: Path) -> str:
    np.save("data.npy", VALUES[:, 0])
    return "data.npy"


@kind(GROUP, "`.npy` cut off", *TIMES, refused=("file", "data.npy"))
def _(folder: Path) -> str:
    np.save("data.npy", VALUES)
    content = Path("data.npy").read_bytes()
    Path("data.npy").write_bytes(content[:1000])
    return "data.npy"


@kind(GROUP, "`.npz` with one array that can be a series", *TIMES)
def _(folder: Path) -> str:
    np.savez("data.npz", flow=VALUES, names=np.array(["a", "b", "c"]), version=np.array(3))
    return "data.npz"


@kind(GROUP, "`.npz` with several", *TIMES, refused=("file", "flow", "speed", "--key"))
def _(folder: Path) -> str:
    np.savez("data.npz", flow=VALUES, speed=VALUES + 1)
    return "data.npz"


@kind(GROUP, "`.npz` with several, one chosen", *TIMES, "--key", "speed")
def _(folder: Path) -> str:
    np.savez("data.npz", flow=VALUES + 1, speed=VALUES)
    return "data.npz"


@kind(GROUP, "`.npz` that is no archive", *TIMES, refused=("file", "data.npz"))
def _(folder: Path) -> str:
    Path("data.npz").write_bytes(b"not an archive")
    return "data.npz"


@kind(GROUP, "`.h5` of pandas, fixed format")
def _(folder: Path) -> str:
    table().to_hdf("data.h5", key="flow")
    return "data.h5"


@kind(GROUP, "`.h5` of pandas, table format")
def _(folder: Path) -> str:
    table().to_hdf("data.h5", key="flow", format="table")
    return "data.h5"


@kind(GROUP, "`.h5` of pandas with a time zone", check=_is_of_berlin)
def _(folder: Path) -> str:
    table().tz_localize("Europe/Berlin").to_hdf("data.h5", key="flow")
    return "data.h5"


@kind(GROUP, "`.h5` of pandas with several frames", refused=("file", "flow", "speed", "--key"))
def _(folder: Path) -> str:
    table().to_hdf("data.h5", key="flow")
    table().to_hdf("data.h5", key="speed")
    return "data.h5"


@kind(GROUP, "`.h5` of pandas with several frames, one chosen", "--key", "speed")
def _(folder: Path) -> str:
    (table() + 1).to_hdf("data.h5", key="flow")
    table().to_hdf("data.h5", key="speed")
    return "data.h5"


@kind(GROUP, "`.h5` with a plain array", *TIMES)
def _(folder: Path) -> str:
    with h5py.File("data.h5", "w") as file:
        file["flow"] = VALUES
    return "data.h5"


@kind(GROUP, "`.h5` that is another file", refused=("file", "data.h5"))
def _(folder: Path) -> str:
    Path("data.h5").write_bytes(b"not HDF5")
    return "data.h5"


@kind(GROUP, "a folder of BasicTS 0.5", values=np.nan_to_num(VALUES))
def _(folder: Path) -> str:
    rows = np.arange(len(VALUES))
    data = np.zeros((*VALUES.shape, 3), np.float32)
    data[..., 0] = np.nan_to_num(VALUES)
    data[..., 1] = (rows % 24 / 24)[:, None]
    data[..., 2] = (rows // 24 % 7 / 7)[:, None]
    Path("old").mkdir()
    data.tofile("old/data.dat")
    Path("old/desc.json").write_text(json.dumps({"shape": data.shape}))
    return "old"


@kind(GROUP, "a pickle", refused=("file", "data.pkl"))
def _(folder: Path) -> str:
    Path("data.pkl").write_bytes(pickle.dumps(table()))
    return "data.pkl"
