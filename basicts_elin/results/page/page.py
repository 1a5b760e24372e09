"""What the report page shows. N sensors, T rows of history, O times of forecast."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

import numpy as np

from ...errors import UserError
from ...evaluation.error_tables import ErrorTables

_MAKE_IT = "correct the call of write_page"


@dataclass(frozen=True)
class Page:
    """The content of one report. Values are in original units, NaN where nothing is known. Times are local.

    Attributes:
        title: of the page, such as "City: the next 12 hours".
        sensors: N names, each once.
        method: name of the model; it decides the colour.
        history_times: datetime64 [T], what was measured before the forecast.
        history: [T, N].
        forecast_times: datetime64 [O].
        forecast: [O, N].
        quantity: what is measured, such as "traffic flow"; "" = not known.
        unit: such as "vehicles per 5 minutes"; "" = not known.
        forecast_note: one sentence below the forecast, such as "Each value was forecast 60 minutes ahead."
        bands: level in per cent -> (lower, upper), both [O, N].
        truth: [O, N], what was measured at the times of the forecast; None = not known yet.
        others: other forecasts for the same times by the name of their method, each [O, N].
        errors: of the windows that `errors_note` names; None = no errors are shown.
        errors_note: what the errors are of, such as "3,561 windows of the test part".
        interval_minutes: between two times; None = the horizon is shown in steps.
        other_errors: mean absolute error by the steps ahead of other methods, name -> float [O] as `errors.horizon`.
        latitude, longitude: [N], NaN where a place is not known; None = no map.
        facts: of the run, shown as a table: name -> text.
        timezone: of the times, such as "Europe/Berlin"; "" = not known.
    """

    title: str
    sensors: Sequence[str]
    method: str
    history_times: np.ndarray
    history: np.ndarray
    forecast_times: np.ndarray
    forecast: np.ndarray
    quantity: str = ""
    unit: str = ""
    forecast_note: str = ""
    bands: Mapping[float, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)
    truth: Optional[np.ndarray] = None
    others: Mapping[str, np.ndarray] = field(default_factory=dict)
    errors: Optional[ErrorTables] = None
    errors_note: str = ""
    interval_minutes: Optional[int] = None
    other_errors: Mapping[str, np.ndarray] = field(default_factory=dict)
    latitude: Optional[np.ndarray] = None
    longitude: Optional[np.ndarray] = None
    facts: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""

    def check(self) -> None:
        """Raises: UserError for the first field that does not fit the others."""
        sensors, ahead = len(self.sensors), len(self.forecast_times)
        if not sensors or len({*self.sensors}) < sensors:
            raise UserError(
                "sensors", f"{sensors} names, {len({*self.sensors})} of them different", "each once", _MAKE_IT
            )
        if (self.latitude is None) != (self.longitude is None):
            raise UserError("latitude", "one of latitude and longitude", "both or none", _MAKE_IT)
        shapes: dict[str, tuple[int, ...]] = {
            "history": (len(self.history_times), sensors),
            "forecast": (ahead, sensors),
        }
        arrays = {"history": self.history, "forecast": self.forecast}
        for name, array in (("truth", self.truth), *self.others.items()):
            if array is not None:
                arrays[name], shapes[name] = array, (ahead, sensors)
        for level, pair in self.bands.items():
            for name, array in zip((f"lower bound of {level:g} %", f"upper bound of {level:g} %"), pair, strict=True):
                arrays[name], shapes[name] = array, (ahead, sensors)
        for name, array in (("latitude", self.latitude), ("longitude", self.longitude)):
            if array is not None:
                arrays[name], shapes[name] = array, (sensors,)
        if self.errors is not None:
            arrays["errors"], shapes["errors"] = self.errors.sensor, (sensors,)
        for name, array in arrays.items():
            if np.shape(array) != shapes[name]:
                raise UserError(name, list(np.shape(array)), f"the shape {list(shapes[name])}", _MAKE_IT)
