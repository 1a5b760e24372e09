"""A legacy configuration as a run of BasicTS 1.1 by the benchmark's protocol."""

import inspect
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import BasicTSCallback, CurriculumLearning, EarlyStopping, GradientClipping

from ..data.layout import PARTS
from ..errors import UserError
from ..training.protocol.recipe import benchmark_config
from . import models, shim
from .checkout import Source
from .dataset import KnownDataset
from .fields import Fields
from .loss import LegacyLoss, LegacyTaskFlow, is_plain, legacy_loss, own_loss
from .model import Checkout, LegacyConfig
from .reader import Reading, reading
from .runners import check_runner

# BasicTS 1.1 has these under the same names, and computes them over the same targets
_METRICS = ("MAE", "RMSE", "MAPE", "MSE")

# Fields that change no number of a run in BasicTS 0.5: a note, a random number that makes every run start again, the
# interval of test evaluations before the end, and the device of the metrics.
_WITHOUT_EFFECT = ("DESCRIPTION", "_", "TEST.INTERVAL", "EVAL.USE_GPU")

_ENVIRONMENT = {
    "ENV.SEED": "seed",
    "ENV.TF32": "tf32",
    "ENV.DETERMINISTIC": "deterministic",
    "ENV.CUDNN.ENABLED": "cudnn_enabled",
    "ENV.CUDNN.BENCHMARK": "cudnn_benchmark",
    "ENV.CUDNN.DETERMINISTIC": "cudnn_determinstic",
}
_LOADER = {"NUM_WORKERS": "num_workers", "PIN_MEMORY": "pin_memory", "PREFETCH": "prefetch"}


def legacy_config(
    source: Source, dataset: Optional[KnownDataset] = None, **differences: Any
) -> BasicTSForecastingConfig:
    """The run that a legacy configuration describes.

    Args:
        source: where the configuration is.
        dataset: the dataset that it names, which is the default, or a part of that dataset with all its nodes.
        differences: see `benchmark_config`.
    Raises: UserError for a field of the configuration that is not supported.
    """
    class_name = f"{models.PREFIX}{source.model}"
    if not class_name.isidentifier():
        raise UserError(source.path.parent, source.model, "a name of letters, digits and _", "rename the folder")
    with reading(source, dataset) as found:
        fields = Fields(found.cfg, str(source))
        try:
            run_fields = _translated(fields, found)
        except UserError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise fields.misfit(error) from error
        model_config = LegacyConfig(
            checkout=Checkout(source.root, found.dataset),
            legacy_model=source.model,
            file=source.file,
            sha256=found.sha256,
            graph=found.graph,
            num_features=found.dataset.num_nodes,
        )
    callbacks = [*run_fields.pop("callbacks"), *differences.pop("callbacks", [])]
    model = getattr(models, class_name)
    return benchmark_config(model, model_config, found.dataset, **{**run_fields, **differences}, callbacks=callbacks)


def _translated(fields: Fields, found: Reading) -> dict[str, Any]:
    """The fields of the run."""
    check_runner(fields.take("RUNNER"))
    run_fields = {
        **_data_fields(fields, found.dataset),
        **_model_fields(fields),
        **_metric_fields(fields),
        **_training_fields(fields, found),
        **_other_fields(fields, found.cfg),
    }
    fields.check_all_taken()
    return run_fields


