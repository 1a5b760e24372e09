"""What the seconds and the memory of a run depend on besides the run itself."""

from collections.abc import Iterable
from typing import Any

# fields of run.json, and columns of its CSVs
CONDITIONS = ("device", "hardware", "processes", "compiled", "runs_at_once")
# marks an epoch that was trained before the run went on under other conditions
ELSEWHERE = "other_conditions"


def comparable(epochs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of `run.json` that were trained under the conditions that it names."""
    return [epoch for epoch in epochs if not epoch.get(ELSEWHERE)]
