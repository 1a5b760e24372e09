"""The table `ca_meta.csv`, and the sensor of each row of the adjacency matrix. S: sensors of the table."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import numpy as np

from ...errors import UserError
from ..graphs.ids import plain_id, repeated
from ..io.damage import refusing_damage
from ..io.npy import map_array

if TYPE_CHECKING:
    import pandas as pd

_ID, _ROW, _DISTRICT = "ID", "ID2", "District"


@dataclass(frozen=True)
class SensorTable:
    """The sensors in the order of the table.

    Attributes:
        path: of the table.
        ids: S ids.
        districts: int64 [S], the district of each.
        rows: int64 [S], the row of each in the matrix of all sensors; None if the table has no such column.
    """

    path: Path
    ids: list[str]
    districts: np.ndarray
    rows: Optional[np.ndarray]

    def of(self, districts: Collection[int]) -> list[str]:
        """The ids of the sensors of these districts."""
        chosen = np.isin(self.districts, list(districts))
        return [name for name, is_there in zip(self.ids, chosen, strict=True) if is_there]

    def matrix_ids(self, adjacency: Path) -> list[str]:
        """The sensor id of each row of the matrix in an `.npy` file; "row <number>" for a sensor not in the table.

        The matrix has a row for each of all sensors, or for each sensor of the table: LargeST's table of a part keeps
        the row numbers of all sensors, but comes with a matrix of the part.

        Raises: UserError if the file is of another kind, or has neither number of rows.
        """
        expected = "the .npy matrix of the sensors"
        if adjacency.suffix.lower() != ".npy" or not adjacency.is_file():
            raise UserError("adjacency", adjacency, expected, "give ca_rn_adj.npy")
        with refusing_damage(adjacency, expected, field="adjacency"):
            size = map_array(adjacency).shape[0]
        if self.rows is not None and self.rows.max() < size:
            ids = [f"row {row}" for row in range(size)]
            for name, row in zip(self.ids, self.rows.tolist(), strict=True):
                ids[row] = name
            return ids
        if size != len(self.ids):
            found, expected = f"{size} rows in {adjacency}", f"{len(self.ids)}, the sensors of {self.path}"
            raise UserError("adjacency", found, expected, "give files that belong together")
        return self.ids


def read_sensors(path: Path) -> SensorTable:
    """Raises: UserError if the table lacks a column, or names a sensor or a row twice."""
    import pandas as pd

    if not path.is_file():
        raise UserError("meta", f"{path} does not exist", "ca_meta.csv", "correct the path")
    with refusing_damage(path, "a CSV file", field="meta"):
        table = pd.read_csv(path, dtype=str, skipinitialspace=True)
    missing = [name for name in (_ID, _DISTRICT) if name not in table]
    if missing or not len(table):
        found = f"{path} without {'a column ' + missing[0] if missing else 'rows'}"
        raise UserError("meta", found, f"the columns {_ID}, {_ROW}, {_DISTRICT}", "give ca_meta.csv")
    ids = [plain_id(str(name)) for name in table[_ID]]
    if repeated(ids) is not None:
        raise UserError("meta", f"sensor {repeated(ids)} twice in {path}", "each sensor once", "remove one of them")
    rows = _whole_numbers(table[_ROW], path) if _ROW in table else None
    if rows is not None and len(np.unique(rows)) < len(rows):
        twice = int(np.bincount(rows).argmax())
        raise UserError("meta", f"{_ROW} {twice} twice in {path}", "each row of the matrix once", "correct the table")
    return SensorTable(path, ids, _whole_numbers(table[_DISTRICT], path), rows)


def _whole_numbers(cells: "pd.Series", path: Path) -> np.ndarray:
    """int64 [S]. Raises: UserError for a cell that is no whole number of 0 or more."""
    texts = [plain_id(str(cell)) for cell in cells]
    wrong = next((row for row, text in enumerate(texts) if not (text.isascii() and text.isdecimal())), None)
    if wrong is not None:
        found = f"{cells.name} {cells.iloc[wrong]!r} in row {wrong} of {path}"
        raise UserError("meta", found, "a whole number of 0 or more", "correct the table")
    return np.array([int(text) for text in texts], dtype=np.int64)
