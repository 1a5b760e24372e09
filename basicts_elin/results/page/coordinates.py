"""Where sensors are, from a table. N sensors."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ...data.graphs.ids import plain_id
from ...errors import UserError, one_line

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = {
    "sensor": ("sensor", "sensor_id", "id", "unique_id", "station", "station_id", "detector", "node", "node_id"),
    "latitude": ("latitude", "lat"),
    "longitude": ("longitude", "lon", "lng", "long"),
}
_LARGEST = {"latitude": 90, "longitude": 180}


def read_coordinates(path: Path, sensors: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Latitudes and longitudes float64 [N], NaN of sensors that the table lacks.

    Raises: UserError if the table has no such columns, none of the sensors or one of them twice, or what is no place.
    """
    import pandas as pd

    if not path.is_file():
        raise UserError("coordinates", f"{path} does not exist", "a CSV file", "correct the path")
    try:
        table = pd.read_csv(path, sep=None, engine="python", dtype=str)
    except Exception as error:
        # pandas raises many types for files that are no tables
        raise UserError("coordinates", f"{path} cannot be read ({one_line(error)})", "a CSV file") from error
    by_name = {str(name).strip().lower(): name for name in table.columns}
    found = {}
    for kind, names in _COLUMNS.items():
        chosen = next((by_name[name] for name in names if name in by_name), None)
        if chosen is None:
            raise UserError("coordinates", f"the columns {', '.join(by_name)} of {path}", f"a column {kind}")
        found[kind] = table[chosen]
    numbers = [_degrees(path, kind, found[kind], largest) for kind, largest in _LARGEST.items()]
    ids = [plain_id(str(name).strip()) for name in found["sensor"]]
    place = {name: row for row, name in enumerate(ids)}
    if len(place) < len(ids):
        twice = next(name for row, name in enumerate(ids) if place[name] != row)
        raise UserError("coordinates", f"sensor {twice} twice in {path}", "each sensor once", "remove one of them")
    rows = np.array([place.get(plain_id(sensor), -1) for sensor in sensors])
    if (rows < 0).all():
        example = found["sensor"].iloc[0] if len(table) else "none"
        raise UserError("coordinates", f"other sensors in {path}, such as {example}", f"sensors such as {sensors[0]}")
    latitude, longitude = (np.where(rows >= 0, values[rows], np.nan) for values in numbers)
    return latitude, longitude


def _degrees(path: Path, kind: str, cells: "pd.Series", largest: int) -> np.ndarray:
    """float64, NaN of empty cells."""
    import pandas as pd

    values = pd.to_numeric(cells.str.strip().str.replace(",", "."), errors="coerce").to_numpy(float)
    wrong = cells.notna().to_numpy() & ~(np.abs(values) <= largest)
    if wrong.any():
        row = int(wrong.argmax())
        found = f"{kind} {cells.iloc[row]!r} in row {row} of {path}"
        raise UserError("coordinates", found, f"degrees from -{largest} to {largest}", "correct it, or leave it empty")
    return values
