"""A table of times and sensors, written in every format."""

import numpy as np


def long(frame):
    rows = frame.rename_axis("ds").reset_index().melt("ds", var_name="unique_id", value_name="y")
    return rows[["unique_id", "ds", "y"]]


# how a table is written, by the ending of its file
WRITERS = {
    "csv": lambda frame, path: frame.to_csv(path, index_label="time"),
    "tsv": lambda frame, path: frame.to_csv(path, index_label="time", sep="\t"),
    "csv.gz": lambda frame, path: frame.to_csv(path, index_label="time"),
    "parquet": lambda frame, path: frame.to_parquet(path),
    "feather": lambda frame, path: frame.rename_axis("time").reset_index().to_feather(path),
    "h5": lambda frame, path: frame.to_hdf(path, key="data"),
    "hdf5": lambda frame, path: frame.to_hdf(path, key="data", format="table"),
    "npz": lambda frame, path: np.savez(path, data=frame.to_numpy(), ids=[*frame], times=frame.index.to_numpy()),
    "long.csv": lambda frame, path: long(frame).to_csv(path, index=False),
    "long.parquet": lambda frame, path: long(frame).to_parquet(path),
}
