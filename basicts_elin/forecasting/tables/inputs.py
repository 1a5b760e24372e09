"""A table of measurements as the model needs it. T rows, N sensors, L steps in, O steps ahead."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Optional

import numpy as np

from ...data.io.raw import RawSeries
from ...data.prepare.missing import mark_missing, parse_markers
from ...data.quality import observed
from ...data.times.dates import format_time
from ...data.times.filling import on_grid
from ...data.times.options import Placement, TimeOptions, freq_text, length
from ...data.times.placing import place
from ...errors import UserError
from ..facts import Facts
from .clock import Clock, zone_of
from .sensors import sensor_columns

_SHOWN = 3


@dataclass(frozen=True)
class InputOptions:
    """What a user says about a table for a forecast.

    Attributes:
        times: see `TimeOptions`; interval, time zone and calendar are the model's.
        missing: numbers that mark missing values, besides the model's own, as texts.
        allow_missing: treat absent sensors as missing values.
        fill: treat absent rows as missing values.
        first_row: number of the first row in the series of the training, for a model that was trained without dates.
    """

    times: TimeOptions = TimeOptions()
    missing: Sequence[str] = ()
    allow_missing: bool = False
    fill: bool = False
    first_row: Optional[int] = None


@dataclass(frozen=True)
class History:
    """A table on the grid of the model.

    Attributes:
        values: float32 [T, N] in the order of the model's sensors, NaN where missing.
        present: bool [T], where the table has a row.
        clock: of these rows and of O more.
        is_long: whether the table has one row for each time and sensor.
        notes: what was found and decided, one line each.
    """

    values: np.ndarray
    present: np.ndarray
    clock: Clock
    is_long: bool
    notes: tuple[str, ...]


def read_history(series: RawSeries, facts: Facts, options: InputOptions = InputOptions()) -> History:
    """The series on the grid of the model.

    Raises: UserError if sensors or times do not fit the model, or there are too few rows.
    """
    found = series.node_names
    width = series.values.shape[1] if series.sensors is None else len(found or ())
    columns, notes = sensor_columns(found, width, facts.node_names, allow_missing=options.allow_missing)
    mark_missing(series.values, [*facts.missing, *parse_markers(options.missing)])
    if facts.null_val is not None:
        # with the tolerance of an evaluation
        series.values[~observed(series.values, facts.null_val)] = np.nan
    placement = _place(series, facts, options)
    values = on_grid(replace(series, covariates=None), placement)[0]
    ordered = values[:, columns]
    ordered[:, columns < 0] = np.nan
    _refuse_infinity(ordered, facts)
    present = np.zeros(len(values), bool)
    present[placement.rows] = True
    if len(values) < facts.input_len:
        expected = f"{facts.input_len} or more: the model's input_len"
        raise UserError("data", f"{len(values)} rows", expected, "give more rows before the forecast")
    zone = zone_of(series, options.times.time_format, facts.timezone)
    clock = Clock.after(placement.timeline, zone, options.first_row, facts)
    return History(ordered, present, clock, series.sensors is not None, (*series.notes, *placement.notes, *notes))


def check_steps(history: History, facts: Facts, rows: slice, *, fill: bool) -> list[str]:
    """Notes on the rows of one input, such as values that are missing in it.

    Raises: UserError if a row is absent from the table, unless `fill`, or nothing was measured.
    """
    absent = ~history.present[rows]
    local, values = history.clock.local()[: len(history.values)][rows], history.values[rows]
    notes = []
    if absent.any():
        examples = ", ".join(_text(local[step], step) for step in np.flatnonzero(absent)[:_SHOWN])
        found = f"{absent.sum()} of the last {len(absent)} steps have no row ({examples})"
        if not fill:
            raise UserError(
                "data", found, "a row for each step", "complete the table, or --fill treats them as missing"
            )
        notes.append(f"steps: {found}; treated as missing")
    missing = np.isnan(values)
    if missing.all():
        raise UserError("data", f"no value in the last {len(values)} steps", "measured values", "give other rows")
    if missing.any():
        rule = {"zero": "a zero", "mean": "the mean", "last": "the last measured value"}[facts.missing_inputs]
        empty = missing.all(axis=0).sum()
        sensors = f", {empty} sensors have none" if empty else ""
        notes.append(f"missing: {100 * missing.mean():.2g} % of the input values{sensors}; the model sees {rule}")
    return notes


def _place(series: RawSeries, facts: Facts, options: InputOptions) -> Placement:
    times = options.times
    if facts.is_dated == (options.first_row is not None):
        if facts.is_dated:
            raise UserError(
                "first_row", options.first_row, "none: the model was trained with dates", "omit --first-row"
            )
        expected = f"the number of the table's first row in {facts.dataset}, which has no dates"
        raise UserError("first_row", "missing", expected, "give --first-row")
    if options.first_row is not None and options.first_row < 0:
        raise UserError("first_row", options.first_row, "0 or more")
    if series.times is None and facts.is_dated and times.start is None:
        fix = "give --start '2024-01-01 00:00', the local time of the first row"
        raise UserError("data", "no times", "the time of each row", fix)
    has_calendar = facts.times is not None
    times = replace(
        times,
        freq=freq_text(facts.interval_minutes),
        tz=times.tz or facts.timezone if series.times is not None or times.start is not None else None,
        hours=times.hours or (facts.times.hours_text if has_calendar else None),
        weekdays=times.weekdays or (facts.times.weekdays_text if has_calendar else None),
    )
    try:
        return place(series, times)
    except UserError as error:
        if error.field != "freq":
            raise
        # the user has given no interval
        expected = f"rows every {length(facts.interval_minutes)}, as in {facts.dataset}"
        raise UserError("data", error.found, expected, "give the series in the interval of the model") from error


def _refuse_infinity(values: np.ndarray, facts: Facts) -> None:
    infinite = np.isinf(values)
    if infinite.any():
        row, sensor = np.argwhere(infinite)[0]
        found = f"{infinite.sum()} infinite values, such as of sensor {facts.node_names[sensor]} in row {row}"
        raise UserError("data", found, "finite numbers, or empty cells", "correct them, or give them to --missing")


def _text(time: np.datetime64, step: int) -> str:
    return f"step {step}" if np.isnat(time) else format_time(time)
