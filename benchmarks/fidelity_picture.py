"""The fidelity study as a picture: entropy, weights and output of each replacement, by layer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from basicts_elin.ops import ESTIMATORS
from basicts_elin.results.pictures.colours import look_of

UNIFORM = "uniform"

LABELS = {
    "softmax": "softmax itself", "taylor": "taylor (the paper's)", "taylor2": "taylor2", "gaussian": "gaussian",
    "exact": "exact (oracle)", UNIFORM: "uniform weights",
}  # fmt: skip


def plot(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Deficit by each estimate, distance of the weights, error of the output, by layer."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    estimates = ("softmax", "taylor", "taylor2", "gaussian")
    weighed = (*ESTIMATORS, UNIFORM)
    figure, (left, middle, right) = plt.subplots(1, 3, figsize=(9, 4.2), layout="constrained")
    _bars(left, rows, "deficit_estimated", estimates, 1, "{:.2f}")
    left.set_title("Entropy deficit log N − H\n(best: as high as softmax)", fontsize=10, loc="left")
    left.set_ylabel("nats, mean over queries")
    _bars(middle, rows, "total_variation", weighed, 100, "{:.1f}")
    middle.set_title("Weights, distance from\nsoftmax's (best: 0)", fontsize=10, loc="left")
    middle.set_ylabel("total variation, %")
    _bars(right, rows, "output_error_centred", weighed, 100, "{:.0f}")
    right.set_title("Output without its mean\nover queries (best: 0)", fontsize=10, loc="left")
    right.set_ylabel("error, % of the softmax output's norm")
    patches = [plt.Rectangle((0, 0), 1, 1, color=look_of(name).color) for name in LABELS]
    style = {"ncols": len(LABELS), "frameon": False, "fontsize": 9, "handlelength": 1.2, "columnspacing": 1.4}
    figure.legend(patches, LABELS.values(), loc="outside lower center", **style)
    figure.suptitle(f"Linear attention in place of a trained STAEformer's softmax, {rows[0]['dataset']}", fontsize=12)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _bars(axes: Any, rows: Sequence[dict[str, Any]], column: str, names: Sequence[str], factor: int, form: str) -> None:
    """A group of bars per layer, one for each name."""
    values = {(row["layer"], row["estimator"]): row for row in rows}
    layers = list(dict.fromkeys(row["layer"] for row in rows))
    width = 0.84 / len(names)
    for place, name in enumerate(names):
        # the exact estimate is the truth
        heights = [values[layer, "exact" if name == "softmax" else name][column] * factor for layer in layers]
        positions = np.arange(len(layers)) + (place - (len(names) - 1) / 2) * width
        bars = axes.bar(positions, heights, width * 0.94, color=look_of(name).color)
        if len(layers) <= 2:
            axes.bar_label(bars, [form.format(height) for height in heights], fontsize=7, padding=1)
    # the full model has six layers, whose names fit only aslant
    few = len(layers) <= 2
    labels = [f"{layer}{chr(10) if few else ', '}N = {values[layer, 'exact']['tokens']}" for layer in layers]
    style = {"fontsize": 9} if few else {"fontsize": 7.5, "rotation": 35, "ha": "right", "rotation_mode": "anchor"}
    axes.set_xticks(range(len(layers)), labels, **style)
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
