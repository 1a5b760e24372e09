"""Checks of a run's dataset before it starts."""

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
        dataset.window_starts(part, config.dataset_params.input_len, config.dataset_params.output_len)
        if not np.isnan(config.null_val) and np.isnan(values).any():
            raise UserError(file, "NaN", f"numbers, as null_val={config.null_val:g}", "--set null_val=nan")
    return dataset
