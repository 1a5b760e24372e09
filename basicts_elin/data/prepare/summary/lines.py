"""A quality report as lines of text."""

from collections.abc import Sequence
from typing import Any, Optional

from ...catalog import MINUTES_PER_DAY
from ...times.options import length

_SHOWN = 5
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
# An hour or a day of the week is named if its share of missing values exceeds that of all values by this much.
_NOTABLE = 0.02
_WIDTH = 10


def quality_lines(report: dict[str, Any]) -> list[str]:
    """The lines that say what `quality_report` has found. A line that begins with spaces goes on with the one above."""
    return [
        *labelled("dates", _dates(report["period"])),
        *labelled("gaps", _gaps(report["gaps"])),
        *labelled("interval", _interval(report)),
        *labelled("first row", _first_row(report)),
        *labelled("values", _values(report)),
        *labelled("missing", _missing(report)),
        *labelled("dead", _dead(report)),
        *labelled("constant", _constant(report)),
        *labelled("outliers", _outliers(report)),
    ]


def percent(share: float) -> str:
    """A share as text."""
    # a few of millions are not shown as 0.00 %
    return f"{100 * share:.2f} %" if share >= 5e-5 else "under 0.01 %"


def labelled(label: str, lines: Sequence[str]) -> list[str]:
    return [f"{'' if number else label:<{_WIDTH}} {line}" for number, line in enumerate(lines)]


def _dates(period: dict[str, Any]) -> list[str]:
    return ["unknown"] if period["first"] is None else [f"{period['first']} to {period['last']}"]


def _interval(report: dict[str, Any]) -> list[str]:
    zone, calendar = report["period"]["timezone"], report["period"]["calendar"] or {}
    hours = ", ".join(f"{first} to {last}" for first, last in calendar.get("hours", ()))
    days = ", ".join(_WEEKDAYS[day] for day in calendar.get("weekdays", ()))
    clock = f"by the clock of {zone}" if zone else ""
    only = f"only {'; '.join(filter(None, (hours, days)))}" if calendar else ""
    return [", ".join(filter(None, (length(report["interval_minutes"]), clock, only)))]


def _gaps(gaps: dict[str, Any]) -> list[str]:
    shown = sorted(gaps["longest"][:_SHOWN], key=lambda gap: gap["first"])
    lines = [_stretch("clock change" if gap["is_clock_change"] else "gap", gap) for gap in shown]
    more = gaps["count"] - len(shown)
    return [*lines, *([f"and {more} more gaps, see quality.json"] if more else [])]


def _stretch(kind: str, found: dict[str, Any]) -> str:
    steps = f"{found['rows']} step{'s' if found['rows'] > 1 else ''}"
    return f"{kind}: {_when(found['first'])} to {_when(found['last'])} missing ({steps})"


def _first_row(report: dict[str, Any]) -> list[str]:
    first, interval = report["period"]["first_row"], report["interval_minutes"]
    hour, minute = map(int, first["time_of_day"].split(":"))
    step = f"step {(60 * hour + minute) // interval} of {max(1, MINUTES_PER_DAY // interval)}"
    return [f"{first['time_of_day']} ({step}), day of week {first['day_of_week']} (0 to 6)"]


def _values(report: dict[str, Any]) -> list[str]:
    found, zeros, below = report["values"], report["zeros"], report["below_zero"]
    if found["min"] is None:
        return ["none"]
    unit = f" ({report['unit']})" if report["unit"] else ""
    lines = [f"{found['min']:g} to {found['max']:g}, mean {found['mean']:.2f}{unit}"]
    lines += [f"{percent(zeros['share'])} are 0"] if zeros["count"] else []
    lines += [f"{below['count']} are below 0, at {_of(below['sensors'], report)}"] if below["count"] else []
    return lines


