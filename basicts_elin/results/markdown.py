"""The pages docs/tables/*.md. They show only the paper's figures and those of a CSV."""

from collections.abc import Sequence

from ..averages import OVERALL
from ..evaluation.numpy_metrics import METRICS
from . import published
from .aggregate import Summary, each_once, summaries
from .schema import Result, metric_column, metric_names
from .tables.ablation import ablation_lines
from .tables.attention import attention_lines
from .tables.cells import INFERENCE_TITLE, head, input_len, named, ours, planned, row
from .tables.table2 import table2_lines
from .tables.table3 import table3_lines


def page(
    table: str, title: str, results: Sequence[Result], source: str, command: str, pictures: Sequence[str] = ()
) -> str:
    """The page of a table.

    Args:
        table: "table2", "table3" or "attention".
        source: path of the CSV that holds the results, relative to the page.
        command: that makes the page.
        pictures: files beside the page.
    """
    found = summaries(results)
    parts = [f"# {title}", _made_of(table, found, source, command)]
    for dataset in each_once(results, "dataset"):
        own = [summary for summary in found if summary.dataset == dataset]
        lines = _TABLES[table](dataset, own)
        # the head alone: no run has a result
        if len(lines) == len(head()):
            continue
        parts += [f"## {dataset}", "\n".join(lines)]
        if table in ("table2", "table3"):
            parts += _also_published(table, dataset, own)
        parts += _other_metrics(own)
    parts += _without_result(results)
    parts += [f"![{name.rpartition('_')[2].removesuffix('.png')}]({name})" for name in pictures]
    return "\n\n".join(parts) + "\n"


def _made_of(table: str, found: Sequence[Summary], source: str, command: str) -> str:
    """The sources of the page, in words."""
    results = [result for summary in found for result in summary.results]
    said = [f"Made by `{command}` from [{source.rpartition('/')[2]}]({source}), which says how each run was made."]
    if table == "attention":
        said.append("The paper names this comparison and prints no figures of it.")
    elif table == "ablation":
        said.append("The paper has no such comparison. Each row is one change of ELinFormer, over time and over space.")
    else:
        said.append(f'"paper": printed in {published.PAPER} unless a line below says otherwise; none is measured here.')
    said.append("Ours: mean ± deviation over the seeds; an empty cell was not measured.")
    said.append(
        "A metric is over all targets of all steps; `mean over horizons` is the mean of the metrics of the steps."
    )
    if results:
        facts = [(title, ", ".join(each_once(results, name))) for title, name in _FACTS]
        said.append(f"Measured on {', '.join(title + values for title, values in facts if values)}.")
        at_once = max(result.runs_at_once or 1 for result in results)
        if at_once > 1:
            said.append(f"Up to {at_once} runs shared a device, which lengthens their seconds.")
        said.append("Seconds and memory are compared only between runs that were made in the same way.")
        said += _of_inference(results)
    if table == "table2":
        said.append(f"The paper's memory and seconds are those of {published.hardware_of(published.TABLE2)}.")
    if table != "table3":
        said.append("Peak memory: of a GPU what the process reserved, else the resident size of the whole process.")
    return " ".join(said)


def _of_inference(results: Sequence[Result]) -> list[str]:
    if not any(result.inference_ms_per_window for result in results):
        return []
    batches = " or ".join(each_once(results, "inference_batch_size"))
    return [f"`{INFERENCE_TITLE}`: median forward pass over test windows in batches of {batches}, on that hardware."]


_FACTS = (("", "hardware"), ("torch ", "torch"), ("commit ", "commit"))


def _also_published(table: str, dataset: str, found: Sequence[Summary]) -> list[str]:
    """What the published figures of a table need said, and the figures that it does not print."""
    shown = published.figures_of(dataset, input_len(found[0] if found else None))
    lines = []
    if table == "table2":
        models = {published.system_of(summary.model) for summary in found}
        shown = [one for one in shown if one.system in models]
        lines = published.notes_of([one for one in shown if not one.value])
    printed: set[tuple] = set()
    groups: dict[tuple, list[str]] = {}
    for one in shown:
        key = (one.system, one.metric, one.average)
        if one.average and one.source not in (published.TABLE2, published.TABLE3):
            also = "also published: " if key in printed else ""
            groups.setdefault((also, one.system, one.source, one.note), []).append(f"{one.metric} {one.value}")
        printed.add(key)
    for (also, system, source, note), values in groups.items():
        lines.append(f"{system}, {also}{', '.join(values)} ({source}). {note}".strip())
    return ["\n".join(f"- {line}" for line in lines)] if lines else []


_TABLES = {"table2": table2_lines, "table3": table3_lines, "attention": attention_lines, "ablation": ablation_lines}


def _other_metrics(found: Sequence[Summary]) -> list[str]:
    """A table of the metrics over all horizons that the paper does not have; nothing if there are none."""
    names = metric_names([result for summary in found for result in summary.results])
    others = [metric_column(name, OVERALL) for name in names if name not in METRICS]
    if not others:
        return []
    lines = head("model", "epochs", *others)
    lines += [row(named(summary), planned(summary), *(ours(summary, name, 4) for name in others)) for summary in found]
    return ["\n".join(lines)]


def _without_result(results: Sequence[Result]) -> list[str]:
    """The runs that have no result, by their reasons."""
    reasons: dict[str, list[str]] = {}
    for result in results:
        if result.reason:
            reason = result.reason + (f" (log: {result.log})" if result.log else "")
            epochs = f", {result.num_epochs} epochs" if result.num_epochs else ""
            run = f"{result.label}, {result.dataset}, seed {result.seed}{epochs}"
            reasons.setdefault(reason, []).append(run)
    lines = [f"- {'; '.join(runs)}: {reason}" for reason, runs in reasons.items()]
    return ["## Without a result", "\n".join(lines)] if lines else []
