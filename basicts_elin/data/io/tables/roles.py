"""Which column of a table is the time, the sensor id, a value. The header decides; without one, the cells do."""

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import numpy as np

from ....errors import UserError
from ..channels import channel_note, choose_channel
from ..options import ReadOptions
from .column import CLOCK, NUMBER, TEXT, TIME, Column, is_id_name, letters
from .day_parts import find_part
from .times_text import (
    are_steady_unix_times,
    are_unix_times,
    is_clock,
    is_day,
    is_short_time_name,
    is_time,
    is_time_name,
)

_ROW_NUMBERS = {"", "index", "id", "row", "rownumber", "no", "nr"}
_IN_GROUPS = r"[+-]?\d{1,3}([ \u00a0\u202f]\d{3})+([.,]\d+)?"
_UNIT = r"(\s*[%°]\S*|\s+[^\W\d]\S*)"
# what numbers and times may be wrapped in, so that they look like texts: pattern, what was expected, the fix
_DECORATED = (
    (re.compile(rf"([+-]?\d[\d.,]*|{_IN_GROUPS}){_UNIT}"), "a number", "write numbers alone, without a unit"),
    (re.compile(_IN_GROUPS), "a number", "write numbers with a decimal point, without thousands separators or blanks"),
    (re.compile(r"'.*'"), "a cell without single quotes", "remove the quotes, or write double ones"),
)
_TWO_LEVELS = re.compile(r"\(.+, .+\)")


@dataclass(frozen=True)
class Roles:
    """Numbers of the columns.

    Attributes:
        times: none, the time column, or those of date and clock time.
        sensor: the column of ids of a long table.
        sensor_is_guessed: it was chosen because it is the only one that holds text.
        values: the sensors of a wide table; the channels of a long one, the target first.
        row_numbers: columns that count rows and are left out.
        has_names: whether the columns have names.
    """

    times: list[int]
    sensor: Optional[int]
    values: list[int]
    row_numbers: list[int]
    notes: tuple[str, ...]
    sensor_is_guessed: bool = False
    has_names: bool = True


def find_roles(columns: list[Column], path: Path, options: ReadOptions) -> Roles:
    """Raises: UserError if a column could be one thing or another, with the option that says which."""
    _check_names(columns, path)
    notes: list[str] = []
    times = _find_times(columns, path, options)
    names = [column.name for column in columns]
    refuse_decorated([columns[number] for number in times if columns[number].kind == TEXT], path, _DECORATED[-1:])
    row_numbers = [
        number for number in _row_numbers(columns) if number not in times and names[number] != options.sensor
    ]
    rest = [number for number in range(len(columns)) if number not in times + row_numbers]
    if row_numbers:
        notes.append(f"column {names[row_numbers[0]] or 'without name'} counts the rows and is left out")
    if times and options.time is None and columns[times[0]].kind == NUMBER and not is_time_name(names[times[0]]):
        notes.append(f"{_listed(names, times)} holds the times, in numbers since 1970")
    if len(times) == 2 and columns[times[1]].kind == CLOCK:
        notes.append(f"{_listed(names, times)} together are the time")

    notes += _hours_note(columns, times, names)
    sensor, is_guessed = _find_sensor(columns, rest, path, options)
    times = [number for number in times if number != sensor]
    rest = [number for number in rest if number != sensor]
    other = [number for number in rest if _is_no_value(columns[number])]
    texts = [number for number in other if columns[number].kind == TEXT]
    if other and (sensor is not None or not texts):
        notes.append(f"{_listed(names, other)}: no values, left out")
        rest = [number for number in rest if number not in other]
    elif other:
        refuse_decorated([columns[number] for number in texts], path)
        found = f"{_listed(names, texts[:1])} of {path} holds text, such as {columns[texts[0]].sample[0]!r}"
        fix = "remove it, or name it by --sensor if it holds the sensor ids"
        raise UserError("file", found, "numbers in each sensor's column", fix)
    nameless = [number for number in rest if not names[number]]
    if nameless and any(names):
        found = f"column {nameless[0] + 1} of {path} has no name, and holds neither times nor row numbers"
        raise UserError("file", found, "a name for each column", "name it, or remove it")
    if not rest:
        raise UserError("file", f"{path} with {_listed(names, range(len(names)))}", "a column of numbers", "add one")

    if sensor is None:
        if options.channel is not None:
            found = f"{options.channel!r}, but each column of {path} is a sensor: it has one channel"
            raise UserError("channel", found, fix="omit --channel, or name the sensor ids of a long table by --sensor")
        return Roles(times, None, rest, row_numbers, tuple(notes), has_names=any(names[number] for number in rest))
    target, others = _channels(names, rest, path, options, notes)
    values = [target, *(others if options.covariates else ())]
    return Roles(times, sensor, values, row_numbers, tuple(notes), is_guessed)


