"""One table, written as a file of every kind."""

import gzip
import zipfile

import h5py
import numpy as np
import pandas as pd


def wide_frame(values, columns, start="2024-01-01", freq="15min"):
    """Dates x sensors."""
    return pd.DataFrame(values, pd.date_range(start, periods=len(values), freq=freq), columns)


def long_frame(frame):
    """Nixtla's layout: unique_id, ds, y; all rows of a sensor below each other."""
    rows = frame.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    return rows[["unique_id", "ds", "y"]]


def _csv(**how):
    return lambda path, frame: frame.to_csv(path, **how)


def _zip(path, frame):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("series.csv", frame.to_csv(index_label="time"))


def _gzip(path, frame):
    path.write_bytes(gzip.compress(frame.to_csv().encode()))


def _hdf(**how):
    return lambda path, frame: frame.to_hdf(path, key="speed", mode="w", **how)


def _npz(path, frame):
    np.savez_compressed(
        path, data=frame.to_numpy()[..., None], times=frame.index.to_numpy(), ids=np.array(list(map(str, frame)))
    )


def _plain_hdf(path, frame):
    with h5py.File(path, "w") as file:
        file["flow"] = frame.to_numpy()
        file["ids"] = [str(name) for name in frame.columns]


# name of the file: how a frame, dates x sensors, is written to it
WIDE = {
    "plain.csv": _csv(),
    "named.csv": _csv(index_label="date"),
    "windows.csv": _csv(sep=";", decimal=",", encoding="utf-16", lineterminator="\r\n"),
    "bom.csv": _csv(encoding="utf-8-sig"),
    "tab.tsv": _csv(sep="\t"),
    "pipe.txt": _csv(sep="|"),
    "quoted.csv": _csv(quoting=1),
    "numbered.csv": lambda path, frame: frame.rename_axis("time").reset_index().to_csv(path),
    "packed.csv.gz": _gzip,
    "packed.csv.xz": _csv(),
    "packed.zip": _zip,
    "index.parquet": lambda path, frame: frame.to_parquet(path),
    "column.parquet": lambda path, frame: frame.rename_axis("t").reset_index().to_parquet(path, row_group_size=7),
    "texts.parquet": lambda path, frame: frame.set_index(frame.index.astype(str)).to_parquet(path),
    "plain.feather": lambda path, frame: frame.rename_axis("ds").reset_index().to_feather(path),
    "fixed.h5": _hdf(),
    "zlib.h5": _hdf(complevel=5, complib="zlib"),
    "table.h5": _hdf(format="table"),
    "columns.h5": _hdf(format="table", data_columns=True),
    "array.npz": _npz,
}
LONG = {
    "long.csv": lambda path, frame: long_frame(frame).to_csv(path, index=False),
    "long_index.csv": lambda path, frame: long_frame(frame).to_csv(path),
    "long.parquet": lambda path, frame: long_frame(frame).to_parquet(path),
    "categories.parquet": lambda path, frame: long_frame(frame).astype({"unique_id": "category"}).to_parquet(path),
    "long.feather": lambda path, frame: long_frame(frame).to_feather(path),
    "long.h5": lambda path, frame: long_frame(frame).to_hdf(path, key="d", format="table"),
}
# without times
BARE = {
    "array.npy": lambda path, frame: np.save(path, frame.to_numpy()),
    "fortran.npy": lambda path, frame: np.save(path, np.asfortranarray(frame.to_numpy())),
    "only.npz": lambda path, frame: np.savez(path, flow=frame.to_numpy(), graph=np.eye(frame.shape[1])),
    "plain.h5": _plain_hdf,
    "blanks.txt": lambda path, frame: np.savetxt(path, frame.to_numpy()),
}
