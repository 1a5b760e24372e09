"""Columns that are read exactly: times, sensor ids, row numbers. R rows."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Optional

import numpy as np

from ..batches import joined


@dataclass(frozen=True)
class Label:
    """A column. Texts are stored once each: a long table repeats every time and every id.

    Attributes:
        distinct: datetime64, numbers or texts (objects): the cells [R], or, with codes, the different ones in the order
            of their first row.
        codes: int32 [R], an index of `distinct`; -1 where the cell is empty.
    """

    distinct: np.ndarray
    codes: Optional[np.ndarray] = None

    @classmethod
    def of_texts(cls, texts: Iterable[str], missing: tuple[str, ...] = ("",)) -> "Label":
        """The label of these texts, one for each row."""
        coder = Coder()
        place: dict[str, int] = {}
        codes = np.array([-1 if one in missing else place.setdefault(one, len(place)) for one in texts], np.int32)
        coder.add(codes, list(place))
        return coder.label()

    def array(self) -> np.ndarray:
        """The cells [R]; None or NaN where a cell is empty."""
        if self.codes is None:
            return self.distinct
        if (self.codes >= 0).all():
            return self.distinct[self.codes]
        empty = np.array([None], object) if self.distinct.dtype == object else np.array([np.nan])
        return np.concatenate([self.distinct, empty])[self.codes]

    def count(self) -> int:
        """How many different cells there are."""
        return len(np.unique(self.distinct)) if self.codes is None else len(self.distinct)

    def __len__(self) -> int:
        return len(self.distinct if self.codes is None else self.codes)


class Coder:
    """Puts the parts of a column of texts together."""

    def __init__(self) -> None:
        self._place: dict[str, int] = {}
        self._parts: list[np.ndarray] = []

    def add(self, codes: np.ndarray, texts: list[str]) -> None:
        """More rows: `codes` into `texts`, -1 where a cell is empty. Blanks around a text are no part of it."""
        import pandas as pd

        new = np.full(len(texts) + 1, -1, np.int32)
        for code in pd.unique(codes).tolist():
            text = texts[code].strip() if code >= 0 else ""
            new[code] = self._place.setdefault(text, len(self._place)) if text else -1
        self._parts.append(new[codes])

    def label(self) -> Label:
        """The whole column."""
        distinct = np.array([*self._place, None], dtype=object)[:-1]
        return Label(distinct, joined(self._parts) if self._parts else np.empty(0, np.int32))