def _check_names(columns: list[Column], path: Path) -> None:
    counts = Counter(column.name for column in columns if column.name)
    twice = [name for name, count in counts.items() if count > 1]
    if twice:
        places = ", ".join(str(number + 1) for number, column in enumerate(columns) if column.name == twice[0])
        more = f", and {len(twice) - 1} more" if len(twice) > 1 else ""
        found = f"names that are not unique in {path}: {twice[0]!r} (columns {places}){more}"
        raise UserError("file", found, "a name of its own for each column", "rename or remove the columns")
    if sum(bool(_TWO_LEVELS.fullmatch(name)) for name in counts) > len(columns) / 2:
        found = f"{path} with column names of two levels, such as {next(iter(reversed(counts)))}"
        raise UserError("file", found, "one name for each column", "save one channel, frame[channel], in a file")
    dates = [name for name in counts if is_time(name)]
    if len(dates) > len(columns) / 2:
        found = f"the columns of {path} are times, such as {dates[0]}"
        raise UserError("file", found, "a row for each time, a column for each sensor", "save it transposed: frame.T")
    clocks = [name for name in counts if is_clock(name)]
    if len(clocks) > 2 and 2 * len(clocks) > len(columns):
        found = f"the columns of {path} are times of day, such as {clocks[0]}"
        rest = [name for name in counts if name not in clocks]
        fix = f"save it so: frame.melt({rest}, var_name='clock')"
        raise UserError("file", found, "a row for each time, a column for each sensor", fix)
    plain = {letters(name) for name in counts}
    if {"from", "to"} <= plain and len(columns) <= 4:
        fix = "give it by --graph, and the series here"
        raise UserError("file", f"{path} is a list of edges: {', '.join(counts)}", "a series", fix)
    if {"year", "month", "day"} <= plain:
        fix = "join them into one column of dates, such as 2024-01-31 12:00"
        raise UserError("file", f"the dates of {path} are in several columns, year, month, day", "one column", fix)
    unnamed = [number for number, column in enumerate(columns) if not column.name]
    if counts and len(unnamed) > 1:
        number = unnamed[1]
        raise UserError("file", f"column {number + 1} of {path} has no name", "a name for each column", "add it")


def _find_times(columns: list[Column], path: Path, options: ReadOptions) -> list[int]:
    names = [column.name for column in columns]
    if options.time is not None:
        return _with_part(columns, _named(names, options.time, "time", path))
    dates = [number for number, column in enumerate(columns) if column.kind == TIME]
    named = [number for number, name in enumerate(names) if is_time_name(name)]
    clocks = [number for number, column in enumerate(columns) if column.kind == CLOCK]
    # A column of clock times alone is not the time, whatever its name.
    candidates = dates or [number for number in named if columns[number].kind != CLOCK]
    if not candidates:
        candidates = _unix_times(columns)
    if not candidates and clocks:
        found = f"column {names[clocks[0]]!r} of {path} holds clock times, such as {columns[clocks[0]].sample[0]!r}"
        raise UserError("file", found, "dates with clock times", "write the date in front, or add a column of dates")
    if len(candidates) > 1:
        chosen = [number for number in candidates if number in named]
        candidates = chosen if len(chosen) == 1 else candidates
    if len(candidates) > 1:
        found = f"{_listed(names, candidates)} of {path} could all be the time"
        raise UserError("file", found, "one time column", "name it by --time")
    return _with_part(columns, candidates[0]) if candidates else []


def _with_part(columns: list[Column], time: int) -> list[int]:
    """The time column, and beside days the column of clock times, hours or seconds, if there is one."""
    if not all(map(is_day, columns[time].sample)):
        return [time]
    clocks = [number for number, column in enumerate(columns) if column.kind == CLOCK]
    part = clocks[0] if len(clocks) == 1 else find_part(columns, time)
    return [time] if part is None else [time, part]


def _unix_times(columns: list[Column]) -> list[int]:
    """The columns of numbers that are times since 1970: by their place or name, and by their cells."""
    found = [
        number
        for number, column in enumerate(columns)
        if is_short_time_name(column.name) and are_unix_times(column.sample)
    ]
    if found:
        return found
    index = _index(columns)
    if index is not None and not _counts(columns[index]) and are_unix_times(columns[index].sample):
        return [index]
    return [0] if len(columns) > 1 and are_steady_unix_times(columns[0].sample) else []


def _hours_note(columns: list[Column], times: list[int], names: list[str]) -> list[str]:
    """Says of a table with a day in each row, and columns as there are hours, what it is taken for."""
    if len(times) != 1 or not columns[times[0]].sample or not all(map(is_day, columns[times[0]].sample)):
        return []
    others = [name for number, name in enumerate(names) if number != times[0]]
    if others not in ([str(hour) for hour in range(24)], [str(hour) for hour in range(1, 25)]):
        return []
    fix = f"frame.melt([{names[times[0]]!r}], var_name='hour')"
    return [f"columns {others[0]} to {others[-1]} are read as 24 sensors; if they are hours, save it so: {fix}"]


def _row_numbers(columns: list[Column]) -> list[int]:
    """The column that only counts the rows, in a list."""
    index = _index(columns)
    return [index] if index is not None and columns[index].kind == NUMBER and _counts(columns[index]) else []


