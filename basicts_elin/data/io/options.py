"""What a person may say about a file that does not say it itself."""

from dataclasses import dataclass
from typing import Optional


@dataclass(frozen=True)
class ReadOptions:
    """Which parts of a file are the series.

    Attributes:
        key: the array of an `.npz` file, or the frame or array of an `.h5` file.
        time: the time column of a table.
        sensor: the column of sensor ids of a long table.
        channel: the target: name or number of a channel of an array [T, N, C], or of a value column of a long table.
        covariates: keep the other channels too.
    """

    key: Optional[str] = None
    time: Optional[str] = None
    sensor: Optional[str] = None
    channel: Optional[str] = None
    covariates: bool = False


NO_OPTIONS = ReadOptions()
