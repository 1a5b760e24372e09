"""Problems of a prepared dataset: those that are refused, and those that only give a warning."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..errors import UserError
from .catalog import MINUTES_PER_DAY
from .layout import INTERVAL, META_FILE, PARTS, meta_error
from .times.dates import check_timestamps

if TYPE_CHECKING:
    from .dataset import Dataset

# BasicTS takes a value this close to the null value as missing: absolute, and relative to the null value
NEAR, _RELATIVELY_NEAR = 5e-5, 1e-5

# values of a block
_BLOCK = 2**22
_SHOWN = 5
_AGAIN = "prepare it again"


def check_arrays(dataset: "Dataset") -> None:
    """Raises: UserError unless the arrays are sound and fit each other and `meta.json`."""
    for part in PARTS:
        _check_part(dataset, part)
    num_nodes = dataset.values("train").shape[1]
    for part in PARTS:
        found = dataset.values(part).shape[1]
        if found != num_nodes:
            file = dataset.folder / f"{part}_data.npy"
            raise UserError(file, f"{found} nodes", f"{num_nodes}, as train_data.npy", _AGAIN)
    if dataset.num_nodes != num_nodes:
        raise meta_error(dataset.folder, "num_vars", dataset.num_nodes, f"{num_nodes}, the nodes of train_data.npy")
    if _must_have_dates(dataset) and dataset.start is None:
        expected = "those of the rows, as in the timestamps"
        raise meta_error(dataset.folder, "start, timezone, calendar", "other times", expected)
    _ = dataset.node_names


def _must_have_dates(dataset: "Dataset") -> bool:
    return dataset.timezone is not None or dataset.calendar is not None and "start" in dataset.meta


def _check_part(dataset: "Dataset", part: str) -> None:
    values, stamps = dataset.stored(part, "data"), dataset.stored(part, "timestamps")
    file, stamps_file = (dataset.folder / f"{part}_{kind}.npy" for kind in ("data", "timestamps"))
    if stamps.shape[1] <= max(dataset.timestamp_columns):
        expected = "two or more: time of day, day of week"
        raise UserError(stamps_file, f"{stamps.shape[1]} columns", expected, _AGAIN)
    if len(stamps) != len(values):
        raise UserError(stamps_file, f"{len(stamps)} rows", f"{len(values)}, as {file.name}", _AGAIN)
    _check_values(dataset, dataset.values(part), file)
    stamps = dataset.timestamps(part)
    if not np.isfinite(stamps).all():
        raise UserError(stamps_file, "NaN or infinity", "times in [0, 1)", _AGAIN)
    _check_other_times(dataset, part, stamps_file)
    # Without a known rule, rows may skip nights or weekends.
    is_regular = dataset.timestamp_rule is not None
    interval = dataset.interval_minutes
    if is_regular and MINUTES_PER_DAY % interval and interval % MINUTES_PER_DAY:
        expected = f"a divisor or a multiple of {MINUTES_PER_DAY}, the minutes of a day"
        raise meta_error(dataset.folder, INTERVAL, interval, expected)
    # Dates that agree with the timestamps are in order. An hour that comes twice, or six days without rows, are not.
    is_ordered = is_regular and not dataset.gaps and interval <= MINUTES_PER_DAY and not _must_have_dates(dataset)
    check_timestamps(stamps, dataset.steps_per_day, stamps_file, is_regular=is_regular, is_ordered=is_ordered)


def _check_other_times(dataset: "Dataset", part: str, file: object) -> None:
    """Day of month, day of year: what BasicTS's own runs give to models as it is."""
    stamps = dataset.stored(part, "timestamps")
    for column, name in enumerate(dataset.meta.get("timestamps_description", [])[: stamps.shape[1]]):
        outside = ~((stamps[:, column] >= 0) & (stamps[:, column] < 1))
        if " of " in str(name).replace("_", " ") and outside.any():
            row = int(outside.argmax())
            raise UserError(file, f"{name} {stamps[row, column]:g} in row {row}", "[0, 1)", "correct the timestamps")


def _check_values(dataset: "Dataset", values: np.ndarray, file: object) -> None:
    missing = dataset.null_value
    if np.isinf(values).any():
        raise UserError(file, "infinity", f"numbers, {missing:g} if missing", _AGAIN)
    if not np.isnan(missing) and np.isnan(values).any():
        fix = f'write "null_val": NaN in {META_FILE} if NaN marks missing values, or {_AGAIN}'
        raise UserError(file, "NaN", f"numbers, {missing:g} if missing", fix)
    if dataset.non_negative:
        # fmin ignores NaN
        lowest = np.fmin.reduce(values, axis=None, initial=0)
        if lowest < min(0, 0 if np.isnan(missing) else missing):
            raise UserError(
                file, f"{lowest:g}", f"0 or more: {dataset.domain or 'meta.json says non_negative'}", _AGAIN
            )


def quality_warnings(
    parts: Sequence[np.ndarray], null_value: float, names: Optional[Sequence[str]] = None
) -> list[str]:
    """One line for each problem that some sensors have.

    Args:
        parts: the parts of a series, [rows, nodes] each.
        null_value: the number that marks a missing value.
        names: of the nodes; None: their numbers from 0.
    """
    num_rows, num_nodes = sum(map(len, parts)), parts[0].shape[1]
    low, high = np.full(num_nodes, np.inf), np.full(num_nodes, -np.inf)
    count = np.zeros(num_nodes, int)
    for values in parts:
        measured = ~is_missing(values, null_value)
        low = np.minimum(low, values.min(axis=0, where=measured, initial=np.inf))
        high = np.maximum(high, values.max(axis=0, where=measured, initial=-np.inf))
        count += measured.sum(axis=0)
    missing = 100 * (1 - count.sum() / (num_rows * num_nodes))
    found = (
        (low == high, "are constant", "each has measured only one value"),
        (2 * count < num_rows, "miss more than 50 % of their values", f"{missing:.1f} % of all values are missing"),
    )
    return [
        f"warning: {which.sum()} of {num_nodes} sensors {what} ({listed(which, names)}); {more}"
        for which, what, more in found
        if which.any()
    ]


def observed(values: np.ndarray, null_value: float) -> np.ndarray:
    """True where BasicTS takes a value as measured. Values close to the null value are missing there, too."""
    if np.isnan(null_value):
        return ~np.isnan(values)
    return np.abs(values - null_value) > NEAR + _RELATIVELY_NEAR * abs(null_value)


def missing_share(parts: Sequence[np.ndarray], null_value: float) -> float:
    """The share of the values of a series, [rows, nodes] for each part, that are missing."""
    count = sum(int(is_missing(rows, null_value).sum()) for values in parts for rows in blocks(values))
    return count / sum(values.size for values in parts)


def blocks(values: np.ndarray) -> list[np.ndarray]:
    """Views of consecutive rows, a few million values each, so that no temporary array has the size of a series."""
    return np.array_split(values, max(1, -(-values.size // _BLOCK)))


def is_missing(values: np.ndarray, null_value: float) -> np.ndarray:
    """True where a value is missing."""
    return np.isnan(values) if np.isnan(null_value) else values == null_value


def listed(which: np.ndarray, names: Optional[Sequence[str]]) -> str:
    """The first of the nodes where `which` is True, by name, for the middle of a line."""
    numbers = np.flatnonzero(which)
    first = [str(number if names is None else names[number]) for number in numbers[:_SHOWN]]
    return ", ".join(first) + (", ..." if len(numbers) > len(first) else "")
