"""The times of a prepared dataset's rows. T: rows of all parts."""

from typing import TYPE_CHECKING, Optional

import numpy as np

from ..errors import one_line
from .catalog import DATES, DatasetFacts
from .layout import PARTS, meta_error
from .times.dates import agree, find_breaks
from .times.timeline import Timeline, read_start

if TYPE_CHECKING:
    from .dataset import Dataset

# Every dataset of the catalogue has fewer rows before its first one.
_MOST_SKIPPED = 10**6


def read_origin(dataset: "Dataset", facts: Optional[DatasetFacts]) -> tuple[Optional[str], list, int]:
    """Date of a row, gaps after it, and its distance in rows before the first row."""
    start, first_row = dataset.meta.get("start"), dataset.meta.get("first_row")
    if start is None and facts and (first_row is not None or dataset.num_rows == facts.num_rows):
        skipped = 0 if first_row is None else first_row - facts.first_row
        return facts.start, list(facts.gaps), skipped
    return start, dataset.meta.get("gaps", []), 0


def read_times(dataset: "Dataset", facts: Optional[DatasetFacts]) -> Optional[tuple[np.ndarray, np.ndarray]]:
    """Local and real times of all rows, datetime64[m] [T] each, see `Timeline`; None if they are not known.

    Raises: UserError if `start`, `gaps` and `calendar` in `meta.json` give no dates.
    """
    start, gaps, skipped = read_origin(dataset, facts)
    if start is None or not 0 <= skipped <= _MOST_SKIPPED:
        return None
    stamps = np.concatenate([dataset.timestamps(part) for part in PARTS])
    zone, interval = dataset.timezone, dataset.interval_minutes
    try:
        first, pairs = read_start(start, zone), tuple((after, steps) for after, steps in gaps)
        timeline = Timeline(first, skipped + len(stamps), interval, zone, dataset.calendar, pairs)
        dates, instants = timeline.dates(), timeline.instants()
    except (TypeError, ValueError, OverflowError) as error:
        found, example = f"{start!r}, {gaps!r} ({one_line(error)})", '"2017-01-01 00:00", [["2017-03-12 01:55", 12]]'
        raise meta_error(dataset.folder, "start, gaps", found, f"dates such as {example}") from error
    assert dates is not None and instants is not None, "a timeline with a start"
    # By another rule, days may be counted from the first one, whatever weekday it was.
    columns = [0, 1] if dataset.timestamp_rule == DATES else [0]
    dates, instants = dates[skipped:], instants[skipped:]
    return (dates, instants) if agree(dates, stamps, interval, columns) else None


def read_breaks(dataset: "Dataset", part: str) -> np.ndarray:
    """bool, for each row of a part: where it is not one interval after the row before it."""
    return find_breaks(dataset.instants(part), dataset.timestamps(part), dataset.interval_minutes)


def window_starts(dataset: "Dataset", part: str, input_len: int, output_len: int) -> np.ndarray:
    """See `Dataset.window_starts`."""
    num_rows, length = len(dataset.values(part)), input_len + output_len
    if dataset.windows_across_breaks or num_rows < length:
        return np.arange(num_rows - length + 1)
    breaks = np.cumsum(read_breaks(dataset, part))
    found = np.flatnonzero(breaks[length - 1 :] == breaks[: num_rows - length + 1])
    if not len(found):
        expected = f"true, or shorter windows: {part}_data.npy has no {length} rows without a break"
        raise meta_error(dataset.folder, "windows_across_breaks", "false", expected)
    return found
