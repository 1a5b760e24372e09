"""How each method is drawn: the same colour, marker and line in every picture of the project."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ..zoo import registry

MEASURED, UNIFORM, NO_MIXING = "measured", "uniform weights", "no mixing"

# the scale of Okabe and Ito, which colour-blind people can tell apart, without its yellow
BLACK, BLUE, VERMILION, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
ORANGE, PURPLE, SKY = "#E69F00", "#CC79A7", "#56B4E9"
GREY = "#8C8C8C"
# for models without a colour of their own: darker, and so apart from those above
_OTHERS = ("#882255", "#7A7A1F", "#332288", SKY, "#8C510A", "#5C5C5C")
_MARKERS, _LINES = ("o", "s", "^", "D", "v", "P", "X"), ("-", "--", ":", "-.")

_SOFTMAX, _TAYLOR, _GAUSSIAN, _LINFORMER = VERMILION, BLUE, GREEN, ORANGE


@dataclass(frozen=True)
class Look:
    """Arguments of matplotlib's `plot`, by its names; plotly takes the colour."""

    color: str
    marker: str = "o"
    linestyle: str = "-"

    def style(self, **others: Any) -> dict[str, Any]:
        return {"color": self.color, "marker": self.marker, "linestyle": self.linestyle, **others}


# STAEformer stands for softmax, ELinFormer for the entropy-equal attention, wherever the attention is in place.
_FIXED = {
    MEASURED: Look(BLACK, ""),
    "ELinFormer": Look(_TAYLOR, "o"),
    "STAEformer": Look(_SOFTMAX, "s"),
    "STID": Look("#117777", "^"),
    "last value": Look(ORANGE, "D", "--"),
    "historical average": Look(PURPLE, "v", "--"),
    # attentions by their titles in tables and benchmarks
    "softmax": Look(_SOFTMAX, "s"),
    "softmax (SDPA)": Look(_SOFTMAX, "s"),
    "softmax SDPA": Look(_SOFTMAX, "s"),
    "softmax (matmul)": Look(_SOFTMAX, "s", "--"),
    "softmax matmul": Look(_SOFTMAX, "s", "--"),
    "Linformer": Look(_LINFORMER, "^"),
    "entropy-equal, taylor": Look(_TAYLOR, "o"),
    "entropy-equal, gaussian": Look(_GAUSSIAN, "D"),
    # the estimates and the paths of the entropy-equal attention
    "taylor": Look(_TAYLOR, "o"),
    "taylor2": Look(SKY, "v"),
    "gaussian": Look(_GAUSSIAN, "D"),
    "exact": Look(PURPLE, "P"),
    "auto": Look(_TAYLOR, "o"),
    "linear": Look(_TAYLOR, "v", "--"),
    "gram": Look(_TAYLOR, "X", ":"),
    "gram, gaussian": Look(_GAUSSIAN, "D"),
    "uniform": Look(GREY, "X"),
    UNIFORM: Look(GREY, "X"),
    NO_MIXING: Look(GREY, "X", "--"),
}


def look_of(name: str) -> Look:
    """The look of one method, whatever else is in the picture.

    name: of a model, of a naive forecast, or of an attention. What follows it in brackets or after a comma, such as a
        seed, does not count.
    """
    for known in (name, name.partition(" (")[0], name.partition(", ")[0]):
        if known in _FIXED:
            return _FIXED[known]
    model = registry.base_name(name.partition(" (")[0]).removeprefix(registry.LEGACY)
    found = registry.find(model)
    # iTransformer_linear has the colour of iTransformer
    owner = found.entry.name.removeprefix(registry.LEGACY) if found else model
    if owner in _FIXED:
        return _FIXED[owner]
    others = sorted({entry.removeprefix(registry.LEGACY) for entry in registry.model_names()} - {*_FIXED})
    number = others.index(owner) if owner in others else crc32(owner.encode())
    return Look(_OTHERS[number % len(_OTHERS)], _MARKERS[number // len(_OTHERS) % len(_MARKERS)])


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The looks of the methods of one picture, by name. If several would look alike, the later ones get another line
    or marker; their colour stays.
    """
    found: dict[str, Look] = {}
    for name in dict.fromkeys(names):
        look = look_of(name)
        markers = _MARKERS if look.marker else ("",)
        choices = (Look(look.color, marker, line) for marker in (look.marker, *markers) for line in _lines(look))
        taken = {(one.color, one.marker, one.linestyle) for one in found.values()}
        found[name] = next((one for one in choices if (one.color, one.marker, one.linestyle) not in taken), look)
    return found


def _lines(look: Look) -> tuple[str, ...]:
    return look.linestyle, *(line for line in _LINES if line != look.linestyle)
