"""Candidate scalings of the errors: the expected absolute error of a forecast.

Each is a product of factors, fitted as means of absolute errors: by sensor and step ahead, by hour of the day and
sensor, by the forecast's own value. W: windows, O: steps out, N: sensors, B: bins of the forecast's value.
"""

import numpy as np

from ..windows import Windows

# name -> the factors of the product, besides the one of each step ahead
SCALINGS: dict[str, tuple[str, ...]] = {
    "horizon": (),
    "sensor": ("sensor",),
    "sensor_hour": ("hour",),
    "level": ("level",),
    "sensor_level": ("sensor", "level"),
    "sensor_hour_level": ("sensor", "hour", "level"),
}
CONSTANT = "horizon"
_HOURS = 24
# Bins of the forecast's value, fewer where they would hold fewer values each.
_MOST_BINS, _FEWEST_BINS, _VALUES_PER_BIN = 20, 3, 500
# As many measured values of the overall mean are added to those of each cell of a table.
_PRIOR = 100.0


class Scale:
    """A fitted scaling.

    Attributes:
        name: of the scaling, a key of `SCALINGS`.
        tables: float32 arrays. "base" [O, N] or [O, 1], the expected absolute error by step ahead and sensor. If the
            scaling has these factors: "hour" [24, N]; "knots" [O, B] and "curve" [O, B], the factor of a forecast by
            its value in units of "unit" [N], linear between the knots and constant beyond.
    """

    def __init__(self, name: str, tables: dict[str, np.ndarray]):
        self.name, self.tables = name, tables

    @classmethod
    def fit(cls, name: str, windows: Windows, error: np.ndarray) -> "Scale":
        """Fit the scaling `name` to the absolute errors [W, O, N], NaN where the target was not measured.

        A sensor with few measured values is shrunk towards the mean of all sensors. One without any has that mean.
        """
        factors = SCALINGS[name]
        measured = ~np.isnan(error)
        ratio = np.where(measured, error, np.float32(0))
        base = _ratio(ratio.sum((0, 2), dtype=np.float64), measured.sum((0, 2)))[:, None]
        base[base == 0] = 1.0
        if "sensor" in factors:
            base = _shrunk(ratio.sum(0, dtype=np.float64), measured.sum(0), base)
        tables = {"base": base.astype(np.float32)}
        if not {"hour", "level"} & {*factors}:
            return cls(name, tables)
        ratio /= tables["base"]
        if "hour" in factors:
            tables["hour"] = _by_hour(ratio, measured, windows.minutes // 60)
            ratio /= tables["hour"][windows.minutes // 60]
        if "level" in factors:
            tables["unit"] = _units(windows.prediction, "sensor" in factors)
            tables["knots"], tables["curve"] = _by_level(ratio, measured, windows.prediction / tables["unit"])
        return cls(name, tables)

    def __call__(self, prediction: np.ndarray, minutes: np.ndarray) -> np.ndarray:
        """The expected absolute error, positive, of an array that broadcasts to [W, O, N].

        Args:
            prediction: [W, O, N].
            minutes: minute of the day of each target, [W, O].
        """
        scale = self.tables["base"]
        if "hour" in self.tables:
            scale = scale * self.tables["hour"][minutes // 60]
        if "level" in SCALINGS[self.name]:
            scale = scale * self._level_factor(prediction)
        return scale

    def _level_factor(self, prediction: np.ndarray) -> np.ndarray:
        value = prediction / self.tables["unit"]
        factor = np.empty(value.shape, np.float32)
        for step, (knots, curve) in enumerate(zip(self.tables["knots"], self.tables["curve"], strict=True)):
            factor[:, step] = np.interp(value[:, step], knots, curve)
        return factor


def _by_hour(ratio: np.ndarray, measured: np.ndarray, hours: np.ndarray) -> np.ndarray:
    """Mean ratio by hour and sensor, float32 [24, N]: drawn towards the product of the means of both."""
    totals = np.stack([ratio[hours == hour].sum(0, dtype=np.float64) for hour in range(_HOURS)])
    counts = np.stack([measured[hours == hour].sum(0) for hour in range(_HOURS)])
    sensor = _shrunk(totals.sum(0), counts.sum(0), 1.0)
    hour = _shrunk(totals.sum(1), (counts * sensor).sum(1), 1.0)
    return _shrunk(totals, counts, hour[:, None] * sensor).astype(np.float32)


def _units(prediction: np.ndarray, by_sensor: bool) -> np.ndarray:
    """What the forecasts of a sensor are divided by, float32 [N]: the mean of their absolute values, or 1."""
    mean = np.abs(prediction).mean((0, 1), dtype=np.float64)
    return np.where((mean > 0) & by_sensor, mean, 1.0).astype(np.float32)


def _by_level(ratio: np.ndarray, measured: np.ndarray, value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Knots and means [O, B] of the ratios, in bins of equal numbers of forecasts.

    The means may fall with the value: speeds are hard to forecast where they are low.
    """
    steps, fewest = ratio.shape[1], int(measured.sum((0, 2)).min())
    number = min(_MOST_BINS, max(_FEWEST_BINS, fewest // _VALUES_PER_BIN))
    knots, curve = np.empty((steps, number), np.float32), np.empty((steps, number), np.float32)
    for step in range(steps):
        known = measured[:, step]
        values, ratios = value[:, step][known], ratio[:, step][known]
        edges = np.quantile(values, np.arange(1, number) / number)
        bins = np.searchsorted(edges, values, side="right")
        counts = np.bincount(bins, minlength=number)
        # Equal values can leave a bin empty. It is put between its neighbours.
        centres = _ratio(np.bincount(bins, values, number), counts)
        filled = counts > 0
        knots[step] = np.interp(np.arange(number), np.flatnonzero(filled), centres[filled])
        means = _shrunk(np.bincount(bins, ratios, number), counts, 1.0, prior=1.0)
        curve[step] = np.interp(np.arange(number), np.flatnonzero(filled), means[filled])
    return knots, curve


def _shrunk(total: np.ndarray, count: np.ndarray, towards: object, prior: float = _PRIOR) -> np.ndarray:
    return np.asarray((total + prior * np.asarray(towards)) / (count + prior))


def _ratio(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    return total / np.maximum(count, 1)
