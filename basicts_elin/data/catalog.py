"""The facts of each dataset, in one place: everything that needs one of them reads it here.

Step counts and start times follow the public files. Where the paper's Table 1 disagrees (PEMS-BAY: 52128 steps from
2018; PEMS03 and PEMS07: date ranges that do not fit their step counts), the files are right.
"""

from dataclasses import dataclass
from typing import Optional

from ..errors import UserError

MINUTES_PER_DAY = 24 * 60
DAYS_PER_WEEK = 7

# the page that links the preprocessed datasets
BASICTS_DOWNLOAD = "https://github.com/GestaltCogTeam/BasicTS/blob/v1.1.0/docs/getting_started.md"

ROW_INDEX = "row index"
DATES = "dates"


@dataclass(frozen=True)
class DatasetFacts:
    """What is known of a dataset before its file is opened.

    Attributes:
        name: folder name under `datasets/`.
        num_nodes: sensors.
        num_steps: rows of the series; None where the user chooses (synthetic data).
        start: date and time of the first row, local time.
        timestamp_rule: `ROW_INDEX`: time of day = row mod steps per day, day of week counted from row 0 = day 0,
            whatever the weekday was (the benchmark's rule for PEMS03 to PEMS08). `DATES`: from the date of each row,
            Monday = 0.
        split: train, validation, test parts of the series.
        domain: what is measured, with its unit.
        source: where the raw file comes from; None where it is made here.
        whole: the dataset that this one is a part of; None for a whole one.
        first_row: index of its first row within the full public series.
        interval_minutes: minutes between rows.
        null_value: the number that stands for a missing value.
        gaps: where the dates skip rows: the last date before it, and how many steps are missing.
    """

    name: str
    num_nodes: int
    num_steps: Optional[int]
    start: str
    timestamp_rule: str
    split: tuple[float, float, float]
    domain: str
    source: Optional[str]
    whole: Optional[str] = None
    first_row: int = 0
    interval_minutes: int = 5
    null_value: float = 0.0
    gaps: tuple[tuple[str, int], ...] = ()

    @property
    def steps_per_day(self) -> int:
        return MINUTES_PER_DAY // self.interval_minutes

    @property
    def regular_settings(self) -> dict:
        """BasicTS's `regular_settings` of `meta.json`."""
        return {
            "train_val_test_ratio": list(self.split),
            "norm_each_channel": False,
            "rescale": True,
            "metrics": ["MAE", "RMSE", "MAPE"],
            "null_val": self.null_value,
        }


_FLOW, _SPEED = "traffic flow (vehicles per 5 minutes)", "traffic speed (miles per hour)"
_ASTGNN = "https://github.com/guoshnBJTU/ASTGNN/tree/main/data"
_DCRNN = "https://github.com/liyaguang/DCRNN"
_FLOW_SPLIT, _SPEED_SPLIT = (0.6, 0.2, 0.2), (0.7, 0.1, 0.2)
_BAY = {
    "start": "2017-01-01 00:00",
    "timestamp_rule": DATES,
    "split": _SPEED_SPLIT,
    "domain": _SPEED,
    "source": _DCRNN,
    # the clock change
    "gaps": (("2017-03-12 01:55", 12),),
}

_FACTS = (
    DatasetFacts("PEMS-BAY", 325, 52116, **_BAY),
    DatasetFacts("PEMS03", 358, 26208, "2018-09-01 00:00", ROW_INDEX, _FLOW_SPLIT, _FLOW, _ASTGNN),
    DatasetFacts("PEMS04", 307, 16992, "2018-01-01 00:00", ROW_INDEX, _FLOW_SPLIT, _FLOW, _ASTGNN),
    DatasetFacts("PEMS07", 883, 28224, "2017-05-01 00:00", ROW_INDEX, _FLOW_SPLIT, _FLOW, _ASTGNN),
    DatasetFacts("PEMS08", 170, 17856, "2016-07-01 00:00", ROW_INDEX, _FLOW_SPLIT, _FLOW, _ASTGNN),
    DatasetFacts("METR-LA", 207, 34272, "2012-03-01 00:00", DATES, _SPEED_SPLIT, _SPEED, _DCRNN),
    DatasetFacts(
        "PEMS08_tail", 170, 7143, "2016-08-07 04:45", ROW_INDEX, _FLOW_SPLIT, _FLOW, _ASTGNN, "PEMS08", first_row=10713
    ),
    DatasetFacts("PEMS-BAY_67", 67, 52116, **_BAY, whole="PEMS-BAY"),
    DatasetFacts("SyntheticTraffic", 64, None, "2024-01-01 00:00", ROW_INDEX, _FLOW_SPLIT, _FLOW, None),
)

CATALOG: dict[str, DatasetFacts] = {facts.name: facts for facts in _FACTS}


def dataset_facts(name: str) -> DatasetFacts:
    """The facts of dataset `name`; `UserError` with the known names otherwise."""
    try:
        return CATALOG[name]
    except KeyError:
        raise UserError(f"dataset: {name!r} is not in the catalogue; known are {', '.join(sorted(CATALOG))}") from None


def split_lengths(num_steps: int, split: tuple[float, float, float]) -> tuple[int, int, int]:
    """Rows of the train, validation and test part as BasicTS 1.1 cuts them: the test part takes the remainder."""
    train, val = int(num_steps * split[0]), int(num_steps * split[1])
    return train, val, num_steps - train - val
