"""The page's content as the browser reads it: JSON, with the numbers as one compressed block."""

import base64
import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ...data.times.dates import format_time
from ..pictures.colours import MEASURED, look_of
from .page import Page

# Bits of float32's mantissa that are dropped. What is left has four significant digits, and compresses well.
_DROPPED_BITS = 11


def page_content(page: Page) -> dict[str, Any]:
    """JSON-serialisable. `page.check()` has passed."""
    dates = [np.asarray(times, "datetime64[m]") for times in (page.history_times, page.forecast_times)]
    arrays = _arrays(page)
    rows = {name: len(array) if array.ndim > 1 else 1 for name, array in arrays.items()}
    return {
        "title": page.title,
        "sensors": list(map(str, page.sensors)),
        "method": _method(page.method),
        "measured": {"name": MEASURED, "color": look_of(MEASURED).color},
        "quantity": page.quantity,
        "unit": page.unit,
        "timezone": page.timezone,
        "note": page.forecast_note,
        "interval": page.interval_minutes,
        "dated": not any(np.isnat(times).any() for times in dates),
        "times": {name: _texts(times) for name, times in zip(("history", "forecast"), dates, strict=True)},
        "levels": sorted(page.bands, reverse=True),
        "others": [_method(name) for name in page.others],
        "errors": _errors(page),
        "map": _map(page),
        "first": int(_first_sensor(page)),
        "rows": rows,
        "numbers": _block(list(arrays.values())),
    }


def _arrays(page: Page) -> dict[str, np.ndarray]:
    """Name -> [rows, N] or [N], in the order of the block."""
    found = {"history": page.history, "forecast": page.forecast}
    if page.truth is not None:
        found["truth"] = page.truth
    for level, (lower, upper) in page.bands.items():
        found |= {f"lower {level:g}": lower, f"upper {level:g}": upper}
    found |= {f"other {number}": values for number, values in enumerate(page.others.values())}
    if page.errors is not None:
        tables = page.errors
        found |= {name: getattr(tables, name).of_sensors for name in ("horizon", "hour", "weekday")}
        found["error"] = tables.sensor
    return {name: np.asarray(values) for name, values in found.items()}


def _block(arrays: Sequence[np.ndarray]) -> str:
    """The arrays one after the other, each sensor's numbers together: rounded float32, zlib, base64."""
    return base64.b64encode(zlib.compress(b"".join(_rounded(array.T).tobytes() for array in arrays), 6)).decode()


def _rounded(values: np.ndarray) -> np.ndarray:
    """Little-endian float32 with the last bits of the mantissa rounded away; NaN and infinity as NaN."""
    values = np.ascontiguousarray(values, "<f4")
    half = np.uint32(1 << (_DROPPED_BITS - 1))
    bits = (values.view("<u4") + half) & np.uint32(~((1 << _DROPPED_BITS) - 1) & 0xFFFFFFFF)
    return np.where(np.isfinite(values), bits.view("<f4"), np.float32(np.nan)).astype("<f4")


def _errors(page: Page) -> Any:
    if page.errors is None:
        return None
    tables = page.errors
    return {
        "note": page.errors_note,
        "overall": _number(tables.overall),
        "worst": tables.worst_first().tolist(),
        **{name: _numbers(getattr(tables, name).of_all) for name in ("horizon", "hour", "weekday")},
        "others": [{**_method(name), "horizon": _numbers(values)} for name, values in page.other_errors.items()],
    }


def _map(page: Page) -> Any:
    if page.latitude is None or page.longitude is None:
        return None
    # to a metre
    places = (np.asarray(values, float) for values in (page.latitude, page.longitude))
    named = zip(("latitude", "longitude"), places, strict=True)
    return {
        name: [round(value, 5) if np.isfinite(value) else None for value in values.tolist()] for name, values in named
    }


def _first_sensor(page: Page) -> int:
    """The sensor that is shown first: the one with the median error, neither the best nor the worst."""
    if page.errors is None:
        return 0
    measured = int((~np.isnan(page.errors.sensor)).sum())
    return page.errors.worst_first()[measured // 2] if measured else 0


def _method(name: str) -> Mapping[str, str]:
    return {"name": name, "color": look_of(name).color}


def _texts(times: np.ndarray) -> list[str]:
    return [] if np.isnat(times).any() else [format_time(time) for time in times]


def _numbers(values: np.ndarray) -> list[Any]:
    return [_number(value) for value in np.asarray(values, float)]


def _number(value: float) -> Any:
    """Four significant digits; None where there is no number, which JSON lacks."""
    return float(f"{value:.4g}") if np.isfinite(value) else None
