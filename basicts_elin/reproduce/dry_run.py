"""The plan of a table in words: each run, what is missing, what it is expected to cost."""

from collections.abc import Sequence
from pathlib import Path

from ..data.catalog import not_prepared
from .cost import Cost, Estimator, count, duration, remaining_seconds
from .plan import Run
from .status import Survey


def plan_lines(runs: Sequence[Run], found: Survey, estimator: Estimator) -> list[str]:
    """A line for each run, a line for whatever is missing, and the sum.

    Runs that cannot be started yet are in the sum, with what is known of them.
    """
    width = max(len(str(run)) for run in runs)
    lines, left, memory = [], [], []
    for run, state in zip(runs, found.states, strict=True):
        line = f"{str(run):<{width}}  {run.config}: {state}"
        if not state.is_finished:
            cost = estimator.cost(run, state.folder) if state.num_epochs else Cost()
            epochs = (state.num_epochs or 0) - state.epoch
            left.append(None if cost.seconds is None else epochs * cost.seconds)
            memory.append(cost.memory_mib)
            line += f"; {count(epochs, 'epoch')}, {_words(left[-1], cost)}" if state.num_epochs else ""
        lines.append(line)
    lines += _missing(runs, found)
    known = [seconds for seconds in left if seconds is not None]
    cannot = sum(bool(state.problem) and not state.is_finished for state in found.states)
    total = f"about {duration(remaining_seconds(known, 1))} one after another" if known else "how long is unknown"
    if known and len(known) < len(left):
        total += f", without {count(len(left) - len(known), 'run')} that nothing is known of"
    peak = max((mib for mib in memory if mib is not None), default=None)
    return [
        *lines,
        f"{count(len(runs), 'run')} on {found.hardware}: {len(runs) - len(left)} finished, {len(left) - cannot} to be "
        f"made, {cannot} that cannot run yet",
        *([f"{total}; memory of one: {'unknown' if peak is None else f'up to {peak:.0f} MiB'}"] if left else []),
    ]


def _words(seconds: float, cost: Cost) -> str:
    if seconds is None:
        return "time and memory unknown"
    memory = "memory unknown" if cost.memory_mib is None else f"{cost.memory_mib:.0f} MiB"
    return f"about {duration(seconds)}, {memory} ({cost.basis})"


def _missing(runs: Sequence[Run], found: Survey) -> list[str]:
    """How to mend what keeps runs from starting, each said once."""
    folders = {run.dataset: Path("datasets", run.dataset) for run in runs}
    absent = [str(not_prepared(name, folder)) for name, folder in folders.items() if not folder.is_dir()]
    return list(dict.fromkeys([*absent, *(state.problem for state in found.states if state.problem)]))
