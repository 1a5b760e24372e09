"""The series in a DataFrame. T rows, N sensors."""

from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union

import numpy as np

from ...errors import UserError
from .options import NO_OPTIONS, ReadOptions
from .raw import RawSeries, to_float32
from .tables.column import NUMBER, TEXT, TIME, Column, needs_sample
from .tables.labels import Coder, Label
from .tables.table import Content, read_table
from .tables.times_text import is_time

if TYPE_CHECKING:
    import pandas as pd

_SAMPLE = 100
# how messages name a frame
FRAME = Path("DataFrame")


def read_frame(frame: "pd.DataFrame", options: ReadOptions = NO_OPTIONS) -> RawSeries:
    """The series of a frame.

    Wide: a DatetimeIndex, or a column of times, and a column of numbers for each sensor. Long: columns of times, sensor
    ids and values.

    Raises: UserError if it is not certain which column is what, or a cell is not what its column needs.
    """
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        raise UserError("frame", f"a {type(frame).__name__}", "a pandas DataFrame")
    if not len(frame) or not len(frame.columns):
        raise UserError("frame", f"{len(frame)} rows x {len(frame.columns)} columns", "a row for each time")
    if not isinstance(frame.index, pd.DatetimeIndex):
        return read_table(FrameTable(frame), options)
    if not all(map(_is_number, set(frame.dtypes))):
        # a long table whose times are its index
        name = frame.index.name or "time"
        return read_table(FrameTable(frame.rename_axis(name).reset_index()), options)
    times, zone = _times(frame.index)
    values = to_float32(frame.to_numpy(np.float64, na_value=np.nan))
    return RawSeries(values, times, zone, node_names=[str(name) for name in frame.columns])


class FrameTable:
    """A frame whose times are a column, see `tables.table.Table`."""

    def __init__(self, frame: "pd.DataFrame"):
        self.path = FRAME
        self.notes: tuple[str, ...] = ()
        self._frame = frame
        head = frame.iloc[:_SAMPLE]
        samples = _samples_of_numbers(head)
        self.columns = [
            Column(str(name), NUMBER, samples[number])
            if number in samples
            else _column(str(name), head.iloc[:, number])
            for number, name in enumerate(frame.columns)
        ]

    def read(self, labels: list[int], values: list[int]) -> Content:
        """The columns with these numbers. Raises: UserError for a cell that is no number."""
        found = {number: _label(self._frame.iloc[:, number]) for number in labels}
        if all(self.columns[number].kind == NUMBER for number in values):
            return Content(found, _numbers(self._frame.iloc[:, values]))
        out = np.empty((len(self._frame), len(values)), np.float32)
        for place, number in enumerate(values):
            out[:, place] = self._parsed(number)
        return Content(found, out)

    def _parsed(self, number: int) -> np.ndarray:
        import pandas as pd

        cells = self._frame.iloc[:, number]
        found = pd.to_numeric(cells, errors="coerce")
        wrong = found.isna() & cells.notna()
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            raise UserError(
                "frame", f"{cells.iloc[row]!r} in column {self.columns[number].name}, row {row}", "a number"
            )
        return _numbers(found)


def _numbers(cells: Union["pd.DataFrame", "pd.Series"]) -> np.ndarray:
    with np.errstate(over="ignore"):
        return cells.to_numpy(np.float64, na_value=np.nan).astype(np.float32)


def _samples_of_numbers(head: "pd.DataFrame") -> dict[int, tuple[str, ...]]:
    """The cells of each column of numbers, as text, where they matter; by dtype, because there may be thousands."""
    places: dict[Any, list[int]] = {}
    for number, dtype in enumerate(head.dtypes):
        places.setdefault(dtype, []).append(number)
    samples: dict[int, tuple[str, ...]] = {}
    names = [str(name) for name in head.columns]
    for dtype, numbers in places.items():
        if _is_number(dtype):
            samples |= dict.fromkeys(numbers, ())
            shown = [one for one in numbers if needs_sample(one, names[one], len(names))]
            block = head.iloc[:, shown]
            rows = zip(shown, block.to_numpy(object).T.tolist(), block.notna().to_numpy().T.tolist(), strict=True)
            samples |= {number: tuple(map(str, compress(cells, known))) for number, cells, known in rows}
    return samples


def _column(name: str, cells: "pd.Series") -> Column:
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return Column(name, TIME, zone=None if cells.dt.tz is None else str(cells.dt.tz))
    sample = tuple(str(cell) for cell in cells if not pd.isna(cell))
    return Column(name, TIME if sample and 2 * sum(map(is_time, sample)) > len(sample) else TEXT, sample)


def _label(cells: "pd.Series") -> Label:
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return Label(_times(pd.DatetimeIndex(cells))[0])
    if _is_number(cells.dtype):
        return Label(cells.to_numpy())
    if pd.api.types.infer_dtype(cells, skipna=True) == "string":
        coder = Coder()
        coder.add(*pd.factorize(cells.to_numpy(object)))
        return coder.label()
    return Label.of_texts(["" if pd.isna(cell) else str(cell) for cell in cells])


def _times(index: "pd.DatetimeIndex") -> tuple[np.ndarray, Any]:
    """datetime64, in UTC if there is a time zone, and its name."""
    zone = None if index.tz is None else str(index.tz)
    return (index if zone is None else index.tz_convert("UTC").tz_localize(None)).to_numpy(), zone


def _is_number(dtype: Any) -> bool:
    import pandas as pd

    return pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_complex_dtype(dtype)
