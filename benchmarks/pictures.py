"""Time and memory against the number of tokens, both on logarithmic axes."""

from collections.abc import Sequence
from pathlib import Path

from basicts_elin.results.pictures.canvas import name_curves
from basicts_elin.results.pictures.colours import looks


def plot_costs(path: Path, rows: Sequence[dict], title: str) -> None:
    """Milliseconds and MiB kept for the gradients, both for one element of the batch, of each variant."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(1, 2, figsize=(11, 4.6), layout="constrained")
    styles = looks(row["variant"] for row in rows)
    for axes, column, label in zip(
        panels, ("milliseconds", "saved_mib"), ("ms, forward and backward", "MiB kept for the gradients"), strict=True
    ):
        for variant, look in styles.items():
            # the largest batch of each size
            own = sorted((row for row in rows if row["variant"] == variant), key=lambda row: row["batch"])
            points = {row["tokens"]: row[column] / row["batch"] for row in own}
            tokens = sorted(points)
            axes.plot(tokens, [points[n] for n in tokens], label=variant, **look.style(markersize=4))
        axes.set_xscale("log")
        axes.set_yscale("log")
        sizes = sorted({row["tokens"] for row in rows})
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.set_xlabel("tokens (nodes)")
        axes.set_ylabel(f"{label}, for one of the batch")
        axes.grid(alpha=0.3)
    figure.suptitle(title, x=0.01, ha="left")
    figure.draw_without_rendering()
    name_curves(panels[1], size=9)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
