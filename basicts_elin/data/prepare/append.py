"""New rows for a dataset that is already prepared."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...errors import UserError
from ..catalog import CATALOG
from ..dataset import Dataset, open_dataset
from ..graphs.ids import plain_id
from ..io.npy import map_array
from ..io.raw import RawSeries
from ..io.reading import ReadOptions
from ..layout import COVARIATES, PARTS
from ..times.dates import format_time
from ..times.filling import on_grid
from ..times.options import Placement, TimeOptions
from ..times.zones import to_local

_ANEW = "--force replaces the dataset"


@dataclass(frozen=True)
class Existing:
    """The dataset that rows are added to."""

    dataset: Dataset

    @classmethod
    def at(cls, folder: Path) -> "Existing":
        """Raises: UserError if there is no dataset, or rows cannot be added to it."""
        dataset = open_dataset(folder)
        dataset.check()
        if dataset.name in CATALOG:
            raise UserError("append", f"{dataset.name}, a public dataset", "a dataset of your own", "omit --append")
        for is_so, found, expected in (
            (dataset.dates("train") is None, "no dates", "a date for each row: prepare it with --start"),
            (bool(dataset.gaps), "gaps that are not filled", "a dataset from `prepare FILE`"),
            (not np.isnan(dataset.null_value), f"missing values marked by {dataset.null_value:g}", "NaN"),
        ):
            if is_so:
                raise UserError("append", f"{folder} has {found}", expected, _ANEW)
        return cls(dataset)

    @property
    def last(self) -> np.datetime64:
        """The instant of its last row."""
        instants = self.dataset.instants("test")
        assert instants is not None, "checked above"
        return instants[-1]

    @property
    def missing(self) -> list[str]:
        """The numbers that mark missing values, as texts."""
        return [str(marker) for marker in self.dataset.meta.get("missing", [])]

    @property
    def across_breaks(self) -> bool:
        return self.dataset.windows_across_breaks

    @property
    def has_covariates(self) -> bool:
        return bool(self.dataset.meta.get("covariates"))

    def read_options(self, options: ReadOptions) -> ReadOptions:
        """The options, with the dataset's channels. Raises: UserError for another channel."""
        own = self.dataset.meta.get("channel")
        channel = options.channel or own
        if channel != own:
            raise UserError(
                "channel", channel, f"{own or 'none'}, the channel of {self.dataset.name}", "omit --channel"
            )
        return replace(options, channel=channel, covariates=options.covariates or self.has_covariates)

    def time_options(self, options: TimeOptions) -> TimeOptions:
        """The options, with the dataset's interval and time zone where none is given."""
        interval = options.freq or f"{self.dataset.interval_minutes}min"
        return replace(options, freq=interval, tz=options.tz or self.dataset.timezone)

    def extended(self, series: RawSeries, placement: Placement) -> tuple[RawSeries, str, int]:
        """The rows of the dataset and of the file as one series; how the dataset grows, as a line; rows that are new.

        Values that both have must be equal. A missing value is filled by a new one.

        Raises: UserError for other sensors, another interval or time zone, or values that differ.
        """
        self._check_time(placement)
        new_times = placement.timeline.instants()
        assert new_times is not None, "checked above"
        values, covariates = on_grid(series, placement)
        # times that the file does not have are decided by both together
        kept = np.unique(placement.rows)
        order = self._order(series)
        new_times, values = new_times[kept], values[kept][:, order]
        covariates = None if covariates is None else covariates[kept][:, order]

        old_times = np.concatenate([self.dataset.instants(part) for part in PARTS])
        old = np.concatenate([self.dataset.values(part) for part in PARTS])
        times = np.union1d(old_times, new_times)
        rows, new_rows = np.searchsorted(times, old_times), np.searchsorted(times, new_times)
        clock = times if self.dataset.timezone is None else to_local(times, self.dataset.timezone)
        merged, filled = _merged(old, rows, values, new_rows, clock, self.dataset.node_names)
        own, others = self.dataset.meta.get("covariates") or [], (series.channel_names or [])[1:]
        if own != (others if covariates is not None else []):
            found = f"the other channels {', '.join(others) or '(none)'}"
            raise UserError("append", found, f"{', '.join(own) or 'none'}, as {self.dataset.name}", _ANEW)
        if covariates is not None:
            files = [self.dataset.folder / f"{part}_{COVARIATES}.npy" for part in PARTS]
            before = np.concatenate([map_array(file) for file in files])
            covariates, _ = _merged(before, rows, covariates, new_rows, clock, self.dataset.node_names)
        dates = self.dataset.dates("test")
        assert dates is not None, "checked before"
        added, last = len(times) - len(old_times), dates[-1]
        line = (
            f"{len(old_times)} rows to {format_time(last)}: "
            f"{added} rows are new, {len(kept) - added} were there already, {filled} missing values are filled"
        )
        zone = None if self.dataset.timezone is None else "UTC"
        names = self.dataset.node_names
        merged_series = RawSeries(
            merged, times, zone, node_names=names, covariates=covariates, channel_names=series.channel_names
        )
        return merged_series, line, added

    def calendar_note(self, placement: Placement, num_added: int) -> list[str]:
        """A line if the new rows have times that the dataset did not have: rows of missing values come with them."""
        before, now = self.dataset.calendar, placement.timeline.calendar
        if before == now:
            return []
        rows = placement.timeline.num_rows - self.dataset.num_rows - num_added
        always = "every day, all day"
        return [
            f"calendar: it was {before or always}, and is now {now or always}; this adds {rows} rows of missing values"
        ]

    def _check_time(self, placement: Placement) -> None:
        found, expected = placement.timeline, self.dataset
        if found.start is None:
            raise UserError("append", "a file without times", "the time of each row", f"give --start, or {_ANEW}")
        if found.interval_minutes != expected.interval_minutes:
            what = f"{found.interval_minutes} minutes between rows"
            raise UserError("append", what, f"{expected.interval_minutes}, as {expected.name}", _ANEW)
        if found.timezone != expected.timezone:
            what = f"the time zone {found.timezone}"
            raise UserError("append", what, f"{expected.timezone}, as {expected.name}", _ANEW)

    def _order(self, series: RawSeries) -> np.ndarray:
        """The columns of the new file in the order of the dataset's sensors."""
        names = [plain_id(name) for name in self.dataset.node_names]
        found = None if series.node_names is None else [plain_id(name) for name in series.node_names]
        if found is None:
            if series.values.shape[1] != len(names):
                raise UserError(
                    "append", f"{series.values.shape[1]} sensors", f"{len(names)}, as the dataset has", _ANEW
                )
            return np.arange(len(names))
        unknown, absent = [*set(found) - set(names)], [*set(names) - set(found)]
        if unknown or absent:
            example = f"{min(unknown)} is new" if unknown else f"{min(absent)} is absent"
            what = f"other sensors: {len(unknown)} are new, {len(absent)} are absent ({example})"
            raise UserError("append", what, f"the {len(names)} sensors of {self.dataset.name}", _ANEW)
        place = {name: column for column, name in enumerate(found)}
        return np.array([place[name] for name in names])


def _merged(
    old: np.ndarray, rows: np.ndarray, new: np.ndarray, new_rows: np.ndarray, times: np.ndarray, names: list[str]
) -> tuple[np.ndarray, int]:
    """Both arrays in rows of `times`, and how many missing values of the old one are filled. Raises: UserError."""
    merged = np.full((len(times), *old.shape[1:]), np.nan, np.float32)
    merged[rows] = old
    there = np.isin(new_rows, rows)
    before = merged[new_rows]
    differ = there.reshape(-1, *[1] * (old.ndim - 1)) & (before != new) & ~np.isnan(before) & ~np.isnan(new)
    if differ.any():
        row, sensor = (int(number) for number in np.argwhere(differ)[0][:2])
        place = f"{format_time(times[new_rows[row]])}, sensor {names[sensor]}"
        found = f"{differ.sum()} values differ from those of the dataset (the first at {place})"
        raise UserError("append", found, "equal values in rows that both have", _ANEW)
    filled = np.isnan(before) & ~np.isnan(new) & there.reshape(-1, *[1] * (old.ndim - 1))
    merged[new_rows] = np.where(np.isnan(new), before, new)
    return merged, int(filled.sum())
