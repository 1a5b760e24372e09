"""What a series and its name must have before it is written."""

import re
from collections.abc import Callable
from typing import Optional

import numpy as np

from ...errors import UserError
from ..catalog import DatasetFacts, find_facts, split_lengths
from ..quality import blocks, is_missing

# The benchmark's window: 12 steps in, 12 out.
MIN_PART_ROWS = 24


def check_name(name: str, fix: str) -> None:
    """Raises: UserError unless `name` can be that of a dataset of the user's own.

    fix: what else the user can do if a public dataset has the name.
    """
    if find_facts(name) is not None:
        fix = f"choose another --name, or {fix}"
        raise UserError("name", name, "a name that no public dataset has", fix)
    # the name becomes a part of run names (MODEL/DATASET) and of paths
    if not re.fullmatch(r"[\w.+-]+", name) or name.startswith("."):
        raise UserError("name", repr(name), "letters, digits, and any of . _ + -", "give another --name")


def check_rows(num_rows: int, split: tuple[float, float, float], num_nodes: int = 0) -> None:
    """Raises: UserError unless each part has enough rows for a window. `num_nodes`: of an array without times."""
    lengths = split_lengths(num_rows, split)
    if min(lengths) < MIN_PART_ROWS:
        found = f"{num_rows} rows, which give parts of {lengths[0]}, {lengths[1]} and {lengths[2]}"
        fix = "take more rows"
        if num_nodes > num_rows:
            fix = f"save the transposed array if these are {num_rows} nodes and {num_nodes} rows, or {fix}"
        raise UserError("rows", found, f"{MIN_PART_ROWS} or more in each part (12 in, 12 out)", fix)


def check_values(
    values: np.ndarray, facts: DatasetFacts, file: object, where: Callable[[int, int], str], fix: str
) -> None:
    """Check that `values` [T, N] are usable numbers, and not all missing.

    Args:
        facts: of the dataset: its null value, and whether values can be below 0.
        file: for the message.
        where: names a place by row and column.
        fix: for values that cannot be used.
    Raises: UserError.
    """
    null = facts.null_value
    missing = "" if np.isnan(null) else f", {null:g} if missing"
    unusable, below = _Found(), _Found()
    num_missing = first = 0
    for block in blocks(values):
        unusable.add(np.isinf(block) if np.isnan(null) else ~np.isfinite(block), block, first)
        if facts.non_negative:
            below.add(block < min(0, 0 if np.isnan(null) else null), block, first)
        num_missing += np.count_nonzero(is_missing(block, null))
        first += len(block)
    what = "infinity" if np.isnan(null) else "NaN or infinity"
    for found, kind, expected in (
        (unusable, what, f"numbers{missing}"),
        (below, "values below 0", f"{facts.domain} of 0 or more{missing}"),
    ):
        if found.place is not None:
            example = f"the first, {found.value:g}, {where(*found.place)}"
            raise UserError("file", f"{found.count} x {kind} in {file} ({example})", expected, fix)
    if num_missing == values.size:
        marker = "missing values" if np.isnan(null) else f"{null:g}, which marks missing values"
        raise UserError("file", f"only {marker} in {file}", "measured values", "name another file")


class _Found:
    """How often something was found, and the first place."""

    def __init__(self) -> None:
        self.count, self.value = 0, np.nan
        self.place: Optional[tuple[int, int]] = None

    def add(self, mask: np.ndarray, block: np.ndarray, first_row: int) -> None:
        self.count += int(np.count_nonzero(mask))
        if self.place is None and mask.any():
            row, column = (int(number) for number in np.argwhere(mask)[0])
            self.place, self.value = (row + first_row, column), float(block[row, column])
