"""A made city: a sensor network with what real ones have. T: rows, N: sensors."""

from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

ZONE, INTERVAL = "Europe/Berlin", 15
_NAMES = (
    "Köln-Süd", "北京路", "Œuvre", "São João", "Łódź", "Place de l'Étoile", "Ægir", "Ñuñoa", "Αθήνα", "Москва",
    "Ringstraße 7", "東京駅",
)  # fmt: skip


@dataclass(frozen=True)
class City:
    """What was made, and the files that hold it.

    Attributes:
        values: float32 [T, N], vehicles per 15 minutes; NaN where nothing was measured, also in the rows of `absent`.
        instants: UTC, datetime64[m] [T], a row every 15 minutes.
        dates: the times of the clock in Berlin, datetime64[m] [T]: an hour is skipped in spring, another comes twice
            in autumn.
        names: of the N sensors.
        absent: bool [T], the rows that no file has.
        dead, dead_since: the sensor that shows only 0 to the end, and the first such row.
        edges: distances in metres: (from, to) numbers of sensors -> metres, directed.
        wide, long, parquet, graph: see `make_city`.
    """

    values: np.ndarray
    instants: np.ndarray
    dates: np.ndarray
    names: list[str]
    absent: np.ndarray
    dead: str
    dead_since: int
    edges: dict[tuple[int, int], float]
    wide: Path
    long: Path
    parquet: Path
    graph: Path


def make_city(
    folder: Path, *, num_sensors: int = 60, first: str = "2024-03-18", last: str = "2024-11-10", seed: int = 0
) -> City:
    """Make a city and its files, the same for each seed.

    - `wide.csv`: the clock's time and a column for each sensor, an empty cell where nothing was measured.
    - `long.csv`: columns unique_id, ds, y; sensor by sensor, without the rows where nothing was measured.
    - `wide.parquet`: as `wide.csv`, with times in the time zone.
    - `edges.csv`: from, to, cost with the names of the sensors, after an index column without name.

    Args:
        first, last: local days, both included. The default has both clock changes.
    """
    random = np.random.default_rng(seed)
    instants = _instants(first, last)
    index = pd.DatetimeIndex(instants).tz_localize("UTC").tz_convert(ZONE)
    dates = index.tz_localize(None).to_numpy().astype("datetime64[m]")
    names = [
        _NAMES[number % len(_NAMES)] + f" {number // len(_NAMES)}" * (number >= len(_NAMES))
        for number in range(num_sensors)
    ]
    values = _counts(random, dates, num_sensors)
    num_rows = len(values)

    dead, dead_since = num_sensors - 1, 7 * num_rows // 10
    values[dead_since:, dead] = 0
    # If one of two equal times were absent from the long table, nobody could say which.
    twice = pd.Index(dates).duplicated(keep=False)
    kept = values[twice]
    # the first sensors are away for long, and all of them now and then
    for sensor in range(max(1, num_sensors // 8)):
        start = random.integers(num_rows // 20, num_rows // 2)
        values[start : start + random.integers(num_rows // 50, num_rows // 8), sensor] = np.nan
    values[random.random(values.shape) < 0.005] = np.nan
    values[twice] = kept
    values[dead_since:, dead] = 0
    absent = np.zeros(num_rows, bool)
    for start, rows in ((num_rows // 5, 1), (num_rows // 3, 30)):
        absent[start : start + rows] = True
    values[absent] = np.nan

    folder.mkdir(parents=True, exist_ok=True)
    city = City(
        values, instants, dates, names, absent, names[dead], dead_since, _edges(random, num_sensors),
        *(folder / name for name in ("wide.csv", "long.csv", "wide.parquet", "edges.csv")),
    )  # fmt: skip
    _write(city, index)
    return city


def _instants(first: str, last: str) -> np.ndarray:
    days = np.array([first, last], "datetime64[D]")
    ends = [pd.Timestamp(day).tz_localize(ZoneInfo(ZONE)).tz_convert("UTC") for day in (days[0], days[1] + 1)]
    start, end = (np.datetime64(time.tz_localize(None).to_pydatetime(), "m") for time in ends)
    return np.arange(start, end, np.timedelta64(INTERVAL, "m"))


def _counts(random: np.random.Generator, dates: np.ndarray, num_sensors: int) -> np.ndarray:
    """Two rush hours on working days, one hump at the weekend, and hardly anybody at night: 0 is a value."""
    hours = (dates - dates.astype("datetime64[D]")).astype(np.float64) / 60
    is_weekend = (dates.astype("datetime64[D]").astype(int) + 3) % 7 >= 5
    work = np.exp(-((hours - 8) ** 2) / 4) + 0.9 * np.exp(-((hours - 17.5) ** 2) / 6)
    leisure = 0.7 * np.exp(-((hours - 15) ** 2) / 20)
    day = np.where(is_weekend, leisure, work) + 0.3 * np.exp(-((hours - 13) ** 2) / 30)
    size = random.uniform(40, 400, num_sensors)
    return random.poisson(np.outer(day, size)).astype(np.float32)


def _edges(random: np.random.Generator, num_sensors: int) -> dict[tuple[int, int], float]:
    """A ring in both directions, and shortcuts in one."""
    ring = [(number, (number + 1) % num_sensors) for number in range(num_sensors)] if num_sensors > 1 else []
    others = {(int(a), int(b)) for a, b in random.integers(0, num_sensors, (num_sensors, 2)) if a != b}
    pairs = sorted({*ring, *[pair[::-1] for pair in ring], *others})
    return {
        pair: round(float(metres), 1) for pair, metres in zip(pairs, random.uniform(200, 3000, len(pairs)), strict=True)
    }


def _write(city: City, index: pd.DatetimeIndex) -> None:
    there = ~city.absent
    texts = np.char.replace(city.dates[there].astype(str), "T", " ")
    counts = pd.DataFrame(city.values[there], columns=city.names).astype("Int32")
    counts.set_axis(pd.Index(texts, name="time")).to_csv(city.wide)
    counts.set_axis(pd.Index(index[there], name="time")).to_parquet(city.parquet)
    sensors, rows = np.nonzero(~np.isnan(city.values[there].T))
    columns = {
        "unique_id": np.array(city.names, object)[sensors],
        "ds": texts[rows],
        "y": city.values[there].T[sensors, rows].astype(int),
    }
    pd.DataFrame(columns).to_csv(city.long, index=False)
    edges = [(city.names[a], city.names[b], metres) for (a, b), metres in city.edges.items()]
    pd.DataFrame(edges, columns=["from", "to", "cost"]).to_csv(city.graph)
