"""The figures that the paper prints: Tables 1 to 3 of arXiv 2511.03190 v1.

The paper says that it took most figures of other models from the benchmark or the original papers.
"""

from typing import NamedTuple, Optional

SOURCE = "arXiv 2511.03190"


class Description(NamedTuple):
    """A line of Table 1; `edges` is None if the paper has none, `period` is month/day/year."""

    nodes: int
    edges: Optional[int]
    timesteps: int
    interval_minutes: int
    period: str


class Comparison(NamedTuple):
    """A line of Table 2: MAPE in per cent, memory in MiB, seconds of an epoch; None = not printed."""

    MAE: float
    RMSE: float
    MAPE: float
    memory_mib: Optional[int]
    seconds_per_epoch: Optional[int]


TABLE1 = {
    "PEMS-BAY": Description(325, 2369, 52128, 5, "01/01/2018-06/30/2018"),
    "PEMS03": Description(358, None, 26208, 5, "05/01/2012-07/31/2012"),
    "PEMS04": Description(307, 340, 16992, 5, "01/01/2018-02/28/2018"),
    "PEMS07": Description(883, 866, 28224, 5, "05/01/2017-08/31/2017"),
    "PEMS08": Description(170, 295, 17856, 5, "07/01/2016-08/31/2016"),
}

TABLE2_HARDWARE = "one NVIDIA RTX 3080, PyTorch 1.10, CUDA 11.3"
TABLE2 = {
    "PEMS03": {
        "STAEformer": Comparison(15.35, 27.55, 15.18, 8336, 186),
        "ELinFormer": Comparison(14.81, 24.86, 15.21, 5278, 151),
    },
    "PEMS04": {
        "STAEformer": Comparison(18.22, 30.18, 11.98, 7096, 101),
        "ELinFormer": Comparison(18.22, 29.82, 11.92, 5098, 86),
    },
    "PEMS07": {
        "STAEformer": Comparison(19.14, 32.60, 8.01, None, None),
        "ELinFormer": Comparison(19.06, 32.39, 8.04, 9948, 375),
    },
    "PEMS08": {
        "STAEformer": Comparison(13.46, 23.25, 8.88, 4470, 59),
        "ELinFormer": Comparison(13.51, 23.37, 8.90, 3834, 55),
    },
}
TABLE2_NOTES = {
    "PEMS07": "The paper's STAEformer needed more than the 10240 MiB of its card.",
    "PEMS03": "STAEformer's own paper reports an MAE of 14.94 and an RMSE of 25.64.",
}

# MAE and RMSE on each dataset, in this order
TABLE3_DATASETS = ("PEMS-BAY", "PEMS03", "PEMS04", "PEMS07", "PEMS08")
TABLE3 = {
    "AGCRN": ((1.60, 3.67), (15.24, 26.65), (19.28, 31.02), (20.68, 34.45), (15.78, 24.76)),
    "DCRNN": ((1.59, 3.69), (15.54, 27.18), (19.66, 31.18), (21.16, 34.15), (15.23, 24.17)),
    "GTS": ((1.68, 3.79), (15.41, 26.15), (21.32, 33.55), (22.47, 35.42), (16.92, 26.68)),
    "D2STGNN": ((1.52, 3.53), (14.63, 26.31), (18.32, 29.89), (19.49, 32.59), (14.10, 23.36)),
    "HimNet": (None, (15.11, 26.56), (18.14, 29.88), (19.21, 32.75), (13.57, 23.22)),
    "STGCN": ((1.63, 3.72), (15.83, 27.51), (19.76, 31.51), (22.25, 35.83), (16.19, 25.51)),
    "MTGNN": ((1.60, 3.71), (14.85, 25.23), (19.13, 31.03), (21.01, 34.14), (15.25, 24.22)),
    "GWNet": ((1.59, 3.68), (14.59, 25.24), (18.53, 29.92), (20.44, 33.38), (14.67, 23.55)),
    "PDFormer": ((1.57, 3.58), (14.94, 25.39), (18.36, 30.03), (19.83, 32.87), (13.58, 23.41)),
    "STWave": (None, (14.93, 26.50), (18.50, 30.39), (19.94, 33.88), (13.42, 23.40)),
    "STAEformer": ((1.54, 3.52), (15.35, 27.55), (18.22, 30.18), (19.14, 32.60), (13.46, 23.25)),
    "ELinFormer": ((1.53, 3.52), (14.81, 24.86), (18.22, 29.82), (19.06, 32.39), (13.51, 23.37)),
}


def table2_value(model: str, dataset: str, column: str) -> Optional[float]:
    """A figure of Table 2, of a model by the paper's name; None if the paper has none."""
    return getattr(TABLE2.get(dataset, {}).get(model), column, None)


def table3_value(model: str, dataset: str, column: str) -> Optional[float]:
    """MAE or RMSE of Table 3, of a model by the paper's name; None if the paper has none."""
    if model not in TABLE3 or dataset not in TABLE3_DATASETS or column not in ("MAE", "RMSE"):
        return None
    figures = TABLE3[model][TABLE3_DATASETS.index(dataset)]
    return figures and figures[("MAE", "RMSE").index(column)]
