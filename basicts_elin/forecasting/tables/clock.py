"""The times of an input and of the steps ahead, as the model sees them and as the table writes them.

T rows of the input, O steps ahead.
"""

from dataclasses import dataclass, replace
from datetime import timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Optional, Union

import numpy as np

from ...data.catalog import DAYS_PER_WEEK, MINUTES_PER_DAY
from ...data.io.raw import RawSeries
from ...data.times.dates import minutes_of_day, model_timestamps
from ...data.times.stamps import read_stamps
from ...data.times.timeline import Timeline
from ..facts import Facts

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Clock:
    """The T + O times of an input and of the steps ahead.

    Attributes:
        timeline: of these T + O rows.
        zone: of the times in the table; None if they have none.
        first_row: number of the first row in the series of the training; None if the dates are known instead.
        facts: of the model.
    """

    timeline: Timeline
    zone: Union[None, str, tzinfo]
    first_row: Optional[int]
    facts: Facts

    @classmethod
    def after(
        cls, timeline: Timeline, zone: Union[None, str, tzinfo], first_row: Optional[int], facts: Facts
    ) -> "Clock":
        """The clock of an input with this timeline, and of the steps ahead of it."""
        longer = replace(timeline, num_rows=timeline.num_rows + facts.output_len)
        return cls(longer, zone, first_row, facts)

    def timestamps(self) -> np.ndarray:
        """Time of day and day of week, as the model was trained with: float32 [T + O, 2] in [0, 1)."""
        if self.first_row is None:
            dates, offset = self.timeline.dates(), self.facts.weekday_offset
            assert dates is not None and offset is not None, "checked when the table was read"
            return model_timestamps(dates, self.facts.interval_minutes, offset)
        days, minutes = np.divmod(self._minutes_of_week(), MINUTES_PER_DAY)
        return np.stack([minutes / MINUTES_PER_DAY, days / DAYS_PER_WEEK], axis=1).astype(np.float32)

    def minutes(self) -> np.ndarray:
        """Local minute of the day, int64 [T + O]."""
        dates = self.timeline.dates()
        return self._minutes_of_week() % MINUTES_PER_DAY if dates is None else minutes_of_day(dates)

    def local(self) -> np.ndarray:
        """Local times datetime64[m] [T + O]; NaT if the dates are not known."""
        dates = self.timeline.dates()
        return np.full(self.timeline.num_rows, np.datetime64("NaT", "m")) if dates is None else dates

    def index(self) -> "pd.Index":
        """The times as the table writes them, [T + O]: in its zone, or row numbers if it has no times."""
        import pandas as pd

        if self.timeline.start is None:
            return pd.RangeIndex(self.first_row or 0, (self.first_row or 0) + self.timeline.num_rows)
        if self.zone is None:
            return pd.DatetimeIndex(self.timeline.dates().astype("datetime64[ns]"))
        instants = pd.DatetimeIndex(self.timeline.instants().astype("datetime64[ns]"))
        if self.timeline.timezone is None:
            return instants.tz_localize(self.zone)
        return instants.tz_localize("UTC").tz_convert(self.zone)

    def _minutes_of_week(self) -> np.ndarray:
        first = self.facts.minute_of_week + (self.first_row or 0) * self.facts.interval_minutes
        rows = np.arange(self.timeline.num_rows, dtype=np.int64)
        return (first + rows * self.facts.interval_minutes) % (DAYS_PER_WEEK * MINUTES_PER_DAY)


def zone_of(series: RawSeries, time_format: Optional[str], default: Optional[str]) -> Union[None, str, tzinfo]:
    """The zone in which a table writes its times: its own, its offset from UTC, or None if it writes neither.

    default: the zone of times whose offsets from UTC differ.
    """
    if series.times is None or series.zone is not None:
        return series.zone
    offset = read_stamps(series.times[:1], None, time_format).offset if _is_text(series.times) else None
    if offset is None:
        return None
    return default or (timezone.utc if offset == 0 else timezone(timedelta(minutes=offset)))


def _is_text(times: np.ndarray) -> bool:
    return times.dtype.kind not in "Miuf"
