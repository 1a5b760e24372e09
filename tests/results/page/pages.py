"""A page with everything that a page can have, of made-up numbers."""

import numpy as np

from basicts_elin.evaluation.error_tables import error_tables
from basicts_elin.results.page import Page

# names that would do harm in HTML, in JSON within a script, and in plotly's texts
HARMFUL = (
    '<img src=x onerror="document.body.dataset.harmed=1">',
    "</script><script>document.body.dataset.harmed=2</script>",
    "<b>%{x}</b>&lt;&amp;",
)
SENSORS = ("north", "south", *HARMFUL, "Süd-Öst 7")
BEFORE, AHEAD = 48, 6


def page(**changes):
    """Six sensors, two days of hours, six hours ahead. The first harmful name has the largest error, "north" none."""
    generator = np.random.default_rng(1)
    times = np.datetime64("2024-03-30T12:00", "m") + 60 * np.arange(BEFORE + AHEAD)
    values = 100 + 50 * np.sin(np.arange(len(times)) / 4)[:, None] + generator.normal(0, 5, (len(times), len(SENSORS)))
    values[5:9, 1] = np.nan
    forecast = values[BEFORE:] + 3
    target = generator.normal(100, 5, (300, AHEAD, len(SENSORS)))
    target[..., 0] = np.nan
    rows = np.arange(300)[:, None] + np.arange(AHEAD)
    errors = error_tables(target + [0, 1, 9, 2, 3, 4], target, rows % 24 * 60, rows // 24 % 7)
    fields = {
        "title": "City <i>forecast</i>",
        "sensors": SENSORS,
        "method": "ELinFormer_small",
        "history_times": times[:BEFORE],
        "history": values[:BEFORE],
        "forecast_times": times[BEFORE:],
        "forecast": forecast,
        "quantity": "traffic flow",
        "unit": "vehicles per hour",
        "bands": {90.0: (forecast - 20, forecast + 20), 80.0: (forecast - 12, forecast + 12)},
        "truth": values[BEFORE:],
        "others": {"last value": np.broadcast_to(values[BEFORE - 1], forecast.shape)},
        "errors": errors,
        "errors_note": "300 windows",
        "interval_minutes": 60,
        "other_errors": {"last value": np.linspace(4, 9, AHEAD)},
        "latitude": np.linspace(52.4, 52.6, len(SENSORS)),
        "longitude": np.linspace(13.1, 13.6, len(SENSORS)),
        "facts": {"model": "ELinFormer_small", "<u>seed</u>": "42"},
        "timezone": "Europe/Berlin",
    }
    return Page(**fields | changes)
