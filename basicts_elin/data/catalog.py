"""The public datasets: what is known about each without its files, and how to get it.

Step counts and start times follow the public files. Where the paper's Table 1 disagrees (PEMS-BAY: 52128 steps from
2018; PEMS03 and PEMS07: date ranges that do not fit their step counts), the files are right.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

from ..errors import UserError, nearest
from ..plugins import load_plugins

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7

# The page that links the preprocessed datasets.
BASICTS_DOWNLOAD = "https://github.com/GestaltCogTeam/BasicTS/blob/v1.1.0/docs/getting_started.md"

ROW_INDEX = "row index"
DATES = "dates"


@dataclass(frozen=True)
class DatasetFacts:
    """What is known about a dataset without its folder. A prepared `Dataset` has the same attributes.

    Attributes:
        name: name of its folder in `datasets/`.
        num_nodes: number of sensors.
        num_rows: number of rows; None if the user chooses it (synthetic data).
        start: date and time of the first row, local time.
        timestamp_rule: how a row gets its time of day and day of week. `ROW_INDEX`: by its index in the full series,
            starting at midnight of day 0, whatever weekday that was (the benchmark's rule for PEMS03 to PEMS08).
            `DATES`: by its date, Monday = 0. None: the times are stored, and follow no rule that is known.
        split: fractions of the training, validation and test part.
        domain: the quantity measured, with its unit in parentheses.
        source: page of the raw file; None if the dataset is synthetic.
        part_of: the public dataset that this one is a part of; None for a whole one.
        first_row: index of its first row in the full public series.
        interval_minutes: minutes between rows.
        null_value: the number that marks a missing value.
        non_negative: whether the quantity cannot be below 0.
        gaps: (last date before the gap, number of missing rows) for each gap between the dates.
        graph_rule: how its published list becomes a graph, "binary" or "gaussian", see `graphs.rules`; None if the list
            decides.
        graph_sigma: sigma of the gaussian rule, in the unit of the published list; None if it follows from the list.
        districts: for a dataset of LargeST, the districts of California whose sensors it has; else ().
        num_edges: non-zero entries of its published matrix, without the diagonal; None if the number is not known.
    """

    name: str
    num_nodes: int
    num_rows: Optional[int]
    start: str
    timestamp_rule: Optional[str]
    split: tuple[float, float, float]
    domain: str
    source: Optional[str]
    part_of: Optional[str] = None
    first_row: int = 0
    interval_minutes: int = 5
    null_value: float = 0.0
    non_negative: bool = False
    gaps: tuple[tuple[str, int], ...] = ()
    graph_rule: Optional[str] = None
    graph_sigma: Optional[float] = None
    districts: tuple[int, ...] = ()
    num_edges: Optional[int] = None

    @property
    def steps_per_day(self) -> int:
        return steps_per_day(self.interval_minutes)

    @property
    def unit(self) -> str:
        return unit_of(self.domain)

    @property
    def regular_settings(self) -> dict[str, Any]:
        return regular_settings(self.split, self.null_value)


_FLOW: dict[str, Any] = {
    "domain": "traffic flow (vehicles per 5 minutes)",
    "split": (0.6, 0.2, 0.2),
    "non_negative": True,
}
_SPEED: dict[str, Any] = {"domain": "traffic speed (miles per hour)", "split": (0.7, 0.1, 0.2), "non_negative": True}
_ASTGNN = {
    "timestamp_rule": ROW_INDEX,
    "source": "https://github.com/guoshnBJTU/ASTGNN/tree/main/data",
    # as BasicTS builds its download
    "graph_rule": "binary",
    **_FLOW,
}
_DCRNN = {"timestamp_rule": DATES, "source": "https://github.com/liyaguang/DCRNN", "graph_rule": "gaussian", **_SPEED}
_BAY = {
    "start": "2017-01-01 00:00",
    # the change to summer time
    "gaps": (("2017-03-12 01:55", 12),),
    # of the 8,358 metres in DCRNN's distances_bay_2017.csv, between all 325 sensors and from each to itself
    "graph_sigma": 3620.2990206341738,
    **_DCRNN,
}

# Each value is the mean of three 5-minute values, so the unit is that of 5 minutes.
_LARGEST = {
    "num_rows": 35040,
    "start": "2019-01-01 00:00",
    "timestamp_rule": DATES,
    "interval_minutes": 15,
    "source": "https://www.kaggle.com/datasets/liuxu77/largest",
    **_FLOW,
}

_FACTS = (
    DatasetFacts("PEMS-BAY", 325, 52116, **_BAY),
    DatasetFacts("PEMS03", 358, 26208, "2018-09-01 00:00", **_ASTGNN),
    DatasetFacts("PEMS04", 307, 16992, "2018-01-01 00:00", **_ASTGNN),
    DatasetFacts("PEMS07", 883, 28224, "2017-05-01 00:00", **_ASTGNN),
    DatasetFacts("PEMS08", 170, 17856, "2016-07-01 00:00", **_ASTGNN),
    DatasetFacts("METR-LA", 207, 34272, "2012-03-01 00:00", **_DCRNN),
    DatasetFacts("SD", 716, districts=(11,), num_edges=17319, **_LARGEST),
    DatasetFacts("GBA", 2352, districts=(4,), num_edges=61246, **_LARGEST),
    DatasetFacts("GLA", 3834, districts=(7, 8, 12), num_edges=98703, **_LARGEST),
    DatasetFacts("CA", 8600, districts=(3, 4, 5, 6, 7, 8, 10, 11, 12), num_edges=201363, **_LARGEST),
    DatasetFacts("PEMS08_tail", 170, 7143, "2016-08-07 04:45", part_of="PEMS08", first_row=10713, **_ASTGNN),
    DatasetFacts("PEMS-BAY_67", 67, 52116, part_of="PEMS-BAY", **_BAY),
    DatasetFacts("SyntheticTraffic", 64, None, "2024-01-01 00:00", ROW_INDEX, source=None, **_FLOW),
)

CATALOG: dict[str, DatasetFacts] = {facts.name: facts for facts in _FACTS}


class UnknownDatasetError(UserError):
    """A dataset is not in the catalogue, nor prepared if that is enough."""


def register_dataset(facts: DatasetFacts) -> None:
    """Add a dataset to the catalogue. Plugins call this.

    Registering the same facts again changes nothing.

    Raises: UserError if the catalogue has other facts under that name.
    """
    known = CATALOG.setdefault(facts.name, facts)
    if known != facts:
        raise UserError("dataset", facts.name, "a name that no other dataset has", "register it under another name")


def find_facts(name: str) -> Optional[DatasetFacts]:
    """The facts of dataset `name` in the catalogue, with the datasets of plugins; None if it has none."""
    load_plugins()
    return CATALOG.get(name)


def dataset_facts(name: str) -> DatasetFacts:
    """As `find_facts`. Raises: UnknownDatasetError with the known names if the catalogue has none."""
    facts = find_facts(name)
    if facts is None:
        expected = f"one of {', '.join(sorted(CATALOG))}{nearest(name, CATALOG)}"
        raise UnknownDatasetError("dataset", name, expected, "correct the name")
    return facts


def regular_settings(split: tuple[float, float, float], null_value: float) -> dict[str, Any]:
    """BasicTS's `regular_settings` in `meta.json`, with the benchmark's values."""
    return {
        "train_val_test_ratio": list(split),
        "norm_each_channel": False,
        "rescale": True,
        "metrics": ["MAE", "RMSE", "MAPE"],
        "null_val": null_value,
    }


def steps_per_day(interval_minutes: int) -> int:
    """Rows per day; 1 if they are a day or more apart."""
    return max(1, MINUTES_PER_DAY // interval_minutes)


def unit_of(domain: str) -> str:
    """The unit in the parentheses at the end of a domain; "" if there is none."""
    match = re.search(r"\(([^()]*)\)$", domain)
    return match[1] if match else ""


def split_lengths(num_rows: int, split: tuple[float, float, float]) -> tuple[int, int, int]:
    """Rows of the training, validation and test part as BasicTS 1.1 cuts them: the test part takes the remainder."""
    train, val = int(num_rows * split[0]), int(num_rows * split[1])
    return train, val, num_rows - train - val


def how_to_get(name: str) -> str:
    """Where dataset `name` comes from, for the end of a sentence."""
    facts = find_facts(name)
    if facts is None:
        return f"make it by `basicts-elin prepare FILE --name {name}`, or put the files of BasicTS 1.1's layout there"
    made = f"make it by `{prepare_command(facts)}`"
    if facts.source is None:
        return made
    if facts.part_of is not None:
        return f"{made} (raw file of {facts.part_of}: {facts.source})"
    if facts.districts:
        return f"{made} (raw files: {facts.source})"
    return f"{made} (raw file: {facts.source}), or unpack BasicTS's download into datasets/ ({BASICTS_DOWNLOAD})"


def not_prepared(name: str, folder: Path) -> UserError:
    """The error for dataset `name` without its `folder`."""
    return UserError(folder, "no such folder", f"the prepared dataset {name}", how_to_get(name))


def prepare_command(facts: DatasetFacts) -> str:
    """The command that makes a dataset from its raw file, or a synthetic one."""
    command, whole = f"basicts-elin prepare {facts.name}", facts.part_of or facts.name
    if facts.districts:
        year = facts.start[:4]
        return f"{command} --raw ca_his_raw_{year}.h5 --meta ca_meta.csv --adjacency ca_rn_adj.npy"
    if facts.source is not None:
        command += f" --raw {whole.lower()}.h5" if facts.timestamp_rule == DATES else f" --raw {whole}.npz"
    if facts.part_of is None:
        return command
    return f"{command} --rows {facts.first_row}:" if facts.first_row else f"{command} --sensors FILE"