def _index(columns: list[Column]) -> Optional[int]:
    """The column without a name, or a first column whose name is one for row numbers."""
    if len(columns) < 2 or not any(column.name for column in columns):
        # Without a header, numbers that count may be measured ones.
        return None
    unnamed = [number for number, column in enumerate(columns) if not column.name]
    # pandas writes the index as the first column of a CSV, and as the last of a Parquet file.
    if unnamed and unnamed[0] not in (0, len(columns) - 1):
        return None
    return unnamed[0] if unnamed else 0 if letters(columns[0].name) in _ROW_NUMBERS else None


def _counts(column: Column) -> bool:
    """Whether the cells go up by one each. With a name, they must also start at 0 or 1, as no measured ones do."""
    try:
        sample = [int(cell) for cell in column.sample]
    except ValueError:
        return False
    is_start = not column.name or (len(sample) > 1 and sample[0] in (0, 1))
    return is_start and all(after - before == 1 for before, after in zip(sample, sample[1:], strict=False))


def _find_sensor(
    columns: list[Column], rest: list[int], path: Path, options: ReadOptions
) -> tuple[Optional[int], bool]:
    """The column of sensor ids of a long table, and whether it is a guess; None if the table is wide."""
    names = [column.name for column in columns]
    if options.sensor is not None:
        return _named(names, options.sensor, "sensor", path), False
    known = [number for number in rest if is_id_name(names[number])]
    texts = [number for number in rest if columns[number].kind == TEXT]
    if len(known) > 1:
        known = [number for number in known if letters(names[number]) == "uniqueid"] or known
    if not known and len(texts) > 1 and all(_are_numbers(columns[number]) for number in texts):
        found = f"{_listed(names, texts)} of {path}: numbers written as texts"
        raise UserError("file", found, "numbers", "convert the columns: frame.astype(float)")
    if not known and len(texts) > 1:
        refuse_decorated([columns[number] for number in texts], path)
    if len(known) > 1 or (not known and len(texts) > 1):
        raise UserError(
            "file",
            f"{_listed(names, known or texts)} of {path} could all hold sensor ids",
            "numbers for each sensor, or one column of sensor ids",
            f"name it by --sensor{'' if any(names) else ' and its number'}, or remove the others",
        )
    if known:
        return known[0], False
    numbers = [number for number in rest if columns[number].kind == NUMBER]
    return (texts[0], True) if len(texts) == 1 and (len(numbers) == 1 or options.channel is not None) else (None, False)


def refuse_decorated(columns: list[Column], path: Path, patterns: tuple = _DECORATED) -> None:
    """Raises: UserError if the texts of all columns are numbers with a unit, numbers in groups, or cells in quotes."""
    for pattern, expected, fix in patterns:
        if columns and all(pattern.fullmatch(cell) for column in columns for cell in column.sample):
            found = f"{columns[0].sample[0]!r} in column {columns[0].name or 'without name'} of {path}"
            raise UserError("file", found, expected, fix)


def _channels(
    names: list[str], rest: list[int], path: Path, options: ReadOptions, notes: list[str]
) -> tuple[int, list[int]]:
    """The column of the target, and those of the other channels."""
    channels = [names[number] for number in rest] if any(names) else [str(number) for number in rest]
    if not any(names) and options.channel is not None and options.channel not in channels:
        found = f"{options.channel!r}, which is no column of numbers in {path}"
        raise UserError("channel", found, f"one of {', '.join(channels)}", "correct --channel")
    if options.channel is None and len(rest) > 1 and "y" not in channels:
        expected = f"one column of values; here are {', '.join(channels)}"
        raise UserError("file", f"{path} has {len(rest)} columns of values", expected, "name the target by --channel")
    is_default = options.channel is None and "y" in channels
    target = channels.index("y") if is_default else choose_channel(channels, options, str(path))
    notes += channel_note(channels, target, options)
    return rest[target], [number for number in rest if number != rest[target]]


def _are_numbers(column: Column) -> bool:
    try:
        return all(np.isfinite(float(cell)) for cell in column.sample if cell not in ("nan", "None"))
    except ValueError:
        return False


def _is_no_value(column: Column) -> bool:
    """Whether the column holds texts, or times beside the time column."""
    return column.kind != NUMBER or (is_time_name(column.name) and are_unix_times(column.sample))


def _named(names: list[str], name: str, field: str, path: Path) -> int:
    if name in names:
        return names.index(name)
    if not any(names):
        if name.isdecimal() and int(name) < len(names):
            return int(name)
        expected = f"a number from 0 to {len(names) - 1}: the file has no names of columns"
        raise UserError(field, f"{name!r}, which is no column of {path}", expected, f"correct --{field}")
    expected = f"one of {', '.join(map(repr, names[:12]))}{', ...' if len(names) > 12 else ''}"
    raise UserError(field, f"{name!r}, which is not a column of {path}", expected, f"correct --{field}")


def _listed(names: list[str], numbers: "list[int] | range") -> str:
    shown = [names[number] or ("without name" if any(names) else str(number)) for number in numbers]
    more = f", ... ({len(shown)})" if len(shown) > 8 else ""
    counted = "" if any(names) else " (counted from 0)"
    return f"column{'s' * (len(shown) > 1)} {', '.join(shown[:8])}{more}{counted}"
