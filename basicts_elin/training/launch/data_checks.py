"""What is checked of a run's dataset before it starts."""

from pathlib import Path
from typing import Any

import numpy as np
from basicts.configs import BasicTSForecastingConfig

from ...data.fingerprint import dataset_fingerprint
from ...data.prepared import open_prepared
from ...errors import UserError


def dataset_folder(config: BasicTSForecastingConfig) -> Path:
    return Path(config.dataset_params.get("data_file_path") or f"datasets/{config.dataset_name}")


def check_dataset(config: BasicTSForecastingConfig) -> list[np.ndarray]:
    """The values of the parts. UserError unless the run's dataset folder holds what the configuration expects."""
    folder = dataset_folder(config)
    parts = open_prepared(folder, config.dataset_name, config.null_val)
    needed = config.dataset_params.input_len + config.dataset_params.output_len
    nodes = config.model_config.get("num_features")
    for part, values in parts.items():
        file = folder / f"{part}_data.npy"
        if nodes is not None and values.shape[1] != nodes:
            raise UserError(
                f"{file} has {values.shape[1]} nodes but the config expects num_features={nodes}; prepare the dataset "
                f"that the config is for, or use --set model_config.num_features={values.shape[1]}"
            )
        if len(values) < needed:
            rows = len(values)
            raise UserError(f"{file} has {rows} rows; input_len + output_len = {needed} are needed for one window")
    return list(parts.values())


def check_same_dataset(checkpoint: dict[str, Any], path: str, config: BasicTSForecastingConfig) -> None:
    """Say where the dataset is not the one that the checkpoint was trained on; UserError if its nodes are others."""
    trained = checkpoint.get("dataset_sha256")
    if not isinstance(trained, dict) or not trained:
        return
    folder = dataset_folder(config)
    found = dataset_fingerprint(folder)
    if found["nodes"] != trained.get("nodes"):
        raise UserError(
            f"{folder} has other nodes, or in another order, than the dataset that {path} was trained on; prepare that "
            "one"
        )
    if found["data"] != trained.get("data"):
        print(f"warning: the arrays in {folder} are not those that {path} was trained on")
    # checkpoints of datasets without a graph, and older ones, say nothing of it
    if "graph" in trained and found.get("graph", trained["graph"]) != trained["graph"]:
        print(f"warning: the graph in {folder} is not the one that was there when {path} was trained")
