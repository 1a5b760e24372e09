"""What follows from the number of steps that go in and out."""

from typing import Any

# the benchmark's
INPUT_LEN = OUTPUT_LEN = 12


def is_count(value: Any) -> bool:
    """Whether it is a whole number from 1."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1


def usual_horizons(output_len: int) -> list[int]:
    """The steps that metrics are also computed at: a quarter, the half, the whole of the forecast: 3, 6, 12 of 12."""
    return sorted({-(-output_len * quarters // 4) for quarters in (1, 2, 4)})
