"""Which files a dataset of LargeST is made of."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...errors import UserError
from ..catalog import DatasetFacts
from .sensors import SensorTable, read_sensors


@dataclass(frozen=True)
class LargestFiles:
    """The files of a dataset.

    Attributes:
        series: the `.h5` file, dates x sensors.
        sensors: the table of the sensors.
        adjacency: the matrix; None if it is not given.
    """

    series: Path
    sensors: SensorTable
    adjacency: Optional[Path]


def find_files(facts: DatasetFacts, raw: Path, meta: Optional[Path], adjacency: Optional[Path]) -> LargestFiles:
    """The files that the user named, or those in a folder `raw` by the names of BasicTS 0.5.

    Raises: UserError if one that is needed is missing.
    """
    if raw.is_dir():
        name = facts.name
        series, matrix = raw / f"{name}.h5", raw / f"adj_{name}.npy"
        if not series.is_file():
            expected = f"{name}.h5, adj_{name}.npy and meta_{name}.csv, or data.dat and desc.json"
            raise UserError("file", f"{raw} without {name}.h5", expected, f"get the files from {facts.source}")
        meta = meta or raw / f"meta_{name}.csv"
        adjacency = adjacency or (matrix if matrix.is_file() else None)
        raw = series
    if meta is None:
        expected = "ca_meta.csv, which names the sensors of each district"
        raise UserError("meta", f"missing, but {raw} needs it", expected, "add --meta ca_meta.csv")
    return LargestFiles(raw, read_sensors(Path(meta)), None if adjacency is None else Path(adjacency))
