"""The error for what the stand-in does not have."""

from collections.abc import Callable
from typing import Any

from ...errors import UserError


def refuse_others(module: str) -> Callable[[str], Any]:
    """`__getattr__` of the stand-in's module of that name in `basicts`."""
    full_name = f"basicts.{module}" if module else "basicts"

    def refuse(name: str) -> Any:
        # Python itself asks modules for __path__ and the like
        if name.startswith("__"):
            raise AttributeError(name)
        raise UserError(f"{full_name}.{name} of BasicTS 0.5 is not honoured here: a baseline that needs it cannot run")

    return refuse
