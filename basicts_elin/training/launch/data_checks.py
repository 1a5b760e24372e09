"""Checks of a run's dataset before it starts."""

import numpy as np
from basicts.configs import BasicTSForecastingConfig

from ...data.dataset import Dataset, dataset_of
from ...data.layout import PARTS
from ...data.quality import missing_share
from ...errors import UserError
from ..protocol.losses import leaves_out_missing


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
    _check_unmasked_loss(config, dataset)
    return dataset


def _check_unmasked_loss(config: BasicTSForecastingConfig, dataset: Dataset) -> None:
    """A loss over all targets sees missing ones as `null_to_num`. This is right only if that number marks them."""
    if leaves_out_missing(config.loss) or config.null_val == config.null_to_num:
        return
    share = missing_share([dataset.values(part) for part in PARTS], config.null_val)
    if share:
        found = f"{type(config.loss).__name__}, which counts missing targets ({100 * share:.2g} % of the values)"
        expected = f"a loss that leaves them out, with null_val={config.null_val:g}"
        raise UserError("loss", found, expected, "HuberLoss(masked=True), or --set loss=HUBER")
