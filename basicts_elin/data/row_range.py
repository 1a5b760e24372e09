"""Which rows of the full public series a dataset takes, and which it is given."""

import re
from typing import Optional

from ..errors import UserError
from .catalog import DATES, DatasetFacts


def locate(facts: DatasetFacts, num_steps: int, rows: Optional[str], first_row: Optional[int]) -> tuple[int, slice]:
    """Index of the first row within the full series, and the part of the file to take."""
    end = facts.first_row + facts.num_steps
    # rows of a dated file have their own timestamps, so that nothing follows from where it starts
    may_start_later = facts.timestamp_rule != DATES
    if rows is None and first_row is None:
        if num_steps != facts.num_steps:
            or_first_row = ", or name the first row of a part by --first-row" if may_start_later else ""
            raise UserError(
                f"raw: the file has {num_steps} steps; {facts.name} has {facts.num_steps} ({facts.first_row}:{end}); "
                f"take a part of the full series by --rows A:B{or_first_row}"
            )
        return facts.first_row, slice(0, num_steps)

    if first_row is None and num_steps != end:
        fix = "say by --first-row where the file starts" if may_start_later else "give the whole file"
        raise UserError(f"raw: the file has {num_steps} steps; --rows counts in the full series of {end}: {fix}")
    file_start = first_row or 0
    start, stop = _parse_rows(":" if rows is None else rows, file_start, file_start + num_steps)
    if start < facts.first_row or stop > end:
        field = "first_row" if rows is None else "rows"
        raise UserError(
            f"{field}: rows {start}:{stop} of the full series are not those of {facts.name}; expected a part of "
            f"{facts.first_row}:{end}: correct --rows, or --first-row, where the file starts (here {file_start})"
        )
    return start, slice(start - file_start, stop - file_start)


def _parse_rows(rows: str, first: int, end: int) -> tuple[int, int]:
    """A and B of "A:B", within the file's rows first:end."""
    match = re.fullmatch(r"([0-9]{0,18}):([0-9]{0,18})", rows)
    if match is None:
        raise UserError(f"rows: {rows!r} is malformed; expected A:B, two numbers of 0 or more, either may be left away")
    start, stop = int(match[1] or first), int(match[2] or end)
    if not first <= start < stop <= end:
        raise UserError(f"rows: {rows} is out of range; expected a part of {first}:{end}, the rows of the file")
    return start, stop