def _data_fields(fields: Fields, dataset: KnownDataset) -> dict[str, Any]:
    named, split = fields.take("DATASET.NAME"), list(dataset.split)
    for name in ("DATASET.PARAM.dataset_name", "SCALER.PARAM.dataset_name"):
        fields.expect(name, (named,))
    fields.expect("DATASET.TYPE", (shim.data.TimeSeriesForecastingDataset,))
    fields.expect("DATASET.PARAM.train_val_test_ratio", (split,))
    fields.expect("DATASET.PARAM.overlap", (False,), False)
    fields.expect("SCALER.TYPE", (shim.scaler.ZScoreScaler,))
    fields.expect("SCALER.PARAM.train_ratio", split[:1])
    run_fields = {
        "input_len": fields.take("DATASET.PARAM.input_len"),
        "output_len": fields.take("DATASET.PARAM.output_len"),
        "memmap": fields.take("DATASET.PARAM.memmap", False),
        "norm_each_channel": fields.take("SCALER.PARAM.norm_each_channel"),
        # without rescaling, BasicTS 0.5 computes metrics on the scale of training, with another null value
        "rescale": fields.expect("SCALER.PARAM.rescale", (True,)),
    }
    for part, group in zip(PARTS, ("TRAIN", "VAL", "TEST"), strict=True):
        run_fields[f"{part}_batch_size"] = fields.take(f"{group}.DATA.BATCH_SIZE", 1)
        # the order of an evaluation has no effect
        shuffle = fields.take(f"{group}.DATA.SHUFFLE", False)
        run_fields |= {"train_data_shuffle": shuffle} if part == "train" else {}
        for key, name in _LOADER.items():
            value = fields.take(f"{group}.DATA.{key}", 0 if key == "NUM_WORKERS" else False)
            run_fields[f"{part}_data_{name}"] = value
    return run_fields


def _model_fields(fields: Fields) -> dict[str, Any]:
    """`LegacyModel` reads most of these fields itself."""
    for name in ("ARCH", "PARAM", "NAME"):
        fields.take(f"MODEL.{name}")
    fields.take("MODEL.SETUP_GRAPH", False)
    fields.take("MODEL.DDP_FIND_UNUSED_PARAMETERS", False)
    features = fields.take("MODEL.FORWARD_FEATURES", None)
    if features is not None and not set(features) <= {0, 1, 2}:
        raise fields.error(
            "MODEL.FORWARD_FEATURES", features, "numbers out of 0, 1, 2 (value, time of day, day of week)"
        )
    fields.expect("MODEL.TARGET_FEATURES", ([0],))
    fields.expect("MODEL.TARGET_TIME_SERIES", (None,), None)
    # some architectures have parameters on which the prediction does not depend
    return {"taskflow": LegacyTaskFlow(), "ddp_find_unused_parameters": True}


def _metric_fields(fields: Fields) -> dict[str, Any]:
    functions = fields.take("METRICS.FUNCS")
    for name, function in functions.items():
        if name not in _METRICS or function is not shim.metrics.ALL_METRICS[name]:
            raise fields.error(
                f"METRICS.FUNCS.{name}", function, f"the metric of BasicTS of that name: {', '.join(_METRICS)}"
            )
    return {
        # in the order of the tables, whatever the order of the configuration
        "metrics": [name for name in _METRICS if name in functions],
        "target_metric": fields.take("METRICS.TARGET", "loss"),
        "best_metric": fields.take("METRICS.BEST", "min"),
        "null_val": fields.take("METRICS.NULL_VAL", float("nan")),
        "eval_horizons": fields.take("EVAL.HORIZONS", None) or None,
    }


def _training_fields(fields: Fields, found: Reading) -> dict[str, Any]:
    optimizer, optimizer_params = _class_of(fields, "TRAIN.OPTIM", torch.optim)
    scheduler, scheduler_params = _class_of(fields, "TRAIN.LR_SCHEDULER", torch.optim.lr_scheduler, None)
    fields.expect("TRAIN.COMPILE_MODEL", (False,), False)
    if _is_given(fields, found.cfg["TRAIN"], "LOSS_ARGS"):
        fields.take("TRAIN.LOSS_ARGS")
    fields.take("TRAIN.LOSS")
    # raises for a loss that is not supported
    own_loss(found.cfg)
    return {
        "num_epochs": fields.take("TRAIN.NUM_EPOCHS"),
        "loss": "MAE" if is_plain(shim.metrics.masked_mae, found.cfg) else legacy_loss,
        "optimizer": optimizer,
        "optimizer_params": optimizer_params,
        "lr_scheduler": scheduler,
        "lr_scheduler_params": scheduler_params,
        **_given(fields, {"TRAIN.CKPT_SAVE_STRATEGY": "ckpt_save_strategy", "TRAIN.FINETUNE_FROM": "finetune_from"}),
        "strict_load": fields.take("TRAIN.FINETUNE_STRICT_LOAD", True),
        "val_interval": fields.take("VAL.INTERVAL", 1),
        "callbacks": _callbacks(fields, found),
    }


