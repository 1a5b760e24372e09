"""Pictures of a CSV of runs: error against horizon, error against cost, cost against nodes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from ..data.catalog import CATALOG
from ..evaluation.metrics import HORIZONS
from ..zoo import registry
from .aggregate import MEMORY, Summary, summaries
from .store import Row

# readable in print and by the colour-blind (Okabe and Ito without yellow); marker and line tell them apart, too
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#000000", "#E69F00", "#56B4E9")
_MARKERS, _LINES = ("o", "s", "^", "D", "v", "P", "X"), ("-", "--", ":")
# from here on an axis of costs is logarithmic
_WIDE = 8
# what all models at one horizon take of the axis, of the shortest of them: figures that are alike stay apart
_SPREAD = 0.2
_FRONTIER = "efficiency frontier"

Style = dict[str, Any]
# what a summary is drawn as: the panels that it stands in, besides those of its dataset, and its name there
View = Callable[[Summary], tuple[str, str]]


def by_model(summary: Summary) -> tuple[str, str]:
    return "", summary.model


def by_method(summary: Summary) -> tuple[str, str]:
    """Attention methods by name, the models that they stand in apart."""
    model = registry.base_name(summary.model)
    found = registry.compared_models().get(model)
    if found is None:
        return by_model(summary)
    return found.backbone + summary.model.removeprefix(model), found.attention_title


def draw_pictures(folder: Path, stem: str, rows: Sequence[Row], view: View = by_model) -> list[Path]:
    """Write those of the pictures that there are figures for, STEM_<what>.png. Returns their paths."""
    found = summaries(rows)
    several = len({summary.num_epochs for summary in found}) > 1
    # what has one name looks the same in all of them
    styles: dict[str, Style] = {}
    looks: dict[Summary, Style] = {}
    for summary in found:
        label = view(summary)[1] + (f", {summary.num_epochs} epochs" if several else "")
        looks[summary] = styles.setdefault(label, _style(len(styles), label))
    by_dataset, by_panel = {}, {}
    for summary in found:
        panel = view(summary)[0]
        by_dataset.setdefault(", ".join(filter(None, (summary.dataset, panel))), []).append(summary)
        by_panel.setdefault(panel, []).append(summary)
    # nothing grows where there is one size
    by_panel = {panel: of_it for panel, of_it in by_panel.items() if len({*map(_nodes_of, of_it)} - {None}) > 1}
    written = []
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw, lines in (
        ("horizons", _horizons, by_dataset),
        ("frontier", _frontier, by_dataset),
        ("nodes", _nodes, by_panel),
    ):
        path = folder / f"{stem}_{name}.png"
        if lines:
            _draw(path, draw, lines, looks)
            written.append(path)
        else:
            # that of an earlier CSV
            path.unlink(missing_ok=True)
    return written


def efficient(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points (cost, error) to which no other one is preferable in both, by their cost."""
    front: list[tuple[float, float]] = []
    for cost, error in sorted(points):
        if not front or error < front[-1][1]:
            front.append((cost, error))
    return front


