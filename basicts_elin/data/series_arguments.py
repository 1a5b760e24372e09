"""What a user may say on the command line about a file that is read."""

import argparse
from typing import Any

from .io.options import ReadOptions
from .times.options import TimeOptions

_READ = ("key", "time", "sensor", "channel", "covariates")
_TIMES = ("freq", "tz", "time_format", "align", "duplicates", "start", "hours", "weekdays")
# all options by which a file is read; a command may have fewer
SERIES_OPTIONS = (*_READ, *_TIMES, "missing")


def add_series_arguments(group: argparse._ArgumentGroup) -> None:
    """The options by which every command reads a file."""
    group.add_argument("--key", help="which array of an .npz, or which table of an .h5")
    group.add_argument("--time", metavar="COLUMN", help="the column of times (default: found)")
    group.add_argument("--sensor", metavar="COLUMN", help="long table: the column of sensor ids (default: found)")
    group.add_argument(
        "--channel", help="the channel to forecast, by name or by number from 0 (default: y, or 0 of an array)"
    )
    group.add_argument("--tz", metavar="ZONE", help="time zone of local times with daylight saving time")
    group.add_argument(
        "--time-format", metavar="FORMAT", help="how times are written, such as %%d/%%m/%%Y %%H:%%M (default: found)"
    )
    group.add_argument(
        "--align",
        choices=("floor", "nearest"),
        help="move times between two steps to the step before, or to the nearest (default: refuse them)",
    )
    group.add_argument(
        "--duplicates", choices=("mean", "first"), help="merge several rows of one time (default: refuse them)"
    )
    group.add_argument("--start", metavar="TIME", help="time of the first row, if the file has no times")
    missing = "numbers that mark missing values (empty cells and NaN always do)"
    group.add_argument("--missing", nargs="+", action="extend", metavar="VALUE", help=missing)


def read_options(arguments: argparse.Namespace) -> ReadOptions:
    return ReadOptions(**given(arguments, dict(zip(_READ, _READ, strict=True))))


def time_options(arguments: argparse.Namespace) -> TimeOptions:
    return TimeOptions(**given(arguments, dict(zip(_TIMES, _TIMES, strict=True))))


def given(arguments: argparse.Namespace, names: dict[str, str]) -> dict[str, Any]:
    """The options that were given, under the names of the function's arguments."""
    values = {argument: getattr(arguments, option, None) for option, argument in names.items()}
    return {argument: value for argument, value in values.items() if value is not None}