def _callbacks(fields: Fields, found: Reading) -> list[BasicTSCallback]:
    training, callbacks = found.cfg["TRAIN"], []
    if _is_given(fields, training, "CL"):
        callbacks.append(
            CurriculumLearning(
                fields.number("TRAIN.CL.PREDICTION_LENGTH", 1),
                fields.number("TRAIN.CL.WARM_EPOCHS", 0, 0),
                fields.number("TRAIN.CL.CL_EPOCHS", 1),
                fields.number("TRAIN.CL.STEP_SIZE", 1, 1),
            )
        )
    callbacks.append(LegacyLoss())
    if _is_given(fields, training, "CLIP_GRAD_PARAM"):
        names = {"max_norm"} | (training["CLIP_GRAD_PARAM"].keys() & _parameters(GradientClipping))
        callbacks.append(GradientClipping(**{name: fields.take(f"TRAIN.CLIP_GRAD_PARAM.{name}") for name in names}))
    patience = fields.number("TRAIN.EARLY_STOPPING_PATIENCE", 1, None)
    return callbacks if patience is None else [*callbacks, EarlyStopping(patience)]


def _is_given(fields: Fields, training: dict[str, Any], name: str) -> bool:
    """Whether there is a group TRAIN.`name` that is not None."""
    given = training.get(name)
    if not isinstance(given, dict) and fields.take(f"TRAIN.{name}", None) is not None:
        raise fields.error(f"TRAIN.{name}", given, "a dictionary or None")
    return given is not None


def _class_of(fields: Fields, group: str, module: Any, default: Any = ...) -> tuple[Optional[type], Optional[dict]]:
    """Class and arguments of an optimizer or schedule."""
    name = fields.take(f"{group}.TYPE", *([] if default is ... else [default]))
    if name is None:
        return None, None
    found = getattr(module, name, None) if isinstance(name, str) else name
    if not isinstance(found, type) or not found.__module__.startswith("torch."):
        raise fields.error(f"{group}.TYPE", name, f"the name of a class in {module.__name__}")
    arguments = dict(fields.take(f"{group}.PARAM"))
    # torch no longer has this argument
    if arguments.get("verbose") is False and "verbose" not in _parameters(found):
        del arguments["verbose"]
    return found, arguments


def _parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


def _other_fields(fields: Fields, cfg: dict[str, Any]) -> dict[str, Any]:
    for name in _WITHOUT_EFFECT:
        fields.take(name, None)
    # --gpus gives the devices; in BasicTS 0.5, n of them would make batches n times as large
    fields.expect("GPU_NUM", (0, 1), 1)
    fields.expect("EVAL.SAVE_RESULTS", (False,), False)
    if cfg["RUNNER"].__name__ == "MTGNNRunner":
        for name in ("STEP_SIZE", "NUM_NODES"):
            fields.take(f"TRAIN.CUSTOM.{name}")
        # with more, the runner of BasicTS 0.5.8 fails
        fields.expect("TRAIN.CUSTOM.NUM_SPLIT", (1,))
    return _given(fields, _ENVIRONMENT) | _folder(fields, cfg)


def _given(fields: Fields, names: dict[str, str]) -> dict[str, Any]:
    """The values that the configuration has, by the names of the run's fields."""
    values = {name: fields.take(key, None) for key, name in names.items()}
    return {name: value for name, value in values.items() if value is not None}


def _folder(fields: Fields, cfg: dict[str, Any]) -> dict[str, Any]:
    """The folder for checkpoints, if the configuration has another one than BasicTS's default."""
    folder = fields.take("TRAIN.CKPT_SAVE_DIR", None)
    lengths = (cfg["DATASET"]["PARAM"][name] for name in ("input_len", "output_len"))
    run = "_".join(map(str, (cfg["DATASET"]["NAME"], cfg["TRAIN"]["NUM_EPOCHS"], *lengths)))
    usual = Path("checkpoints", cfg["MODEL"]["ARCH"].__name__, run)
    return {} if folder is None or Path(folder) == usual else {"ckpt_save_dir": folder}