def _missing(report: dict[str, Any]) -> list[str]:
    missing = report["missing"]
    marker = "" if report["missing_marker"] is None else f" (marked by {report['missing_marker']:g})"
    lines = [f"{percent(missing['share']) if missing['count'] else '0.00 %'}{marker}"]
    if not missing["count"]:
        return lines
    hours = {f"{hour:02d}:00 to {hour:02d}:59": value for hour, value in enumerate(missing["by_hour"] or ())}
    # Without dates, day 0 is any day.
    weekdays = [f"day {day}" for day in range(len(_WEEKDAYS))] if report["period"]["first"] is None else _WEEKDAYS
    days = dict(zip(weekdays, missing["by_weekday"], strict=True))
    lines += [*_worst(hours, missing["share"], "hour of the day"), *_worst(days, missing["share"], "day of the week")]
    sensors = sorted((item for item in report["per_sensor"] if item["missing"]), key=lambda item: -item["missing"])
    shown = [f"{item['sensor']} {percent(item['missing'])}" for item in sensors]
    most = sum(item["missing"] > 0.5 for item in sensors)
    over = f" ({most} miss more than half)" if most else ""
    lines.append(f"at {_of(len(sensors), report)}{over}: {_listed(shown)}")
    # One that has never measured is dead.
    partly = [item for item in sensors if item["missing"] < 1]
    if partly:
        item = max(partly, key=lambda item: item["longest_missing"]["rows"])
        lines.append(f"longest without a value: {item['sensor']}, {_span(item['longest_missing'])}")
    outages = report["outages"]
    if outages["count"]:
        lines.append(f"no sensor has a value in {outages['rows']} rows, the longest {_span(outages['longest'][0])}")
    return lines


def _worst(shares: dict[str, Optional[float]], overall: float, kind: str) -> list[str]:
    known = {label: value for label, value in shares.items() if value is not None}
    if not known or max(known.values()) < overall + _NOTABLE:
        return []
    worst = max(known, key=lambda label: known[label])
    return [f"most by {kind}: {worst}, {percent(known[worst])}"]


def _dead(report: dict[str, Any]) -> list[str]:
    if not report["dead"]:
        return []
    shown = [f"{item['sensor']} ({_state(item)})" for item in report["dead"]]
    return [f"{_of(len(shown), report)}: {_listed(shown)}"]


def _state(dead: dict[str, Any]) -> str:
    value = "no value" if dead["value"] is None else f"only {dead['value']:g}"
    return value if dead["since"] is None else f"{value} since {_when(dead['since'])}"


def _constant(report: dict[str, Any]) -> list[str]:
    shown = [f"{item['sensor']} (only {item['value']:g})" for item in report["constant"]]
    return [f"{_of(len(shown), report)}: {_listed(shown)}"] if shown else []


def _outliers(report: dict[str, Any]) -> list[str]:
    found = report["outliers"]
    lines = []
    if found["count"]:
        worst = found["furthest"][0]
        lines += [
            f"{found['count']} ({percent(found['share'])}) at {_of(found['sensors'], report)}, {found['rule']}",
            f"the furthest: {worst['sensor']}, {_when(worst['time'])}: {worst['value']:g}, median {worst['median']:g}",
        ]
    if found["not_judged"]:
        count = _of(len(found["not_judged"]), report)
        lines.append(f"not judged, because nine of ten values are the same: {count}: {_listed(found['not_judged'])}")
    return lines


def _of(count: int, report: dict[str, Any]) -> str:
    return f"{count} of {report['sensors']} sensors"


def _span(stretch: dict[str, Any]) -> str:
    if stretch["rows"] == 1:
        return f"{_when(stretch['first'])} (1 row)"
    return f"{_when(stretch['first'])} to {_when(stretch['last'])} ({stretch['rows']} rows)"


def _when(time: Any) -> str:
    """A date, or the number of a row."""
    return f"row {time}" if isinstance(time, int) else time


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(texts[:_SHOWN]) + (f", and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else "")
