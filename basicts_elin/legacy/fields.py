"""The fields of a legacy configuration. A field that no code takes is not supported."""

from collections.abc import Collection, Iterator
from typing import Any

from ..errors import UserError, one_line

_MISSING = object()

# dictionaries that are taken as a whole
_WHOLE = ("MODEL.PARAM", "METRICS.FUNCS", "TRAIN.OPTIM.PARAM", "TRAIN.LR_SCHEDULER.PARAM", "TRAIN.LOSS_ARGS")


class Fields:
    """The values of a configuration by their dotted names below CFG.

    Args:
        cfg: the configuration.
        file: its name, for messages.
    """

    def __init__(self, cfg: dict[str, Any], file: str):
        self._left, self._file = dict(_flat(cfg, "")), file
        self._last = ("", None)

    def take(self, name: str, default: Any = _MISSING) -> Any:
        """A value, or the default. Raises: UserError if there is neither."""
        value = self._left.pop(name, default)
        if value is _MISSING:
            raise UserError(f"CFG.{name}", f"missing in {self._file}", "a configuration of BasicTS 0.5.8")
        self._last = (name, value)
        return value

    def number(self, name: str, least: int, default: Any = _MISSING) -> int:
        """As `take`, for a number of epochs or steps. Raises: UserError also for a smaller or no number."""
        value = self.take(name, default)
        if value is not default and (not isinstance(value, int) or value < least):
            raise self.error(name, value, f"{least} or more")
        return value

    def expect(self, name: str, allowed: Collection[Any], default: Any = _MISSING) -> Any:
        """As `take`, for a value of which few are supported. Raises: UserError also for another value."""
        value = self.take(name, default)
        if value not in allowed:
            raise self.error(name, value, " or ".join(map(_text, allowed)))
        return value

    def error(self, name: str, value: Any, expected: str, fix: str = "") -> UserError:
        """The error for a value that is not supported."""
        return UserError(f"CFG.{name}", f"{_text(value)} in {self._file}", expected, fix)

    def misfit(self, error: Exception) -> UserError:
        """The UserError for another error, which the value taken last has caused."""
        name, value = self._last
        found = f"{_text(value)} in {self._file} ({type(error).__name__}: {one_line(error)})"
        return UserError(f"CFG.{name}", found, "a value as in BasicTS 0.5.8")

    def check_all_taken(self) -> None:
        """Raise UserError for a field that nothing has taken."""
        if self._left:
            name, value = next(iter(self._left.items()))
            raise self.error(name, value, "only supported fields", "remove it")


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and full not in _WHOLE:
            yield from _flat(value, f"{full}.")
        else:
            yield full, value


def _text(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)
