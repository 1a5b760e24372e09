"""Windows of an open dataset, for BasicTS's loaders."""

import copy
import functools
from typing import Any

import numpy as np
from basicts.configs import BasicTSForecastingConfig
from basicts.data import BasicTSForecastingDataset
from basicts.data.base_dataset import BasicTSDataset

from ...data.dataset import Dataset, dataset_of


class ForecastingWindows(BasicTSForecastingDataset):
    """BasicTS's windows over the arrays of a `Dataset`. BasicTS itself would open the files again for each loader.

    With `memmap`, windows are read from the disk when they are needed; without, the part is kept in memory. Models get
    two timestamp columns, time of day and day of week, even if the files have more. If the dataset says that windows
    do not span breaks, those that would are left out.
    """

    def __init__(
        self,
        source: Dataset,
        dataset_name: str,
        mode: str,
        input_len: int,
        output_len: int,
        use_timestamps: bool = False,
        memmap: bool = False,
        **_: Any,
    ):
        # Not BasicTSForecastingDataset's, which opens the files.
        BasicTSDataset.__init__(self, dataset_name, mode, memmap)
        self.source, self.input_len, self.output_len = source, input_len, output_len
        self.use_timestamps = use_timestamps
        self._load()

    def _load(self) -> None:
        part = f"{self.mode}"
        self._data = self._kept(self.source.values(part))
        if self.use_timestamps:
            self.timestamps = self._kept(self.source.timestamps(part))
        self._starts = None
        if not self.source.windows_across_breaks:
            self._starts = self.source.window_starts(part, self.input_len, self.output_len)

    def __len__(self) -> int:
        return super().__len__() if self._starts is None else len(self._starts)

    def __getitem__(self, index: int) -> dict[str, np.ndarray]:
        return super().__getitem__(index if self._starts is None else int(self._starts[index]))

    def _kept(self, array: np.ndarray) -> np.ndarray:
        return array if self.memmap else np.array(array)

    def __getstate__(self) -> dict[str, Any]:
        """The state without the arrays. A worker process opens them itself."""
        return {name: value for name, value in vars(self).items() if name not in ("_data", "timestamps", "_starts")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._load()


def with_open_dataset(config: BasicTSForecastingConfig) -> BasicTSForecastingConfig:
    """A copy whose loaders take their windows from the configuration's `Dataset`.

    Its hash is the same. The user's own dataset type stays as it is.
    """
    if config.dataset_type is not BasicTSForecastingDataset:
        return config
    # Computed while the dataset type is BasicTS's, and kept.
    _ = config.md5
    config = copy.copy(config)
    config.dataset_type = functools.partial(ForecastingWindows, dataset_of(config))
    return config
