"""What all pictures of a run share: sizes and fonts for a paper, names at the curves, the file."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from textwrap import wrap
from typing import Any, Optional

import numpy as np

from ...errors import UserError
from ...files import write_atomically
from ..overwriting import check_ours

# the width of a page with two columns, in inches
WIDTH = 7.0
FORMATS = (".png", ".svg")
# an SVG of the same figures is the same file
_STYLE: dict[Any, Any] = {
    "font.size": 8,
    "axes.titlesize": 8.5,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.alpha": 0.3,
    "grid.linewidth": 0.5,
    "lines.linewidth": 1.1,
    "lines.markersize": 3.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "svg.hashsalt": "basicts-elin",
}
_DOTS_PER_INCH = 200
# in a line of the conditions, which are small
_LETTERS = 150
# between two names, in lines of text
_LEAST_GAP = 1.15


def check_picture(path: Path, kind: str, option: str = "--output") -> None:
    """Raises: UserError unless `path` can take a picture of this kind: a new file, or one of the same kind.

    option: that gives the path.
    """
    if path.suffix.lower() not in FORMATS:
        raise UserError(option, path, f"a name that ends in {' or '.join(FORMATS)}", "give another name")
    check_ours(path, _mark(kind), option)


@contextmanager
def picture(path: Path, kind: str, height: float, conditions: str) -> Iterator[Any]:
    """An empty figure of the width of a page, which is written when the block ends.

    Args:
        height: in inches.
        conditions: the line below: data, hardware, sample sizes.
    Raises: UserError as `check_picture`.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    check_picture(path, kind)
    with plt.rc_context(_STYLE):
        figure = plt.figure(figsize=(WIDTH, height), layout="constrained")
        try:
            yield figure
            figure.supxlabel("\n".join(wrap(conditions, _LETTERS)), x=0.01, ha="left", fontsize=6.5, color="#57606a")
            content = BytesIO()
            suffix = path.suffix.lower()
            metadata = {"Title": _mark(kind), **({"Date": None} if suffix == ".svg" else {})}
            figure.savefig(content, format=suffix[1:], dpi=_DOTS_PER_INCH, metadata=metadata)
            write_atomically(path, content.getvalue())
        finally:
            plt.close(figure)


def name_curves(axes: Any, curves: Optional[Mapping[str, Any]] = None, size: float = 8) -> None:
    """Write the name of each curve right of its last point, in its colour; apart from one another.

    The limits and the scale of the axes must be final, and the figure drawn.

    Args:
        curves: name -> line; None: all lines of the axes that have a label.
        size: of the letters, in points.
    """
    if curves is None:
        lines = ((str(line.get_label()), line) for line in axes.lines)
        curves = {name: line for name, line in lines if not name.startswith("_")}
    ends = [(name, line, *_end(line)) for name, line in curves.items()]
    ends = sorted((end for end in ends if end[3] is not None), key=lambda end: end[3])
    to_fraction = axes.transData + axes.transAxes.inverted()
    places = [float(to_fraction.transform((x, y))[1]) for *_, x, y in ends]
    lines_of_text = max((name.count("\n") + 1 for name, *_ in ends), default=1)
    height = axes.figure.get_size_inches()[1] * axes.get_position().height * 72
    for (name, line, *_), place in zip(ends, spread(places, _LEAST_GAP * size * lines_of_text / height), strict=True):
        style = {"color": line.get_color(), "fontsize": size, "va": "center", "ha": "left", "annotation_clip": False}
        axes.annotate(name, (1, place), (4, 0), "axes fraction", textcoords="offset points", **style)


def spread(places: Sequence[float], gap: float) -> list[float]:
    """Ascending places in [0, 1], moved as little as needed to be `gap` apart, in the same order."""
    groups: list[list[float]] = []
    for place in places:
        groups.append([min(1.0, max(0.0, place))])
        # groups that would touch become one around their mean
        while len(groups) > 1 and _low(groups[-1], gap) < _low(groups[-2], gap) + gap * len(groups[-2]):
            last = groups.pop()
            groups[-1] += last
    return [_low(group, gap) + gap * number for group in groups for number in range(len(group))]


def _low(group: Sequence[float], gap: float) -> float:
    """The lowest place of a group."""
    return sum(group) / len(group) - gap * (len(group) - 1) / 2


def _end(line: Any) -> tuple[Any, Any]:
    x, y = line.get_data(orig=False)
    known = np.flatnonzero(np.isfinite(np.asarray(y, float)))
    return (x[known[-1]], float(y[known[-1]])) if len(known) else (None, None)


def _mark(kind: str) -> str:
    """Stands in the file of each picture of a kind."""
    return f"basicts-elin plot {kind}"
