"""Published figures, from published.csv: one row each, with convention, test part and source.

Conventions of an average over the steps ahead, which are never compared with each other:

- "pooled": over all targets of all steps; BasicTS, and the ELinFormer paper.
- "mean over horizons": the mean of the metrics of the single steps; LargeST, and papers that follow DCRNN.
- "running mean": PDFormer's table. Its row i is over all targets of the first i steps: it is not the metric at step i,
  and the row of the last step is the pooled metric.
"""

import csv
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

from ..averages import MEAN, OVERALL
from ..zoo import registry

FILE = Path(__file__).with_name("published.csv")
PAPER = "arXiv 2511.03190"
TABLE1, TABLE2, TABLE3 = (f"{PAPER}, Table {number}" for number in (1, 2, 3))
# facts of a dataset in Table 1; the last is a text
DATASET_FACTS = ("nodes", "edges", "timesteps", "interval_minutes", "range")
_AVERAGES = {"pooled": OVERALL, "mean over horizons": MEAN}
# steps in of runs that do not record them
_USUAL_LENGTH = 12


class Figure(NamedTuple):
    """A printed figure.

    Attributes:
        system: the model; "" for a fact of the dataset.
        horizon: "overall", a step ahead, or "" for what has none.
        metric: MAPE in per cent, memory_mib, seconds_per_epoch, or a fact of the dataset.
        value: as printed; "" where only the note says something.
        convention: of the average, see above; "" where there is none.
        measured_on: the test part.
        hardware: of memory and seconds.
        input_len: steps in; None for facts of datasets.
    """

    system: str
    dataset: str
    horizon: str
    metric: str
    value: str
    convention: str
    measured_on: str
    hardware: str
    source: str
    input_len: Optional[int]
    note: str

    @property
    def average(self) -> str:
        """The average that it is, OVERALL or MEAN; "" for anything else, such as the metric at one step."""
        if self.convention == "running mean":
            return OVERALL if self.horizon == str(_USUAL_LENGTH) else ""
        return _AVERAGES.get(self.convention, "") if self.horizon == OVERALL else ""


@functools.cache
def figures() -> tuple[Figure, ...]:
    """All rows of the file. If several have the same meaning, tables print the first."""
    with FILE.open(newline="", encoding="utf-8") as file:
        rows = [
            row | {"input_len": int(row["input_len"]) if row["input_len"] else None} for row in csv.DictReader(file)
        ]
    return tuple(Figure(**row) for row in rows)


def figures_of(dataset: str, input_len: Optional[int] = None) -> list[Figure]:
    """The figures of systems on a dataset with this number of steps in; None = the usual 12."""
    length = input_len or _USUAL_LENGTH
    return [one for one in figures() if one.system and (one.dataset, one.input_len) == (dataset, length)]


def value(
    system: str, dataset: str, metric: str, *, average: str = OVERALL, input_len: Optional[int] = None
) -> Optional[float]:
    """The figure that tables print for a system; None if none is published, or only in another convention.

    metric: one with an average, of which `average` is OVERALL or MEAN; or memory_mib, seconds_per_epoch.
    """
    for one in figures_of(dataset, input_len):
        is_same = one.average == average if one.convention else average == OVERALL
        if (one.system, one.metric) == (system, metric) and is_same and one.value:
            return float(one.value)
    return None


def system_of(model: str, *, costs: bool = False) -> str:
    """The published system that one of our models is; "" if it is none.

    A model with a title of its own, such as BasicTS 1.1's STID, is not the published one.

    costs: of memory and time, which depend on how the attention is computed.
    """
    if model.startswith(registry.LEGACY):
        return model.removeprefix(registry.LEGACY)
    found = registry.find(model)
    if found and not found.entry.paper_name and registry.title(model) == model in {one.system for one in figures()}:
        return model
    return registry.paper_name(model, costs=costs)


def systems_of(source: str) -> list[str]:
    """The systems that a source prints, in its order."""
    return list(dict.fromkeys(one.system for one in figures() if one.source == source))


def datasets_of(source: str) -> tuple[str, ...]:
    """The datasets that a source prints, in its order."""
    return tuple(dict.fromkeys(one.dataset for one in figures() if one.source == source))


def dataset_facts(dataset: str) -> list[str]:
    """`DATASET_FACTS` as Table 1 prints them; "" for what it does not print."""
    found = {one.metric: one.value for one in figures() if one.source == TABLE1 and one.dataset == dataset}
    return [found.get(name, "") for name in DATASET_FACTS]


def hardware_of(source: str) -> str:
    """The hardware on which memory and seconds were measured."""
    return next((one.hardware for one in figures() if one.source == source and one.hardware), "")


def notes_of(shown: Sequence[Figure]) -> list[str]:
    """The notes of figures, without duplicates."""
    return list(dict.fromkeys(one.note for one in shown if one.note))
