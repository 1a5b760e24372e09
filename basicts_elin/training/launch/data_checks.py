"""Checks of a run's dataset before it starts."""

from typing import Any

import numpy as np
from basicts.configs import BasicTSForecastingConfig

from ...data.dataset import Dataset, dataset_of
from ...data.layout import PARTS
from ...errors import UserError


def checked_dataset(config: BasicTSForecastingConfig) -> Dataset:
    """The configuration's dataset. Raises: UserError unless it is sound and fits the configuration."""
    dataset = dataset_of(config)
    dataset.check()
    needed = config.dataset_params.input_len + config.dataset_params.output_len
    nodes = config.model_config.get("num_features")
    if nodes is not None and nodes != dataset.num_nodes:
        fix = f"--set model_config.num_features={dataset.num_nodes}, or prepare the dataset that the model is for"
        raise UserError("num_features", nodes, f"{dataset.num_nodes}, the nodes of {dataset.folder}", fix)
    for part in PARTS:
        values = dataset.values(part)
        file = dataset.folder / f"{part}_data.npy"
        if len(values) < needed:
            expected = f"{needed} or more: input_len + output_len, one window"
            raise UserError(file, f"{len(values)} rows", expected, "prepare more rows, or shorten the windows")
        if not np.isnan(config.null_val) and np.isnan(values).any():
            raise UserError(file, "NaN", f"numbers, as null_val={config.null_val:g}", "--set null_val=nan")
    return dataset


def check_same_dataset(checkpoint: dict[str, Any], path: str, dataset: Dataset) -> None:
    """Warn if the dataset is not the one that the checkpoint was trained on. Raises: UserError if its nodes differ."""
    trained = checkpoint.get("dataset_sha256")
    if not isinstance(trained, dict) or not trained:
        return
    found = dataset.fingerprint
    if found["nodes"] != trained.get("nodes"):
        expected = f"the nodes, in the order, that {path} was trained on"
        raise UserError(dataset.folder, "other nodes, or another order", expected, "prepare that dataset")
    if found["data"] != trained.get("data"):
        print(f"warning: the arrays in {dataset.folder} are not those that {path} was trained on")
    # A checkpoint says nothing of the graph if it is an early one, or its dataset had none.
    if "graph" in trained and found.get("graph", trained["graph"]) != trained["graph"]:
        print(f"warning: the graph in {dataset.folder} is not the one that {path} was trained with")
