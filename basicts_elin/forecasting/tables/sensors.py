"""The sensors of a table in the order of the model. N sensors of the model."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

from ...data.graphs.ids import plain_id
from ...errors import UserError

_SHOWN = 3


def sensor_columns(
    found: Optional[Sequence[str]], width: int, expected: Sequence[str], *, allow_missing: bool
) -> tuple[np.ndarray, list[str]]:
    """Where the table has each sensor of the model, int64 [N], -1 where it has not; and notes.

    Args:
        found: the names in the table; None if it has none. Its sensors then are those of the model in the same order.
        width: number of sensors in the table.
        expected: the names that the model was trained with.
        allow_missing: whether the table may lack some of them.
    Raises: UserError if the table lacks sensors, unless `allow_missing`, or has none of them.
    """
    if found is None:
        if width != len(expected):
            fix = "name the sensors in the table"
            raise UserError("data", f"{width} sensors without names", f"{len(expected)}, those of the model", fix)
        return np.arange(width), []
    place: dict[str, int] = {}
    for column, name in enumerate(found):
        first = place.setdefault(plain_id(name), column)
        if first != column:
            raise UserError("data", f"sensor {name} twice", "each sensor once", "remove one of them")
    columns = np.array([place.get(plain_id(name), -1) for name in expected])
    absent = [name for name, column in zip(expected, columns, strict=True) if column < 0]
    known = {plain_id(name) for name in expected}
    extra = [name for name in found if plain_id(name) not in known]
    if absent and (not allow_missing or len(absent) == len(expected)):
        others = f"; {len(extra)} unknown ones ({_listed(extra)})" if extra else ""
        raise UserError(
            "data",
            f"{len(absent)} of {len(expected)} sensors are absent ({_listed(absent)}){others}",
            "the sensors that the model was trained with",
            "" if len(absent) == len(expected) else "--allow-missing treats them as missing values",
        )
    notes = [f"sensors: {len(absent)} are absent and treated as missing ({_listed(absent)})"] if absent else []
    if extra:
        notes.append(f"sensors: {len(extra)} are not of the model and left out ({_listed(extra)})")
    return columns, notes


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(str, names[:_SHOWN])) + (", ..." if len(names) > _SHOWN else "")
