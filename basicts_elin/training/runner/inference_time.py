"""How long the model takes for a window of the test part, measured in the test pass itself."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from typing import Any

import torch

# the first batches are slower: memory is allocated, kernels are chosen
_WARM_UP = 3


class InferenceTime:
    """Times the forward passes of an evaluation, without waiting for the device in between.

    Only batches of the largest size count, and not the first three if there are more.
    """

    def __init__(self, *, on_gpu: bool):
        self._on_gpu = on_gpu
        # number of windows, start and end of each batch
        self._batches: list[tuple[int, Any, Any]] = []

    @contextmanager
    def of_batch(self, windows: int) -> Iterator[None]:
        start = self._now()
        yield
        self._batches.append((windows, start, self._now()))

    def facts(self) -> dict[str, float]:
        """Median milliseconds for a window, and the number of windows in a batch; {} without a batch."""
        if not self._batches:
            return {}
        if self._on_gpu:
            torch.cuda.synchronize()
        size = max(windows for windows, *_ in self._batches)
        full = [self._milliseconds(start, end) for windows, start, end in self._batches if windows == size]
        counted = full[_WARM_UP:] or full[-1:]
        return {"inference_ms_per_window": round(median(counted) / size, 5), "inference_batch_size": size}

    def _now(self) -> Any:
        if not self._on_gpu:
            return time.perf_counter()
        event = torch.cuda.Event(enable_timing=True)
        event.record()
        return event

    def _milliseconds(self, start: Any, end: Any) -> float:
        return start.elapsed_time(end) if self._on_gpu else 1000 * (end - start)