def _draw(path: Path, draw: Callable, lines: dict[str, list[Summary]], looks: dict[Summary, Style]) -> None:
    """Two panels in a line, drawn by `draw`, and one legend for all."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    figure, panels = plt.subplots(
        len(lines), 2, figsize=(11, 0.6 + 3.6 * len(lines)), layout="constrained", squeeze=False
    )
    for (title, found), pair in zip(lines.items(), panels, strict=True):
        draw(pair, title, found, looks)
    found = [summary for of_line in lines.values() for summary in of_line]
    legend: dict[str, Any] = {}
    for axes in panels.flat:
        handles, labels = axes.get_legend_handles_labels()
        legend.update(zip(labels, handles, strict=True))
    if _FRONTIER in legend:
        legend[_FRONTIER] = legend.pop(_FRONTIER)
    figure.legend(legend.values(), legend, loc="outside right upper", frameon=False, fontsize=9)
    for axes in panels.flat:
        axes.grid(alpha=0.3)
    facts = [", ".join(dict.fromkeys(row["hardware"] for summary in found for row in summary.rows))]
    facts.append(" or ".join(dict.fromkeys(summary.num_epochs for summary in found)) + " epochs")
    if any(len(summary.rows) > 1 for summary in found):
        facts.append("mean over the seeds" if draw is _nodes else "mean and deviation over the seeds")
    figure.suptitle("; ".join(facts), x=0.01, ha="left", fontsize=9)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _horizons(panels: Sequence[Any], title: str, found: Sequence[Summary], looks: dict[Summary, Style]) -> None:
    """MAE and RMSE at each horizon, on one dataset."""
    facts = CATALOG[found[0].dataset]
    minutes = [horizon * facts.interval_minutes for horizon in HORIZONS]
    spread = _SPREAD * minutes[0]
    for metric, axes in zip(("MAE", "RMSE"), panels, strict=True):
        for number, summary in enumerate(found):
            aside = spread * ((number + 0.5) / len(found) - 0.5)
            columns = [f"{metric}_{horizon}" for horizon in HORIZONS]
            if all(map(summary.values, columns)):
                deviations = [summary.deviation(column) for column in columns] if len(summary.rows) > 1 else None
                places = [minute + aside for minute in minutes]
                axes.errorbar(places, list(map(summary.mean, columns)), deviations, capsize=2, **looks[summary])
        axes.set_xticks(minutes)
        axes.set_xlabel("minutes ahead" + (", side by side" if len(found) > 1 else ""))
        axes.set_ylabel(f"{metric}, {_unit(facts.domain)}")
        axes.set_title(f"{title}: {metric}", loc="left", fontsize=10)


def _frontier(panels: Sequence[Any], title: str, found: Sequence[Summary], looks: dict[Summary, Style]) -> None:
    """Overall MAE on one dataset against seconds and memory, and a line through what nothing else beats in both."""
    unit = _unit(CATALOG[found[0].dataset].domain)
    is_fair = all(summary.is_comparable(found[0], "seconds_per_epoch") for summary in found)
    for columns, label, axes in zip((("seconds_per_epoch",), MEMORY), ("s / epoch", "MiB"), panels, strict=True):
        points = []
        for summary in found:
            column = summary.measured(columns)
            if summary.values(column) and summary.values("MAE"):
                cost, error = summary.mean(column), summary.mean("MAE")
                style = {**looks[summary], "linestyle": "none"}
                axes.errorbar(cost, error, summary.deviation("MAE"), summary.deviation(column), capsize=2, **style)
                points.append((cost, error))
        front = efficient(points)
        # one that is preferable to all needs no line
        if is_fair and len(front) > 1:
            axes.plot(*zip(*front, strict=True), color="#999999", linewidth=1, zorder=0, label=_FRONTIER)
        _scale(axes.set_xscale, axes.xaxis, [cost for cost, _ in points])
        axes.set(xlabel=f"peak memory, {label}" if columns == MEMORY else f"training, {label}")
        axes.set_ylabel(f"MAE, {unit}")
        said = "lower left is better" if is_fair else "runs not made alike"
        axes.set_title(f"{title}: {said}", loc="left", fontsize=10)


def _nodes(panels: Sequence[Any], title: str, found: Sequence[Summary], looks: dict[Summary, Style]) -> None:
    """Time and memory against the number of nodes, the datasets of one model joined."""
    for axes, unit, what in zip(
        panels, ("ms per training window", "peak memory, MiB"), ("training time", "memory"), strict=True
    ):
        # by label
        lines: dict[str, tuple[Style, list[tuple[float, float]]]] = {}
        for summary in found:
            nodes, look = _nodes_of(summary), looks[summary]
            value = _milliseconds(summary) if what == "training time" else summary.mean(summary.measured(MEMORY))
            if nodes and value:
                lines.setdefault(look["label"], (look, []))[1].append((nodes, value))
        for look, points in lines.values():
            axes.plot(*zip(*sorted(points), strict=True), **look)
        points = [point for _, of_line in lines.values() for point in of_line]
        sizes = sorted({int(nodes) for nodes, _ in points})
        if not _scale(axes.set_yscale, axes.yaxis, [value for _, value in points]):
            axes.set_ylim(bottom=0)
        axes.set_xticks(sizes, [str(size) for size in sizes])
        batches = {one.common("batch_size") for one in found} - {""}
        batch = f", batch {' or '.join(sorted(batches, key=int))}" if batches else ""
        axes.set(xlabel="nodes", ylabel=unit)
        axes.set_title(f"{title and f'{title}: '}{what}{batch}", loc="left", fontsize=10)


def _nodes_of(summary: Summary) -> Optional[float]:
    return summary.mean("nodes")


def _milliseconds(summary: Summary) -> Optional[float]:
    seconds, windows = summary.mean("seconds_per_epoch"), summary.mean("train_windows")
    return 1000 * seconds / windows if seconds and windows else None


def _scale(set_scale: Callable, axis: Any, values: Sequence[float]) -> bool:
    """Logarithmic, with plain numbers, where the values are far apart; whether they are."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    if not values or max(values) <= _WIDE * min(values):
        return False
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
    return True


def _style(number: int, label: str) -> Style:
    turn = number // len(_COLOURS)
    return {
        "label": label,
        "color": _COLOURS[number % len(_COLOURS)],
        "marker": _MARKERS[(number + turn) % len(_MARKERS)],
        "linestyle": _LINES[turn % len(_LINES)],
        "markersize": 5,
        "linewidth": 1.2,
    }


def _unit(domain: str) -> str:
    """What the brackets of a catalogue entry hold: "traffic flow (vehicles per 5 minutes)"."""
    return domain.partition("(")[2].rstrip(")") or domain
