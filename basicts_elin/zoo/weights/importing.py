"""Published weights as a run of this package: a folder that evaluation, forecasts and exports read like any other."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig

from ...config.describe import CONFIG_TEXT, describe
from ...config.overrides import with_overrides
from ...data.dataset import Dataset
from ...data.layout import PARTS
from ...data.prepare.staging import staged_folder
from ...errors import UserError, one_line
from ...record import CONFIG_FILE
from ...training.launch.trained_on import trained_on
from ...training.protocol.scaler import BenchmarkZScoreScaler
from ...training.runner.checkpoints import best_checkpoint_file
from ..registry import config_for
from ..run_name import CHECKPOINTS
from . import stlaformer
from .tensors import Weights, read_weights

# by the name in the command
RULES = {"stlaformer": stlaformer}


@dataclass(frozen=True)
class Imported:
    """What was made from a file of published weights.

    Attributes:
        checkpoint: in the folder of the run.
        config: of the run.
        overrides: fields of `-c <model>/<dataset>` that the weights decide, as `--set` takes them.
        parameters: their number.
        unused: names of tensors in the file that the model does not read.
        scaling: mean and deviation.
        scaling_source: where they come from.
    """

    checkpoint: Path
    config: BasicTSForecastingConfig
    overrides: dict[str, Any]
    parameters: int
    unused: list[str]
    scaling: tuple[float, float]
    scaling_source: str


def import_weights(
    model: str,
    file: Path,
    dataset: Dataset,
    *,
    out: Optional[Path] = None,
    scaling: Optional[tuple[float, float]] = None,
) -> Imported:
    """Write the folder of a run that holds published weights. Nothing is trained, so it has no metrics and no record.

    Args:
        model: a key of `RULES`.
        file: see `read_weights`.
        dataset: the series that the model is to be used on.
        out: the new folder; None: `checkpoints/<Model>/<dataset>_imported/<name of the file>`.
        scaling: mean and deviation that the weights were trained with. None: those in the file; else those of the
            training part of the dataset.
    Raises: UserError for a file that is not of this model, a dataset that it does not fit, or a folder that exists.
    """
    rules, weights = RULES[model], read_weights(file)
    config, overrides = _config(rules, weights, file, dataset)
    state, unused = _state(rules, weights, file, config)
    scaling, source = _scaling(weights, file, dataset, scaling)
    folder = out or CHECKPOINTS / rules.MODEL / f"{dataset.name}_imported" / file.stem
    checkpoint = best_checkpoint_file(folder, rules.MODEL, f"val/{config.target_metric}")
    content = {
        "epoch": 0,
        "model_state_dict": state,
        "scaler_stats": {"mean": torch.tensor(scaling[0]), "std": torch.tensor(scaling[1])},
        # without the hash of the arrays, because those of the training are not known
        "dataset_sha256": {"nodes": dataset.fingerprint["nodes"]},
        "trained_on": trained_on(config, dataset, None) | {"trained_until": None},
        "imported_from": {"file": file.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()},
    }
    buffer = io.BytesIO()
    torch.save(content, buffer)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with staged_folder(folder, force=False) as new:
        (new / checkpoint.name).write_bytes(buffer.getvalue())
        (new / CONFIG_FILE).write_text(str(config), encoding="utf-8")
        (new / CONFIG_TEXT).write_text(describe(config), encoding="utf-8")
    parameters = sum(tensor.numel() for tensor in state.values())
    return Imported(checkpoint, config, overrides, parameters, unused, scaling, source)


def _config(
    rules: Any, weights: Weights, file: Path, dataset: Dataset
) -> tuple[BasicTSForecastingConfig, dict[str, Any]]:
    """The configuration that the weights need, and the fields in which it differs from `-c <model>/<dataset>`."""
    fields = {**rules.fields_of(weights.tensors, file), **rules.FIELDS}
    found, expected = dataset.steps_per_day, fields["num_time_in_day"]
    if found != expected:
        raise UserError(
            dataset.folder,
            f"{found} rows a day",
            f"{expected}, as the weights in {file} were trained on",
            "name another --dataset",
        )
    named = config_for(rules.MODEL, dataset.name, norm_each_channel=False)
    overrides = {}
    for name, value in fields.items():
        is_length = name in ("input_len", "output_len")
        if value != (named.dataset_params if is_length else named.model_config)[name]:
            overrides[name if is_length else f"model_config.{name}"] = value
    return with_overrides(named, overrides), overrides


def _state(
    rules: Any, weights: Weights, file: Path, config: BasicTSForecastingConfig
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """The model's state, float32, and the names of tensors that are not part of it. Raises: UserError."""
    try:
        with torch.device("meta"):
            model = config.model(config.model_config)
    except ValueError as error:
        raise UserError(file, f"shapes that fit no {rules.MODEL}: {one_line(error)}") from error
    expected = {name: tensor.shape for name, tensor in model.state_dict().items()}
    published = {name: rules.published_name(name) for name in expected}
    given = weights.tensors
    what = f"a tensor of the published {rules.MODEL} with {config.model_config.num_layers} layers"
    for name, other in published.items():
        if other not in given:
            raise UserError(file, f"{other}: missing", what)
        if given[other].shape != expected[name]:
            raise UserError(file, f"{other}: shape {list(given[other].shape)}", f"{list(expected[name])}, as {what}")
    rest = given.keys() - {*published.values()}
    unknown = sorted(name for name in rest if not rules.is_unused(name) and not rules.is_computed(name))
    if unknown:
        raise UserError(file, f"{len(unknown)} unknown tensors, such as {unknown[0]}", f"those of {rules.MODEL} alone")
    state = {name: given[other].to(torch.float32).clone() for name, other in published.items()}
    return state, sorted(name for name in rest if rules.is_unused(name))


def _scaling(
    weights: Weights, file: Path, dataset: Dataset, given: Optional[tuple[float, float]]
) -> tuple[tuple[float, float], str]:
    """Mean and deviation, and where they come from."""
    if given is not None:
        return given, "as given"
    if weights.scaling is not None:
        return weights.scaling, f"of {file.name}"
    scaler = BenchmarkZScoreScaler(norm_each_channel=False, rescale=True)
    scaler.fit(dataset.values(PARTS[0]))
    mean, deviation = (float(scaler.stats[name]) for name in ("mean", "std"))
    return (mean, deviation), f"of the training part of {dataset.name}"
