"""What a user says about the content of a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from ...errors import UserError


@dataclass(frozen=True)
class ReadOptions:
    """Attributes:
    key: the array of an `.npz`, the frame or array of an `.h5`.
    time: the column of times.
    sensor: the column of sensor ids of a long table.
    channel: number or name of the channel to forecast; the column of values of a long table.
    covariates: whether to keep the other channels.
    """

    key: Optional[str] = None
    time: Optional[str] = None
    sensor: Optional[str] = None
    channel: Optional[str] = None
    covariates: bool = False

    def refuse_key(self, path: Path) -> None:
        """Raises: UserError if a key is given for a file without keys."""
        if self.key is not None:
            raise UserError("--key", self.key, f"none: {path} has one table", "omit --key")

    def refuse_columns(self, path: Path) -> None:
        """Raises: UserError if a column is named for a file without named columns."""
        for name in ("time", "sensor"):
            if getattr(self, name) is not None:
                raise UserError(f"--{name}", getattr(self, name), f"none: {path} has no columns", f"omit --{name}")
