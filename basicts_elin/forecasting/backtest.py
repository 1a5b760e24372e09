"""Rolling forecasts of a table, with the actual values if it has them. T rows, O steps ahead, N sensors, W windows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import TYPE_CHECKING, Optional

import numpy as np

from ..data.catalog import DAYS_PER_WEEK
from ..data.times.dates import find_breaks, weekdays_of
from ..errors import UserError
from ..evaluation.numpy_metrics import error_sums, metrics_by_horizon
from .facts import Facts
from .network import ScaledNetwork
from .rolling import predict_windows
from .tables.inputs import History
from .windows import Windows

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Backtest:
    """Forecasts of many windows of a table.

    Attributes:
        windows: the forecasts, with the actual values where the table has them.
        index: the times of its rows and of O more, as the table writes them.
        notes: what was left out, one line each.
    """

    windows: Windows
    index: "pd.Index"
    notes: tuple[str, ...]

    def metrics(self, horizons: Optional[Sequence[int]] = None) -> dict[str, dict]:
        """MAE, RMSE and MAPE (per cent) by step ahead, "overall", and as "mean" of all steps.

        None where nothing was measured.

        horizons: steps ahead; None: all.
        Raises: UserError for a step that the forecasts do not have.
        """
        prediction, target = self.windows.prediction, self.windows.target
        steps = prediction.shape[1]
        for step in horizons or ():
            if step not in range(1, steps + 1):
                raise UserError("horizons", step, f"1 to {steps} steps ahead")
        measured = ~np.isnan(target)
        sums = [
            error_sums(prediction[:, step], target[:, step], measured[:, step]).sum(axis=0) for step in range(steps)
        ]
        return metrics_by_horizon(np.stack(sums), range(1, steps + 1) if horizons is None else horizons)


def backtest_windows(
    network: ScaledNetwork,
    history: History,
    facts: Facts,
    every: int,
    fill: bool,
    batch_size: int,
    progress: Optional[Callable[[int], None]] = None,
) -> Backtest:
    """Forecasts every `every` rows, the last one from the last row of the table.

    Args: see `Forecaster.backtest`.
    Raises: UserError for `every` below 1, for absent rows unless `fill`, and if no window remains.
    """
    if not isinstance(every, Integral) or every < 1:
        raise UserError("every", every, "1 or more rows between forecasts")
    rows, steps = len(history.values), facts.output_len
    # counted from the end, so that the newest rows are used
    starts = np.arange(rows - facts.input_len, -1, -every)[::-1]
    notes = []
    if not history.present.all():
        absent = int((~history.present).sum())
        if not fill:
            raise UserError(
                "data",
                f"{absent} of {rows} steps have no row",
                "a row for each step",
                "complete the table, or --fill treats them as missing",
            )
        notes.append(f"steps: {absent} of {rows} have no row; treated as missing")
    stamps, minutes, local = history.clock.timestamps(), history.clock.minutes(), history.clock.local()
    if not facts.windows_across_breaks:
        breaks = np.cumsum(find_breaks(history.clock.timeline.instants(), stamps, facts.interval_minutes))
        kept = breaks[starts + facts.input_len + steps - 1] == breaks[starts]
        notes += [f"windows: {(~kept).sum()} of {len(kept)} span a break and are left out"] if not kept.all() else []
        starts = starts[kept]
    empty = np.array([np.isnan(history.values[start : start + facts.input_len]).all() for start in starts], bool)
    notes += [f"windows: {empty.sum()} of {len(starts)} hold no value and are left out"] if empty.any() else []
    starts = starts[~empty]
    if not len(starts):
        raise UserError("data", "no window of measured values", f"{facts.input_len} rows without a break")
    if facts.trained_until is not None:
        seen = (local[starts + facts.input_len] <= np.datetime64(facts.trained_until, "m")).sum()
        found = f"{seen} of {len(starts)} begin before {facts.trained_until}, the end of the training part"
        notes += [f"windows: {found}: their errors are too small"] if seen else []
    prediction = predict_windows(network, history.values, stamps, starts, facts.input_len, steps, batch_size, progress)
    first = starts + facts.input_len
    targets = first[:, None] + np.arange(steps)
    truth = np.concatenate([history.values, np.full((steps, facts.num_nodes), np.nan, np.float32)])
    weekdays = (
        weekdays_of(local)
        if history.clock.timeline.start is not None
        else np.rint(stamps[:, 1] * DAYS_PER_WEEK).astype(int)
    )
    windows = Windows(prediction, truth[targets], first, minutes[targets], weekdays[targets], local[targets])
    return Backtest(windows, history.clock.index(), tuple(notes))
