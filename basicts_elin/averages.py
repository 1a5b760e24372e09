"""The two averages of a metric over the steps ahead, by name."""

from collections.abc import Mapping, Sequence
from typing import Optional

# OVERALL: over all targets of all steps ahead. MEAN: the mean of the metrics of the single steps.
OVERALL, MEAN = "overall", "mean"
# the key of MEAN in test_metrics.json, beside "overall" and "horizon_12"
MEAN_KEY = "mean_over_horizons"


def mean_over_horizons(steps: Sequence[Mapping[str, Optional[float]]]) -> dict[str, Optional[float]]:
    """The mean of each metric over the steps ahead that have a value: the "average" of LargeST and DCRNN."""
    known = {name: [step[name] for step in steps if step[name] is not None] for name in steps[0]}
    return {name: sum(values) / len(values) if values else None for name, values in known.items()}
