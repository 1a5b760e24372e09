"""How the day of week that a model sees follows from a date."""

from typing import Optional

import numpy as np

from ..catalog import DAYS_PER_WEEK
from .dates import date_timestamps, weekdays_of


def weekday_offset(dates: np.ndarray, stamps: np.ndarray) -> Optional[int]:
    """What is added to the weekday of a date (Monday = 0) to give the day of timestamps [T, 2]; None if no number does.

    The benchmark counts the days of some datasets from the first one, whatever weekday it was.
    """
    days = np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(int)
    differences = np.unique((days - weekdays_of(dates)) % DAYS_PER_WEEK)
    return int(differences[0]) if len(differences) == 1 else None


def model_timestamps(dates: np.ndarray, interval_minutes: int, offset: int) -> np.ndarray:
    """Time of day and day of week, float32 [T, 2] in [0, 1), of local dates, see `weekday_offset`."""
    stamps = date_timestamps(dates, interval_minutes)
    if offset:
        stamps[:, 1] = ((weekdays_of(dates) + offset) % DAYS_PER_WEEK / DAYS_PER_WEEK).astype(np.float32)
    return stamps
