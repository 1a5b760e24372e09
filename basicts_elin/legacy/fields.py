"""The keys of a BasicTS 0.5 configuration, each of which must be asked for: what is left over is not honoured."""

from collections.abc import Collection, Iterator
from typing import Any

from ..errors import UserError, one_line

_MISSING = object()

# dictionaries that are taken as they are
_WHOLE = ("MODEL.PARAM", "METRICS.FUNCS", "TRAIN.OPTIM.PARAM", "TRAIN.LR_SCHEDULER.PARAM", "TRAIN.LOSS_ARGS")


class Keys:
    """Values by their dotted names below CFG."""

    def __init__(self, cfg: dict[str, Any], file: str):
        self._left, self._file = dict(_flat(cfg, "")), file
        self._last = ("", None)

    def take(self, name: str, default: Any = _MISSING) -> Any:
        """The value, which then is dealt with. Raises: UserError where there is none, and no default."""
        value = self._left.pop(name, default)
        if value is _MISSING:
            raise UserError(f"{self._file} has no CFG.{name}; expected a configuration of BasicTS 0.5.8")
        self._last = (name, value)
        return value

    def number(self, name: str, least: int, default: Any = _MISSING) -> int:
        """As `take`, of a number of epochs or steps, or the default."""
        value = self.take(name, default)
        if value is not default and (not isinstance(value, int) or value < least):
            raise self.error(name, value, f"{least} or more")
        return value

    def expect(self, name: str, allowed: Collection[Any], default: Any = _MISSING) -> Any:
        """As `take`, of a value that can only be one of few. Raises: UserError where it is another."""
        value = self.take(name, default)
        if value not in allowed:
            raise self.error(name, value, " or ".join(map(_text, allowed)))
        return value

    def error(self, name: str, value: Any, expected: str) -> UserError:
        return UserError(f"{self._file}: CFG.{name}={_text(value)} is not honoured here; expected {expected}")

    def misfit(self, error: Exception) -> UserError:
        """Of an error that the last value has caused, which is of another kind than BasicTS's own."""
        name, value = self._last
        return UserError(
            f"{self._file}: CFG.{name}={_text(value)} cannot be ({type(error).__name__}: {one_line(error)}); expected "
            "what BasicTS 0.5.8 has there"
        )

    def check_all_taken(self) -> None:
        """Raise UserError for what nobody has asked for."""
        if self._left:
            name, value = next(iter(self._left.items()))
            raise UserError(f"{self._file}: CFG.{name}={_text(value)} is not honoured here; take it out")


def _flat(values: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        full = f"{prefix}{name}"
        if isinstance(value, dict) and full not in _WHOLE:
            yield from _flat(value, f"{full}.")
        else:
            yield full, value


def _text(value: Any) -> str:
    return getattr(value, "__name__", None) or repr(value)
