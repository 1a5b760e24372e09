"""The texts at the axes of a picture, and the fonts that have them."""

from collections.abc import Sequence
from typing import Optional

import numpy as np

# that fit below a picture, with two between two dates; the part of the rows that two dates are apart
_LETTERS, _CLOSEST = 120, 1 / 15
_LONGEST_NAME = 20
# unit, how many of them, and which of them is the first: 1970-01-05 is a Monday
_TICKS = (("h", 1, 0), ("h", 6, 0), ("D", 1, 0), ("D", 7, 4), ("M", 1, 0), ("M", 3, 0), ("Y", 1, 0), ("Y", 5, 0))
_FONT = "DejaVu Sans"
# have the letters of Chinese, Japanese and Korean, which that one lacks
_MORE_FONTS = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans SC", "Source Han Sans SC", "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei", "Droid Sans Fallback", "PingFang SC", "Hiragino Sans", "Microsoft YaHei", "SimHei",
    "Arial Unicode MS",
)  # fmt: skip


def fonts() -> tuple[list[str], set[int]]:
    """The families to be used, and the code points that they can draw."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    families = [_FONT, *[name for name in _MORE_FONTS if name in installed]]
    paths = [font_manager.findfont(name) for name in families]
    return families, {code for path in paths for code in font_manager.get_font(path).get_charmap()}


def sensor_labels(names: Optional[Sequence[str]], num_sensors: int, drawable: set[int]) -> list[str]:
    """Names that can be drawn; "no. 12" for the others."""
    if names is None:
        return [str(number) for number in range(num_sensors)]
    return [_label(name) if drawable.issuperset(map(ord, name)) else f"no. {row}" for row, name in enumerate(names)]


def date_ticks(dates: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """The rows at which hours, days, months or years begin, and their texts; of dates datetime64[m] [T]."""
    for unit, step, first in _TICKS:
        periods = dates.astype(f"datetime64[{unit}]")
        numbers = periods.astype(np.int64)
        # An hour that the clock shows twice has one tick.
        rows = np.unique(numbers, return_index=True)[1]
        rows = rows[numbers[rows] % step == first]
        texts = [str(periods[row]).replace("T", " ") + (":00" if unit == "h" else "") for row in rows]
        if sum(len(text) + 2 for text in texts) <= _LETTERS:
            break
    # The first period may have begun before the first row.
    if len(rows) > 1 and rows[1] - rows[0] < _CLOSEST * len(dates):
        rows, texts = rows[1:], texts[1:]
    return rows, texts


def _label(name: str) -> str:
    short = name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
    # A pair of dollars would be a formula.
    return short.replace("$", r"\$")
