"""The values of `--set`, as text."""

import ast
from collections.abc import Iterable
from typing import Any

from ..errors import UserError


def assignment(text: str) -> tuple[str, Any]:
    """Name and value of "field=value". A value that is no Python literal is a string. Raises: UserError."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UserError("--set", text, "field=value, such as num_epochs=8")
    try:
        read = ast.literal_eval(value)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        read = value
    if isinstance(read, int) and abs(read) >= 2**63:
        raise UserError(f"--set {name}", f"a number of {read.bit_length()} bits", "at most 63")
    if isinstance(read, str) and not read.isprintable():
        raise UserError(f"--set {name}", repr(read), "printable text")
    return name, read


def assignments_text(texts: Iterable[str]) -> str:
    """Assignments as the differences of a result: "dropout=0.2, lr=0.01", the same however they are written.

    `--set` finds a field of the model's configuration without its group, so the group is not named.
    """
    values = {name.removeprefix("model_config."): value for name, value in map(assignment, texts)}
    return ", ".join(f"{name}={str(values[name]).replace(' ', '')}" for name in sorted(values))
