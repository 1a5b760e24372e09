"""The errors that the commands print as a single line."""

import difflib
from collections.abc import Iterable


class UserError(ValueError):
    """Something the user can mend: the message names what was found, what was expected and the fix."""


class FailedRunError(RuntimeError):
    """A run that has ended without a result."""


class NonFinitePredictionError(FailedRunError):
    """The model predicted NaN or infinity: the run has diverged."""


def one_line(error: BaseException) -> str:
    """The text of another library's error, for the middle of a message."""
    return " ".join(str(error).split()) or type(error).__name__


def nearest(name: str, known: Iterable[str], suffix: str = "") -> str:
    """" (did you mean A or B?)" with the known names most like `name`, each with the suffix; nothing where none is."""
    by_lower = {other.lower(): other for other in known}
    lower = name.lower()
    like = [lower] if lower in by_lower else difflib.get_close_matches(lower, by_lower, n=2)
    found = [by_lower[match] + suffix for match in like]
    return f" (did you mean {' or '.join(found)}?)" if found else ""
