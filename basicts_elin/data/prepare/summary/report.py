"""The quality of a dataset in numbers: what `quality.json` holds. T: rows, N: sensors."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from ...catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ...times.dates import Gap, format_time
from .absence import TimeOf, gaps_of, outages, share, shares_by_hour, shares_by_weekday, stretch
from .sensors import OUTLIER_RULE, SensorQuality, describe, fewest_dead_rows, sensor_blocks

if TYPE_CHECKING:
    from ...times.timeline import Timeline

_Named = list[tuple[str, SensorQuality]]


def quality_report(
    values: np.ndarray,
    timeline: "Timeline",
    names: Optional[Sequence[str]] = None,
    *,
    null_value: float = np.nan,
    gaps: Sequence[Gap] = (),
    unit: str = "",
) -> dict[str, Any]:
    """What a dataset holds, and what is wrong with it, in values that JSON has. Shares are from 0 to 1.

    Args:
        values: float32 [T, N]. A few sensors are copied at a time.
        timeline: the times of the rows.
        names: of the sensors; None: their numbers from 0.
        null_value: the number that marks a missing value.
        gaps: rows that the file does not have.
        unit: of the values.
    """
    num_rows, num_sensors = values.shape
    dates, stamps = timeline.dates(), timeline.timestamps()

    def time(row: int) -> Any:
        return row if dates is None else format_time(dates[row])

    missing = np.zeros(num_rows, np.int64)
    sensors: _Named = []
    fewest = fewest_dead_rows(timeline.interval_minutes)
    for _, block in sensor_blocks(values, null_value):
        missing += np.isnan(block).sum(axis=0)
        for row in block:
            name = str(len(sensors)) if names is None else names[len(sensors)]
            sensors.append((name, describe(row, fewest)))
    num_missing = int(missing.sum())
    measured = values.size - num_missing
    by_hour = shares_by_hour(missing, stamps, num_sensors) if timeline.interval_minutes < MINUTES_PER_DAY else None
    return {
        "period": _period(timeline, stamps, time),
        "interval_minutes": timeline.interval_minutes,
        "rows": num_rows,
        "sensors": num_sensors,
        "unit": unit,
        "missing_marker": None if np.isnan(null_value) else float(null_value),
        "values": _range(sensors, measured),
        "missing": {
            "count": num_missing,
            "share": share(num_missing, values.size),
            "by_hour": by_hour,
            "by_weekday": shares_by_weekday(missing, stamps, num_sensors),
        },
        "gaps": gaps_of(gaps),
        "outages": outages(missing == num_sensors, time),
        "zeros": _count([sensor.zeros for _, sensor in sensors], measured),
        "below_zero": _count([sensor.below_zero for _, sensor in sensors], measured),
        "constant": [
            {"sensor": name, "value": _number(sensor.minimum)} for name, sensor in sensors if sensor.is_constant
        ],
        "dead": _dead(sensors, time),
        "outliers": _outliers(sensors, measured, time),
        "per_sensor": [_record(name, sensor, num_rows, time) for name, sensor in sensors],
    }


def _period(timeline: "Timeline", stamps: np.ndarray, time: TimeOf) -> dict[str, Any]:
    is_dated = timeline.dates() is not None
    minute = round(float(stamps[0, 0]) * MINUTES_PER_DAY)
    return {
        "first": time(0) if is_dated else None,
        "last": time(len(stamps) - 1) if is_dated else None,
        "timezone": timeline.timezone,
        "calendar": timeline.meta().get("calendar"),
        "first_row": {
            "time_of_day": f"{minute // 60:02d}:{minute % 60:02d}",
            "day_of_week": round(float(stamps[0, 1]) * DAYS_PER_WEEK),
        },
    }


def _range(sensors: _Named, measured: int) -> dict[str, Optional[float]]:
    total = sum(sensor.total for _, sensor in sensors)
    return {
        "min": _extreme(min, (sensor.minimum for _, sensor in sensors)),
        "mean": _number(total / measured) if measured else None,
        "max": _extreme(max, (sensor.maximum for _, sensor in sensors)),
    }


def _extreme(which: Callable[..., float], numbers: Iterable[float]) -> Optional[float]:
    return _number(which((number for number in numbers if not math.isnan(number)), default=math.nan))


def _count(counts: list[int], measured: int) -> dict[str, Any]:
    return {"count": sum(counts), "share": share(sum(counts), measured), "sensors": sum(map(bool, counts))}


def _dead(sensors: _Named, time: TimeOf) -> list[dict[str, Any]]:
    found = [(name, *sensor.dead) for name, sensor in sensors if sensor.dead is not None]
    return [
        # from the first row on: never
        {"sensor": name, "since": time(row) if row else None, "value": None if value is None else _number(value)}
        for name, row, value in found
    ]


def _outliers(sensors: _Named, measured: int, time: TimeOf) -> dict[str, Any]:
    """Of each sensor the outlier that is furthest from its median, in units of what the rule allows."""
    found = [(name, sensor, *sensor.furthest) for name, sensor in sensors if sensor.furthest is not None]
    found.sort(key=lambda item: -abs(item[3] - item[1].median) / (item[1].high - item[1].low))
    return {
        "rule": OUTLIER_RULE,
        **_count([sensor.outliers for _, sensor in sensors], measured),
        "not_judged": [
            name for name, sensor in sensors if sensor.measured and not sensor.is_judged and not sensor.is_constant
        ],
        "furthest": [
            {"sensor": name, "value": _number(value), "median": _number(sensor.median), "time": time(row)}
            for name, sensor, row, value in found
        ],
    }


def _record(name: str, sensor: SensorQuality, num_rows: int, time: TimeOf) -> dict[str, Any]:
    statistics = ("minimum", "low", "median", "high", "maximum")
    return {
        "sensor": name,
        "missing": share(num_rows - sensor.measured, num_rows),
        "longest_missing": stretch(*sensor.longest_missing, time) if sensor.measured < num_rows else None,
        **{name: _number(getattr(sensor, name)) for name in statistics},
        "mean": _number(sensor.total / sensor.measured) if sensor.measured else None,
        "zeros": share(sensor.zeros, sensor.measured),
        "below_zero": sensor.below_zero,
        "outliers": sensor.outliers,
    }


def _number(value: float) -> Optional[float]:
    """Seven digits, as float32 has; None for NaN, which JSON lacks."""
    return None if math.isnan(value) else float(f"{value:.7g}")
