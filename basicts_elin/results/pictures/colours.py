"""How each method is drawn: the same colour, marker and line in every picture of the project."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from ...zoo import registry

MEASURED, UNIFORM, NO_MIXING = "measured", "uniform weights", "no mixing"

# the scale of Okabe and Ito, which colour-blind people can tell apart, without its yellow
BLACK, BLUE, VERMILION, GREEN = "#000000", "#0072B2", "#D55E00", "#009E73"
ORANGE, PURPLE, SKY = "#E69F00", "#CC79A7", "#56B4E9"
GREY = "#8C8C8C"
# for models without a colour of their own: darker, and so apart from those above
_OTHERS = ("#882255", "#7A7A1F", "#332288", SKY, "#8C510A", "#5C5C5C", "#C04E9B", "#6A51A3")
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
    model = name.partition(" (")[0].partition(", ")[0]
    for known in (name, name.partition(" (")[0], model):
        if known in _FIXED:
            return _FIXED[known]
    found = registry.find(model)
    # iTransformer_linear has the colour of iTransformer
    owner = (found.entry.name if found else model).removeprefix(registry.LEGACY)
    if owner in _FIXED:
        return _FIXED[owner]
    others = _other_models()
    number = others.index(owner) if owner in others else crc32(owner.encode())
    return Look(_OTHERS[number % len(_OTHERS)], _MARKERS[(number + number // len(_OTHERS)) % len(_MARKERS)])


def _other_models() -> list[str]:
    """The models without a colour of their own by name, first those of the paper, which are often compared."""
    of_paper = {name: bool(registry.entry(name).paper_name) for name in registry.model_names()}
    names = sorted(of_paper, key=lambda name: (not of_paper[name], name.removeprefix(registry.LEGACY)))
    return [name for name in dict.fromkeys(name.removeprefix(registry.LEGACY) for name in names) if name not in _FIXED]


def looks(names: Iterable[str]) -> dict[str, Look]:
    """The looks of the methods of one picture, by name. If several would look alike, the later ones get another marker
    or line; their colour stays.
    """
    found: dict[str, Look] = {}
    for name in dict.fromkeys(names):
        look = look_of(name)
        markers = (look.marker, *(_MARKERS if look.marker else ()))
        # where only markers are drawn, they tell the methods apart
        choices = (Look(look.color, marker, line) for line in _lines(look) for marker in markers)
        taken = {*found.values()}
        found[name] = next((one for one in choices if one not in taken), look)
    return found


def _lines(look: Look) -> tuple[str, ...]:
    return look.linestyle, *(line for line in _LINES if line != look.linestyle)
