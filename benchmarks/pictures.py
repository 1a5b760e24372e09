"""Time and memory against the number of tokens, both on logarithmic axes."""

from collections.abc import Sequence
from pathlib import Path

# readable in print and by the colour-blind (Okabe and Ito)
_COLOURS = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#0072B2", "#CC79A7", "#D55E00", "#999999")


def plot_costs(path: Path, rows: Sequence[dict], title: str) -> None:
    """Milliseconds and MiB kept for the gradients, both for one element of the batch, of each variant."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    for axes, column, label in zip(
        panels, ("milliseconds", "saved_mib"), ("ms, forward and backward", "MiB kept for the gradients"), strict=True
    ):
        for variant, colour in zip(variants, _COLOURS, strict=False):
            # the largest batch of each size
            own = sorted((row for row in rows if row["variant"] == variant), key=lambda row: row["batch"])
            points = {row["tokens"]: row[column] / row["batch"] for row in own}
            tokens = sorted(points)
            style = "--" if variant == "no mixing" else "-"
            axes.plot(tokens, [points[n] for n in tokens], style, marker="o", markersize=4, color=colour, label=variant)
        axes.set_xscale("log")
        axes.set_yscale("log")
        sizes = sorted({row["tokens"] for row in rows})
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("tokens (nodes)")
        axes.set_ylabel(f"{label}, for one of the batch")
        axes.grid(alpha=0.3)
    panels[0].legend(frameon=False, fontsize=9)
    figure.suptitle(title, x=0.01, ha="left")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
