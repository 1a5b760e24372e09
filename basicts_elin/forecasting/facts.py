"""What a forecaster knows of the series that its model was trained on."""

import functools
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Optional

from ..data.times.calendars import Calendar, calendar_of_meta


@dataclass(frozen=True)
class Facts:
    """Facts of a model and its series. N sensors.

    Attributes:
        model: its name, such as "ELinFormer".
        dataset: name of the dataset that it was trained on.
        node_names: the N sensor ids, in the order of the model.
        interval_minutes: minutes between rows.
        input_len, output_len: rows that a forecast needs, and rows that it gives.
        missing_inputs: what the model sees in place of a missing input: "zero", "mean" or "last".
        null_val: the number that marks a missing value; None where only NaN does.
        null_to_num: what stands for the mean after scaling, where the model sees it in place of a missing input.
        missing: further numbers that mark missing values in files.
        channel: the channel of the files that is forecast; None if they have only one.
        timezone: name of the IANA, whose clock the series follows; None if it is not known.
        calendar: the local times that the series has, as in `meta.json`; None: all.
        windows_across_breaks: whether the model was trained on windows that span times outside of the calendar.
        weekday_offset: see `data.times.dates`; None: the model was trained without dates.
        minute_of_week: of the first row of the training series, as the model sees it.
        domain, unit: what is measured.
        non_negative: whether it cannot be below 0.
        trained_until: local time of the last row of the training part; None if it is not known.
    """

    model: str
    dataset: str
    node_names: tuple[str, ...]
    interval_minutes: int
    input_len: int
    output_len: int
    missing_inputs: str
    null_val: Optional[float]
    null_to_num: float = 0.0
    missing: tuple[float, ...] = ()
    channel: Optional[str] = None
    timezone: Optional[str] = None
    calendar: Optional[Mapping[str, Any]] = None
    windows_across_breaks: bool = True
    weekday_offset: Optional[int] = 0
    minute_of_week: int = 0
    domain: str = ""
    unit: str = ""
    non_negative: bool = False
    trained_until: Optional[str] = None

    @classmethod
    def of(cls, content: Mapping[str, Any]) -> "Facts":
        """From plain values, such as those of JSON; other keys are ignored. Raises: KeyError for missing ones."""
        names = {field.name for field in fields(cls)}
        given = {name: value for name, value in content.items() if name in names}
        null_val = given["null_val"]
        given["null_val"] = None if null_val is None or math.isnan(null_val) else float(null_val)
        for name in ("node_names", "missing"):
            given[name] = tuple(given.get(name) or ())
        return cls(**given)

    def json(self) -> dict[str, Any]:
        """Plain values, from which `of` makes the same facts."""
        return asdict(self)

    @property
    def num_nodes(self) -> int:
        return len(self.node_names)

    @functools.cached_property
    def times(self) -> Optional[Calendar]:
        """The local times that the series has; None: all."""
        return None if self.calendar is None else calendar_of_meta(dict(self.calendar))

    @property
    def is_dated(self) -> bool:
        """Whether the model was trained on a series whose dates are known."""
        return self.weekday_offset is not None
