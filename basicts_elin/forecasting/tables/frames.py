"""Forecasts as tables. R rows (times), N sensors, Q quantities: the forecast, and the ends of its intervals."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UserError

if TYPE_CHECKING:
    import pandas as pd

FORECAST, TIME, SENSOR = "forecast", "time", "sensor"


def bound_names(level: float) -> tuple[str, str]:
    """ "lo90" and "hi90": the columns of an interval."""
    return f"lo{level:g}", f"hi{level:g}"


def wide_frame(
    index: "pd.Index", sensors: Sequence[str], quantities: Mapping[str, np.ndarray], time: str = TIME
) -> "pd.DataFrame":
    """A row for each time: the forecast of each sensor in a column of its name, an end of its interval in "NAME_lo90".

    Args:
        index: the R times.
        quantities: name -> [R, N], the forecast first.
        time: name of the index; "": none.
    Raises: UserError if two columns would have one name.
    """
    import pandas as pd

    names = [sensor if name == FORECAST else f"{sensor}_{name}" for sensor in sensors for name in quantities]
    _check_names([time, *names], "ask for a long table, or for other levels")
    values = np.stack(list(quantities.values()), axis=-1).reshape(len(index), -1)
    return pd.DataFrame(values, index.rename(time or None), names)


def long_frame(
    index: "pd.Index", sensors: Sequence[str], quantities: Mapping[str, np.ndarray], time: str, sensor: str
) -> "pd.DataFrame":
    """A row for each time and sensor, in the order of the times.

    Args:
        index, quantities: as in `wide_frame`.
        time, sensor: names of the columns of times and of ids.
    Raises: UserError if two columns would have one name.
    """
    import pandas as pd

    _check_names([time, sensor, *quantities], "rename the columns of the table")
    ids = np.tile(np.array(sensors, dtype=object), len(index))
    columns = {time: index.repeat(len(sensors)), sensor: ids}
    return pd.DataFrame(columns | {name: values.reshape(-1) for name, values in quantities.items()})


def _check_names(names: Sequence[str], fix: str) -> None:
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise UserError("data", f"two columns {twice[0]!r} in the forecasts", "a name for each column", fix)
