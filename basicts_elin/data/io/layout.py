"""Which columns of a table hold times, sensor ids and values."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...errors import UserError, nearest
from .options import ReadOptions

TIME, NUMBER, TEXT = "time", "number", "text"

# Nixtla's names of a long table
_UNIQUE_ID, _DS, _Y = "unique_id", "ds", "y"
_TIME_NAMES = ("time", "date", "datetime", "timestamp", "ds", "date_time", "times", "dates", "datetime_utc", "period")
_INDEX_NAMES = ("", "index", "unnamed: 0", "__index_level_0__")
_DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}([T ].*)?|\d{1,2}[-/.]\d{1,2}[-/.](\d{4}|\d{2})([T ,].*)?"
    r"|(19|20)\d{6}[T ]\d{4,6}.*|\d{1,2}[ -][A-Za-z]{3,9}[ -]\d{2,4}.*|[A-Za-z]{3,9} \d{1,2},? \d{4}.*"
)
_SHOWN = 8


@dataclass(frozen=True)
class Layout:
    """The columns of a table by their numbers.

    Attributes:
        time: None if no column holds times.
        sensor: of a long table; None if the table is wide.
        values: of the sensors; of the target channel and then the other channels, if the table is long.
        index: counts the rows, and is left out; None if there is none.
    """

    time: Optional[int]
    sensor: Optional[int]
    values: tuple[int, ...]
    index: Optional[int] = None


def looks_like_a_time(text: str) -> bool:
    return _DATE.fullmatch(text.strip()) is not None


def find_layout(names: Sequence[str], kinds: Sequence[str], path: Path, options: ReadOptions) -> Layout:
    """The layout of a table.

    Args:
        names: of the columns.
        kinds: TIME, NUMBER or TEXT, by what the cells of each column look like.
        path: for messages.
    Raises: UserError if a named column is not there, or the columns can be read in several ways.
    """
    repeated = next((name for number, name in enumerate(names) if name and name in names[:number]), None)
    if repeated is not None:
        found = f"two columns {repeated!r} in {path}"
        raise UserError("file", found, "a name of its own for each column", "rename or remove one of them")
    nixtla = {_UNIQUE_ID, _DS} <= {*names}
    sensor = _named(names, options.sensor or (_UNIQUE_ID if nixtla else None), "--sensor", path)
    time = _named(names, options.time or (_DS if nixtla else None), "--time", path)
    index = None
    if time is None:
        time = _time_column(names, kinds, path)
    if time != 0 and names and names[0].lower() in _INDEX_NAMES and kinds[0] == NUMBER and time is not None:
        index = 0
    rest = [number for number in range(len(names)) if number not in (time, sensor, index)]
    if sensor is None:
        return Layout(time, None, tuple(_numbers(names, kinds, rest, path)), index)
    return Layout(time, sensor, _channels(names, kinds, rest, path, options), index)


def _named(names: Sequence[str], name: Optional[str], option: str, path: Path) -> Optional[int]:
    if name is None:
        return None
    if name not in names:
        found = f"no column {name!r} in {path}"
        raise UserError(option, found, f"one of {_listed(names)}{nearest(name, names)}", "correct the name")
    return list(names).index(name)


def _time_column(names: Sequence[str], kinds: Sequence[str], path: Path) -> Optional[int]:
    by_content = [number for number, kind in enumerate(kinds) if kind == TIME]
    by_name = [number for number, name in enumerate(names) if name.strip().lower() in _TIME_NAMES]
    candidates = by_content
    if len(by_content) > 1:
        candidates = [number for number in by_content if number in by_name] or by_content
    elif not by_content:
        candidates = by_name
    if len(candidates) > 1:
        found = f"several columns of times in {path}: {_listed([names[number] for number in candidates])}"
        raise UserError("file", found, "one", "name it by --time, or join date and time in one column")
    others = [number for number in by_name if number not in candidates and kinds[number] == TEXT]
    if candidates and others:
        # a clock beside a date
        found = f"the columns {_listed([names[candidates[0]], names[others[0]]])} in {path}"
        raise UserError("file", found, "date and time in one column", "join them, or remove one")
    return candidates[0] if candidates else None


def _numbers(names: Sequence[str], kinds: Sequence[str], columns: list[int], path: Path) -> list[int]:
    """The columns of the sensors of a wide table."""
    text = [number for number in columns if kinds[number] != NUMBER]
    if text:
        name = names[text[0]]
        found = f"column {name!r} of {path} holds {'times' if kinds[text[0]] == TIME else 'text'}"
        fix = f"remove it, or name it by --sensor {name} if it is the sensor of each row"
        raise UserError("file", found, "a time and numbers in each row", fix)
    if not columns:
        raise UserError("file", f"{path} has no column of values", "a time and numbers in each row", "add the values")
    return columns


def _channels(
    names: Sequence[str], kinds: Sequence[str], columns: list[int], path: Path, options: ReadOptions
) -> tuple[int, ...]:
    """The columns of the channels of a long table, the target first."""
    numeric = [number for number in columns if kinds[number] == NUMBER]
    listed = _listed([names[number] for number in numeric])
    wanted = options.channel or (_Y if _Y in names else None)
    if wanted is None:
        if len(numeric) != 1:
            found = f"the columns of values {listed or '(none)'} in {path}"
            raise UserError("file", found, "one", "name the one to forecast by --channel")
        target = numeric[0]
    elif wanted in names:
        target = list(names).index(wanted)
    elif wanted.isdigit() and int(wanted) < len(numeric):
        target = numeric[int(wanted)]
    else:
        raise UserError("channel", f"no column {wanted!r} in {path}", f"one of {listed}", "correct --channel")
    if kinds[target] != NUMBER:
        raise UserError("channel", f"column {names[target]!r} of {path} holds text", f"one of {listed}", "correct it")
    others = [number for number in numeric if number != target] if options.covariates else []
    return (target, *others)


def _listed(names: Sequence[str]) -> str:
    shown = [name or "(no name)" for name in names[:_SHOWN]]
    return ", ".join(shown) + (f", ... ({len(names)} in all)" if len(names) > _SHOWN else "")
