"""Forecasts as tables. R rows (times), N sensors, Q quantities: the forecast, and the ends of its intervals."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

FORECAST, TIME, SENSOR = "forecast", "time", "sensor"


def bound_names(level: float) -> tuple[str, str]:
    """ "lo90" and "hi90": the columns of an interval."""
    return f"lo{level:g}", f"hi{level:g}"


def wide_frame(index: "pd.Index", sensors: Sequence[str], quantities: Mapping[str, np.ndarray]) -> "pd.DataFrame":
    """A row for each time: the forecast of each sensor in a column of its name, an end of its interval in "NAME_lo90".

    Args:
        index: the R times.
        quantities: name -> [R, N], the forecast first.
    """
    import pandas as pd

    names = [sensor if name == FORECAST else f"{sensor}_{name}" for sensor in sensors for name in quantities]
    values = np.stack(list(quantities.values()), axis=-1).reshape(len(index), -1)
    return pd.DataFrame(values, index.rename(TIME), names)


def long_frame(
    index: "pd.Index", sensors: Sequence[str], quantities: Mapping[str, np.ndarray], time: str, sensor: str
) -> "pd.DataFrame":
    """A row for each time and sensor, in the order of the times.

    Args:
        index, quantities: as in `wide_frame`.
        time, sensor: names of the columns of times and of ids.
    """
    import pandas as pd

    ids = np.tile(np.array(sensors, dtype=object), len(index))
    columns = {time: index.repeat(len(sensors)), sensor: ids}
    return pd.DataFrame(columns | {name: values.reshape(-1) for name, values in quantities.items()})
