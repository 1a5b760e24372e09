"""Pictures of results: error against horizon, error against cost, cost against nodes."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Optional

from ...zoo import registry
from ..aggregate import MEMORY, Summary, each_once, summaries
from ..schema import Result, metric_column, steps_of
from .canvas import name_curves
from .colours import GREY, looks

# more names than these would not fit beside a panel
_MOST_NAMES = 9
# an axis of costs is logarithmic if the largest is this many times the smallest
_WIDE = 8
# Models at one horizon are drawn side by side, so that equal values stay visible. They span this part of a horizon.
_SPREAD = 0.2
_FRONTIER = "efficiency frontier"

Style = dict[str, Any]
# how a summary is drawn: the title of its panels, besides the dataset, and its name in the legend
View = Callable[[Summary], tuple[str, str]]


def by_model(summary: Summary) -> tuple[str, str]:
    return "", summary.label


def by_method(summary: Summary) -> tuple[str, str]:
    """Style of attention methods: each method by name, with separate panels for each backbone."""
    model = registry.base_name(summary.model)
    found = registry.compared_models().get(model)
    if found is None:
        return by_model(summary)
    differences = summary.label.removeprefix(summary.model)
    return found.backbone + summary.model.removeprefix(model), found.attention_title + differences


def draw_pictures(folder: Path, stem: str, results: Sequence[Result], view: View = by_model) -> list[Path]:
    """Write the pictures STEM_<kind>.png for which there are data. Returns their paths."""
    found = summaries(results)
    styles = _styles(found, view)
    by_dataset, by_panel = {}, {}
    for summary in found:
        panel = view(summary)[0]
        by_dataset.setdefault(", ".join(filter(None, (summary.dataset, panel))), []).append(summary)
        by_panel.setdefault(panel, []).append(summary)
    # one number of nodes makes no curve
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
            _draw(path, draw, lines, styles)
            written.append(path)
        else:
            # a picture of an earlier CSV
            path.unlink(missing_ok=True)
    return written


def _styles(found: Sequence[Summary], view: View) -> dict[Summary, Style]:
    """The style of each summary: one name looks the same in every picture."""
    several = len({summary.num_epochs for summary in found} - {None}) > 1
    labels = [
        view(summary)[1] + (f", {summary.num_epochs} epochs" if several and summary.num_epochs else "")
        for summary in found
    ]
    styles = looks(labels)
    size = {"markersize": 5, "linewidth": 1.2}
    return {summary: styles[label].style(label=label, **size) for summary, label in zip(found, labels, strict=True)}


def efficient(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points (cost, error) that no other point beats in both, ordered by cost."""
    front: list[tuple[float, float]] = []
    for cost, error in sorted(points):
        if not front or error < front[-1][1]:
            front.append((cost, error))
    return front


