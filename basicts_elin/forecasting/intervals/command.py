"""The intervals of a run on the test part, for the command that evaluates it."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

from ...errors import UserError
from ...files import write_json

if TYPE_CHECKING:
    from ...data.dataset import Dataset

INTERVAL_METRICS_FILE = "interval_metrics.json"


def add_arguments(verb: argparse.ArgumentParser) -> None:
    level = "also evaluate prediction intervals of these levels in per cent, such as 80 90"
    verb.add_argument("--level", type=float, nargs="+", metavar="PER_CENT", help=level)
    adaptive = "with --level: also intervals that adapt to the errors so far (online conformal prediction)"
    verb.add_argument("--adaptive", action="store_true", help=adaptive)


def check_arguments(level: Optional[list[float]], *, adaptive: bool) -> None:
    """Raises: UserError for what cannot be evaluated, before anything is."""
    from .coverage import scoring_rules
    from .rank import check_levels

    if adaptive and not level:
        raise UserError("adaptive", "given alone", "--level", "add --level 90, or omit --adaptive")
    if check_levels(level):
        scoring_rules()


def evaluate_intervals(
    checkpoint: Path, dataset: "Dataset", levels: list[float], folder: Path, horizons: Sequence[int], *, adaptive: bool
) -> Path:
    """Print the table of the intervals, and write `interval_metrics.json` into the folder. Returns that file.

    Intervals are made from the validation part, or those beside the checkpoint are used if they are of this checkpoint.
    Raises: UserError as `Forecaster.load` and `Forecaster.calibrate`.
    """
    from ..forecaster import Forecaster
    from .report import measure, table
    from .stored import INTERVALS_FILE

    forecaster = Forecaster.load(checkpoint)
    kept = checkpoint.with_name(INTERVALS_FILE)
    origin = "of an earlier calibration" if forecaster.intervals is not None else "made now"
    intervals = forecaster.intervals or forecaster.calibrate(dataset)
    print(
        f"intervals: scaled by {intervals.scale.name}, from {intervals.windows} windows of the validation part; "
        f"{origin}: {kept}"
    )
    windows = forecaster.part_windows(dataset, "test")
    found = measure(intervals, windows, levels, adaptive=adaptive, clip=forecaster.clipped)
    names = forecaster.facts.node_names
    for entry in found["levels"].values():
        for kind in entry.keys() - {"validation"}:
            entry[kind]["sensors"] = dict(zip(names, entry[kind]["sensors"], strict=True))
    print(table(found, horizons))
    file = folder / INTERVAL_METRICS_FILE
    write_json(file, found)
    return file
