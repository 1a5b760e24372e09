"""The error for names that the shim lacks."""

from collections.abc import Callable
from typing import Any

from ...errors import UserError


def refuse_others(module: str) -> Callable[[str], Any]:
    """The `__getattr__` of the shim's module `basicts.<module>`."""
    full_name = f"basicts.{module}" if module else "basicts"

    def refuse(name: str) -> Any:
        # Python itself asks modules for __path__ and the like
        if name.startswith("__"):
            raise AttributeError(name)
        raise UserError(f"{full_name}.{name}", "imported by the legacy model", "only names of BasicTS 0.5 in the shim")

    return refuse
