"""What the nodes and rows of a prepared dataset are called."""

from pathlib import Path
from typing import Optional

import numpy as np

from ..errors import UserError, one_line
from .catalog import CATALOG, DATES, DAYS_PER_WEEK, MINUTES_PER_DAY
from .dates import date_timestamps, row_dates
from .layout import PARTS, read_meta

# rows of the full series before the first one: any dataset of the catalogue is shorter
_MOST_SKIPPED = 10**6


def node_names(folder: Path, num_nodes: int) -> list[str]:
    """The sensors' ids where `meta.json` has them, else their numbers from 0.

    Raises: UserError where it does not have one for each node.
    """
    names = read_meta(folder).get("node_names")
    if names is None:
        return [str(number) for number in range(num_nodes)]
    if not isinstance(names, list) or len(names) != num_nodes:
        raise UserError(f"{folder / 'meta.json'}: node_names does not name the data's {num_nodes} nodes; correct it")
    return [str(name) for name in names]


def part_dates(folder: Path, part: str) -> Optional[np.ndarray]:
    """datetime64[m] [rows] of "train", "val" or "test"; None where the folder does not say when it begins.

    `start` and `gaps` in `meta.json` say it, or the catalogue for a whole dataset in it, as long as time of day (and
    day of week, where it comes from dates) agree with the stored timestamps.

    Raises: UserError where `meta.json` says it in another form.
    """
    meta = read_meta(folder)
    facts = CATALOG.get(meta.get("name") or folder.name)
    stamps = [np.load(folder / f"{name}_timestamps.npy") for name in PARTS]
    num_rows = sum(map(len, stamps))
    interval = meta.get("frequency (minutes)")
    start, gaps, skipped = meta.get("start"), meta.get("gaps", ()), 0
    first_row = meta.get("first_row")
    if start is None and facts is not None and (first_row is not None or num_rows == facts.num_steps):
        skipped = 0 if first_row is None else first_row - facts.first_row
        start, gaps = facts.start, facts.gaps
    if start is None or not interval or not 0 <= skipped <= _MOST_SKIPPED:
        return None
    try:
        dates = row_dates(start, skipped + num_rows, interval, gaps)[skipped:]
    except (TypeError, ValueError, OverflowError) as error:
        raise UserError(
            f"{folder / 'meta.json'}: start={start!r}, gaps={gaps!r}, frequency={interval!r} give no dates "
            f'({one_line(error)}); expected such as "2017-01-01 00:00", [["2017-03-12 01:55", 12]], 5'
        ) from error
    # elsewhere the days may be numbered from the first one, whatever weekday it was
    columns = [0, 1] if facts is not None and facts.timestamp_rule == DATES else [0]
    expected, found = date_timestamps(dates), np.concatenate(stamps)
    units = np.array([MINUTES_PER_DAY / interval, DAYS_PER_WEEK])
    if (np.rint(expected * units) != np.rint(found[:, :2] * units))[:, columns].any():
        return None
    first = sum(map(len, stamps[: PARTS.index(part)]))
    return dates[first : first + len(stamps[PARTS.index(part)])]
