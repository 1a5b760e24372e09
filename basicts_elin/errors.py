"""The errors that the commands print as a single line."""

import argparse
import difflib
import errno
from collections.abc import Iterable

_SPACE = "free space there, or name another folder"
_RIGHTS = "change its permissions, or name a place that you may use"
_FIXES = {
    **dict.fromkeys((errno.ENOSPC, errno.EDQUOT, errno.EFBIG), _SPACE),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EROFS), _RIGHTS),
    **dict.fromkeys((errno.EEXIST, errno.ENOTDIR), "a folder is needed there: name another place"),
    errno.EISDIR: "a file is needed there: name another place",
}


class UserError(ValueError):
    """Something the user can fix. The message is one line: "field: found; expected ...; fix".

    Attributes:
        field: what is wrong: an argument, a field of the configuration, a key, a file.
        found: what is there, or that it is missing.
        expected: what should be there; "" where the fix says it.
        fix: what to do about it; "" where the expectation says it.
    """

    def __init__(self, field: object, found: object, expected: object = "", fix: object = ""):
        self.field, self.found, self.expected, self.fix = map(str, (field, found, expected, fix))
        # exactly the arguments of this method, so that an error can be sent to another process
        super().__init__(self.field, self.found, self.expected, self.fix)

    def __str__(self) -> str:
        parts = [f"{self.field}: {self.found}"]
        parts += [f"expected {self.expected}"] if self.expected else []
        parts += [self.fix] if self.fix else []
        return "; ".join(parts)


class FailedRunError(RuntimeError):
    """A run that has ended without a result."""


class NonFinitePredictionError(FailedRunError):
    """The model predicted NaN or infinity: the run has diverged."""


def one_line(error: BaseException) -> str:
    """The text of another library's error, for the middle of a message."""
    return " ".join(str(error).split()) or type(error).__name__


def system_message(error: OSError) -> str:
    """What the system refuses, as a line: the file, its reason, the fix."""
    place = f"{error.filename}: " if error.filename is not None else ""
    reason = error.strerror or one_line(error)
    return f"{place}{reason}; {_FIXES.get(error.errno, 'check that path, or name another')}"


def nearest(name: str, known: Iterable[str], suffix: str = "") -> str:
    """ " (did you mean A or B?)" with the known names most like `name`, each with the suffix; nothing where none is."""
    by_lower = {other.lower(): other for other in known}
    lower = name.lower()
    like = [lower] if lower in by_lower else difflib.get_close_matches(lower, by_lower, n=2)
    found = [by_lower[match] + suffix for match in like]
    return f" (did you mean {' or '.join(found)}?)" if found else ""


def refuse_options(arguments: argparse.Namespace, names: Iterable[str], other: str) -> None:
    """Raise UserError for the first of the options that was given, because it has no effect with `other`."""
    for name in names:
        if getattr(arguments, name) is not None:
            raise UserError(f"--{name.replace('_', '-')}", f"given with {other}", fix="omit it")
