"""The fields of models that must fit the window: lengths of patches, segments and periods.

BasicTS's defaults are made for windows of 96 to 720 steps. Here they are the largest that fit, up to those defaults.
Each function takes the steps that go in and those that come out.
"""

import math
from typing import Any


def half_as_label(input_len: int, output_len: int) -> dict[str, Any]:
    return {"label_len": max(1, input_len // 2)}


def patches(input_len: int, output_len: int) -> dict[str, Any]:
    """Two patches or more."""
    return {"patch_len": min(16, max(1, input_len // 2))}


def overlapping_patches(input_len: int, output_len: int) -> dict[str, Any]:
    """Four patches or more; those of full length overlap by half, as BasicTS's do."""
    length = min(16, max(1, input_len // 4))
    return {"patch_len": length, "patch_stride": 8 if length == 16 else length}


def whole_patches(input_len: int, output_len: int) -> dict[str, Any]:
    """Patches that cover the input."""
    return {"patch_len": _divisor(input_len, min(16, input_len // 4))}


def chunks(input_len: int, output_len: int) -> dict[str, Any]:
    """At least three chunks that cover the input."""
    return {"chunk_size": _divisor(input_len, min(16, input_len // 3))}


def segments(input_len: int, output_len: int) -> dict[str, Any]:
    """The last segments of input and output are padded."""
    return {"seg_len": min(16, max(1, input_len // 4))}


def periods(input_len: int, output_len: int) -> dict[str, Any]:
    """Periods that cover input and output."""
    return {"period_len": _divisor(math.gcd(input_len, output_len), min(24, input_len // 4))}


def frequencies(input_len: int, output_len: int) -> dict[str, Any]:
    """BasicTS's own rule where the spectrum of the input has that many frequencies."""
    own = (input_len // 24 + 1) * 6 + 10
    return {"cut_freq": min(own, max(1, input_len // 2))}


def coarser_scales(input_len: int, output_len: int) -> dict[str, Any]:
    """One to three coarser scales, each by the smallest factor of the input: by halves if it is even."""
    factor = next((size for size in range(2, input_len + 1) if input_len % size == 0), 1)
    layers = next(layers for layers in (3, 2, 1) if input_len % factor**layers == 0)
    return {"down_sampling_layers": layers if factor > 1 else 1, "down_sampling_window": factor}


def halves(input_len: int, output_len: int) -> dict[str, Any]:
    return {"down_sampling": 2 if input_len % 2 == 0 else 1}


def _divisor(number: int, most: int) -> int:
    """The largest divisor of the number up to `most`."""
    return next(size for size in range(max(1, most), 0, -1) if number % size == 0)
