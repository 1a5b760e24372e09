"""Rows: those of the full public series that a file holds and a dataset takes, and those of each part."""

import math
import re
from collections.abc import Sequence
from typing import Optional

from ...errors import UserError
from ..catalog import DATES, DatasetFacts


def locate(facts: DatasetFacts, num_rows: int, rows: Optional[str], first_row: Optional[int]) -> tuple[int, slice]:
    """Index of the first taken row in the full series, and the rows of the file to take.

    Args:
        facts: of the dataset.
        num_rows: rows of the file.
        rows: "A:B", counted in the full series; None: all rows of the file.
        first_row: index of the file's first row in the full series; None: not given.
    Raises: UserError if the rows are not those of the dataset.
    """
    assert facts.num_rows is not None, "a dataset with a raw file"
    end = facts.first_row + facts.num_rows
    # The rows of a dated file have their own timestamps. They do not depend on where the file starts.
    may_start_later = facts.timestamp_rule != DATES
    if rows is None and first_row is None:
        if num_rows != facts.num_rows:
            or_first_row = ", or name the first row of a part by --first-row" if may_start_later else ""
            expected = f"{facts.num_rows}, the rows {facts.first_row}:{end} of {facts.name}"
            fix = f"take a part of the full series by --rows A:B{or_first_row}"
            raise UserError("file", f"{num_rows} rows", expected, fix)
        return facts.first_row, slice(0, num_rows)

    if first_row is None and num_rows != end:
        fix = "name the file's first row by --first-row" if may_start_later else "give the whole file"
        raise UserError("file", f"{num_rows} rows", f"{end}, the full series in which --rows counts", fix)
    file_start = first_row or 0
    start, stop = _parse_rows(":" if rows is None else rows, file_start, file_start + num_rows)
    if start < facts.first_row or stop > end:
        field = "first_row" if rows is None else "rows"
        expected = f"a part of {facts.first_row}:{end}, the rows of {facts.name}"
        fix = f"correct --rows, or --first-row (here {file_start})"
        raise UserError(field, f"{start}:{stop}", expected, fix)
    return start, slice(start - file_start, stop - file_start)


def _parse_rows(rows: str, first: int, end: int) -> tuple[int, int]:
    """A and B of "A:B", within the file's rows first:end."""
    match = re.fullmatch(r"([0-9]{0,18}):([0-9]{0,18})", rows)
    if match is None:
        raise UserError(
            "rows", repr(rows), "A:B, two numbers of 0 or more", "omit A or B to take all rows on that side"
        )
    start, stop = int(match[1] or first), int(match[2] or end)
    if not first <= start < stop <= end:
        raise UserError("rows", rows, f"a part of {first}:{end}, the rows of the file", "correct --rows")
    return start, stop


def shares_of(split_rows: Sequence[int], num_rows: int) -> tuple[float, float, float]:
    """The shares from which `catalog.split_lengths` makes parts of exactly these rows.

    Raises: UserError unless they are positive and sum to `num_rows`.
    """
    found = " ".join(map(str, split_rows))
    if min(split_rows) < 1:
        raise UserError("split_rows", found, "three numbers of rows, 1 or more each")
    if sum(split_rows) != num_rows:
        raise UserError(
            "split_rows",
            f"{found}, together {sum(split_rows)}",
            f"numbers that sum to {num_rows}, the rows of the dataset",
            "correct --split-rows",
        )
    train, val, test = (_share(rows, num_rows) for rows in split_rows)
    return train, val, test


def _share(rows: int, num_rows: int) -> float:
    share = rows / num_rows
    # The quotient may be rounded down. `split_lengths` truncates, and the part would lose a row.
    while int(num_rows * share) < rows:
        share = math.nextafter(share, 1.0)
    return share