def _draw(path: Path, draw: Callable, lines: dict[str, list[Summary]], styles: dict[Summary, Style]) -> None:
    """Two panels in each line, drawn by `draw`. The names are at the curves, or in a legend where there is no room."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    size = 11, 0.6 + 3.6 * len(lines)
    figure, panels = plt.subplots(len(lines), 2, figsize=size, layout="constrained", squeeze=False)
    for (title, found), pair in zip(lines.items(), panels, strict=True):
        draw(pair, title, found, styles)
    for axes in panels.flat:
        axes.grid(alpha=0.3)
    title = _conditions([summary for found in lines.values() for summary in found], draw)
    figure.suptitle(title, x=0.01, ha="left", fontsize=9)
    _add_names(figure, panels, at_curves=draw is not _frontier)
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _add_names(figure: Any, panels: Any, *, at_curves: bool) -> None:
    """The names beside the right panels, at their curves; or every name once in a legend, the frontier last."""
    named = [dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True)) for axes in panels.flat]
    if at_curves and max(map(len, named)) <= _MOST_NAMES:
        figure.draw_without_rendering()
        for axes, handles in zip(panels[:, 1], named[1::2], strict=True):
            name_curves(axes, {name: getattr(handle, "lines", [handle])[0] for name, handle in handles.items()}, 9)
        return
    legend = {name: handle for handles in named for name, handle in handles.items()}
    if _FRONTIER in legend:
        legend[_FRONTIER] = legend.pop(_FRONTIER)
    figure.legend(legend.values(), legend, loc="outside right upper", frameon=False, fontsize=9)


def _conditions(found: Sequence[Summary], draw: Callable) -> str:
    """The line above the panels: hardware, epochs, what the bars are."""
    results = [result for summary in found for result in summary.results]
    epochs = " or ".join(each_once(results, "num_epochs"))
    nodes = " or ".join(sorted(each_once(results, "nodes"), key=float))
    facts = [", ".join(each_once(results, "hardware")), epochs and f"{epochs} epochs", nodes and f"{nodes} sensors"]
    # naive forecasts have none
    seeds = sorted({len(summary.results) for summary in found if summary.results[0].seed is not None})
    if seeds == [1]:
        facts.append("one seed")
    elif seeds:
        number = " or ".join(map(str, seeds))
        facts.append(f"mean over {number} seeds" if draw is _nodes else f"mean and deviation over {number} seeds")
    return "; ".join(filter(None, facts))


def _horizons(panels: Sequence[Any], title: str, found: Sequence[Summary], styles: dict[Summary, Style]) -> None:
    """MAE and RMSE at each horizon, on one dataset."""
    results = [result for summary in found for result in summary.results]
    horizons = steps_of(results)
    minutes = _one(results, "interval_minutes")
    ahead = [int(horizon) * int(minutes or 1) for horizon in horizons]
    for metric, axes in zip(("MAE", "RMSE"), panels, strict=True):
        columns = [metric_column(metric, horizon) for horizon in horizons]
        for number, summary in enumerate(found):
            if columns and all(map(summary.values, columns)):
                aside = _SPREAD * ahead[0] * ((number + 0.5) / len(found) - 0.5)
                deviations = [summary.deviation(column) for column in columns] if len(summary.results) > 1 else None
                places = [place + aside for place in ahead]
                axes.errorbar(places, list(map(summary.mean, columns)), deviations, capsize=2, **styles[summary])
        axes.set_xticks(ahead)
        unit = "minutes ahead" if minutes else "steps ahead"
        axes.set_xlabel(unit + (", side by side" if len(found) > 1 else ""))
        axes.set_ylabel(_with_unit(metric, results))
        axes.set_title(f"{title}: {metric}", loc="left", fontsize=10)


def _one(results: Sequence[Result], name: str) -> str:
    """The value of a field that all results share; "" if they differ or it is not known."""
    values = each_once(results, name)
    return values[0] if len(values) == 1 else ""


def _with_unit(metric: str, results: Sequence[Result]) -> str:
    return ", ".join(filter(None, (metric, _one(results, "unit"))))


def _frontier(panels: Sequence[Any], title: str, found: Sequence[Summary], styles: dict[Summary, Style]) -> None:
    """Overall MAE on one dataset against seconds and memory, and a line through the points that none beats in both."""
    is_fair = all(summary.is_comparable(found[0], "seconds_per_epoch") for summary in found)
    for columns, unit, axes in zip((("seconds_per_epoch",), MEMORY), ("s / epoch", "MiB"), panels, strict=True):
        points = []
        for summary in found:
            column = summary.measured(columns)
            if summary.values(column) and summary.values("MAE"):
                cost, error = summary.mean(column), summary.mean("MAE")
                style = {**styles[summary], "linestyle": "none"}
                axes.errorbar(cost, error, summary.deviation("MAE"), summary.deviation(column), capsize=2, **style)
                points.append((cost, error))
        front = efficient(points)
        # a single point needs no line
        if is_fair and len(front) > 1:
            axes.plot(*zip(*front, strict=True), color=GREY, linewidth=1, zorder=0, label=_FRONTIER)
        _scale(axes.set_xscale, axes.xaxis, [cost for cost, _ in points])
        axes.set(xlabel=f"peak memory, {unit}" if columns == MEMORY else f"training, {unit}")
        axes.set_ylabel(_with_unit("MAE", [result for summary in found for result in summary.results]))
        said = "lower left is better" if is_fair else "runs not made alike"
        axes.set_title(f"{title}: {said}", loc="left", fontsize=10)


def _nodes(panels: Sequence[Any], title: str, found: Sequence[Summary], styles: dict[Summary, Style]) -> None:
    """Time and memory against the number of nodes, a line for each model through its datasets."""
    for axes, unit, what in zip(
        panels, ("ms per training window", "peak memory, MiB"), ("training time", "memory"), strict=True
    ):
        lines: dict[str, tuple[Style, list[tuple[float, float]]]] = {}
        for summary in found:
            nodes, look = _nodes_of(summary), styles[summary]
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
        batches = {result.batch_size for summary in found for result in summary.results} - {None}
        batch = f", batch {' or '.join(map(str, sorted(batches)))}" if batches else ""
        axes.set(xlabel="nodes", ylabel=unit)
        axes.set_title(f"{title and f'{title}: '}{what}{batch}", loc="left", fontsize=10)


def _nodes_of(summary: Summary) -> Optional[float]:
    return summary.mean("nodes")


def _milliseconds(summary: Summary) -> Optional[float]:
    seconds, windows = summary.mean("seconds_per_epoch"), summary.mean("train_windows")
    return 1000 * seconds / windows if seconds and windows else None


def _scale(set_scale: Callable, axis: Any, values: Sequence[float]) -> bool:
    """Make the axis logarithmic, with plain numbers, if the values are far apart. Returns whether they are."""
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    if not values or max(values) <= _WIDE * min(values):
        return False
    set_scale("log")
    axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
    return True
