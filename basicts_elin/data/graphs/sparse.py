"""Scipy's sparse matrices in `.npz` files, without scipy."""

from collections.abc import Collection, Mapping

import numpy as np

FORMATS = ("csr", "csc", "coo", "dia")


def is_sparse(names: Collection[str]) -> bool:
    """Whether the arrays of these names are those that `scipy.sparse.save_npz` writes."""
    return {"format", "shape", "data"} <= set(names)


def to_dense(arrays: Mapping[str, np.ndarray]) -> np.ndarray:
    """The matrix [N, M], in the type of its data. Entries at the same place are added, as scipy does.

    Raises: ValueError if the format is unknown, or the arrays do not describe a matrix.
    """
    kind = arrays["format"].item()
    kind = kind.decode() if isinstance(kind, bytes) else str(kind)
    if kind not in FORMATS:
        raise ValueError(f"sparse format {kind!r}, expected one of {', '.join(FORMATS)}")
    num_rows, num_columns = (int(size) for size in arrays["shape"])
    data = arrays["data"]
    matrix = np.zeros((num_rows, num_columns), data.dtype)
    if kind == "dia":
        for offset, diagonal in zip(arrays["offsets"].tolist(), data, strict=True):
            # the entry of column j is at place j of the diagonal
            columns = np.arange(max(0, offset), min(num_columns, num_rows + offset, len(diagonal)))
            matrix[columns - offset, columns] += diagonal[columns]
        return matrix
    if kind == "coo":
        rows, columns = arrays["row"], arrays["col"]
    else:
        counts = np.diff(arrays["indptr"])
        rows, columns = np.repeat(np.arange(len(counts)), counts), arrays["indices"]
        if kind == "csc":
            rows, columns = columns, rows
    for places, size in ((rows, num_rows), (columns, num_columns)):
        if len(places) != len(data) or (len(places) and (places.min() < 0 or places.max() >= size)):
            raise ValueError(
                f"{len(places)} places for {len(data)} entries, or places outside of [{num_rows}, {num_columns}]"
            )
    np.add.at(matrix, (rows, columns), data)
    return matrix
