"""A configuration of BasicTS 0.5 as a run of BasicTS 1.1 by the benchmark's protocol."""

import inspect
from pathlib import Path
from typing import Any, Optional

import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.runners.callback import BasicTSCallback, CurriculumLearning, EarlyStopping, GradientClipping

from ..data.catalog import dataset_facts
from ..data.layout import PARTS
from ..errors import UserError
from ..training.protocol.recipe import benchmark_config
from . import models
from . import shim as standin
from .fields import Keys
from .loss import LegacyLoss, LegacyTaskFlow, baseline_loss, is_plain, own_loss
from .model import Checkout, LegacyConfig
from .reader import Reading, Source, check_dataset, reading
from .runners import check_runner

# of BasicTS 1.1 under the same names, and over the same targets
_METRICS = ("MAE", "RMSE", "MAPE", "MSE")

# What 0.5 does with these changes no number of a run: a note, the random number that keeps it from going on where it
# was, how often it looks at the test part before the end, where it computes metrics.
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


def legacy_config(source: Source, dataset: Optional[str] = None, **differences: Any) -> BasicTSForecastingConfig:
    """The run that a configuration of BasicTS 0.5 describes.

    Args:
        source: where it is.
        dataset: the one that it names, which is the default, or a part of that with all its nodes.
        differences: see `benchmark_config`.
    Raises: UserError for whatever the configuration asks for that cannot be honoured.
    """
    class_name = f"{models.PREFIX}{source.baseline}"
    if not class_name.isidentifier():
        raise UserError(
            f"{source.path.parent}: {source.baseline!r} cannot be part of the name of a class, as a baseline's folder "
            "is; expected letters, digits and _: rename the folder"
        )
    with reading(source, dataset) as found:
        keys = Keys(found.cfg, source.name)
        try:
            dataset, fields = _translated(keys, found, dataset)
        except UserError:
            raise
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            raise keys.misfit(error) from error
        model_config = LegacyConfig(
            checkout=Checkout(source.root),
            baseline=source.baseline,
            file=source.file,
            sha256=found.sha256,
            graph=found.graph,
            num_features=dataset_facts(dataset).num_nodes,
        )
    callbacks = [*fields.pop("callbacks"), *differences.pop("callbacks", [])]
    model = getattr(models, class_name)
    return benchmark_config(model, model_config, dataset, **{**fields, **differences}, callbacks=callbacks)


def _translated(keys: Keys, found: Reading, dataset: Optional[str]) -> tuple[str, dict[str, Any]]:
    """The dataset and the fields of the run."""
    check_runner(keys.take("RUNNER"))
    named = _dataset(keys)
    dataset = dataset or named
    check_dataset(found, dataset)
    fields = {
        **_data_fields(keys, named),
        **_model_fields(keys),
        **_metric_fields(keys),
        **_training_fields(keys, found),
        **_other_fields(keys, found.cfg),
    }
    keys.check_all_taken()
    return dataset, fields


def _dataset(keys: Keys) -> str:
    named = keys.take("DATASET.NAME")
    for name in ("DATASET.PARAM.dataset_name", "SCALER.PARAM.dataset_name"):
        keys.expect(name, (named,))
    return named


def _data_fields(keys: Keys, dataset: str) -> dict[str, Any]:
    split = list(dataset_facts(dataset).split)
    keys.expect("DATASET.TYPE", (standin.data.TimeSeriesForecastingDataset,))
    keys.expect("DATASET.PARAM.train_val_test_ratio", (split,))
    keys.expect("DATASET.PARAM.overlap", (False,), False)
    keys.expect("SCALER.TYPE", (standin.scaler.ZScoreScaler,))
    keys.expect("SCALER.PARAM.train_ratio", split[:1])
    fields = {
        "input_len": keys.take("DATASET.PARAM.input_len"),
        "output_len": keys.take("DATASET.PARAM.output_len"),
        "memmap": keys.take("DATASET.PARAM.memmap", False),
        "norm_each_channel": keys.take("SCALER.PARAM.norm_each_channel"),
        # 0.5 has the metrics on the scale of training then, and other values for missing ones
        "rescale": keys.expect("SCALER.PARAM.rescale", (True,)),
    }
    for part, group in zip(PARTS, ("TRAIN", "VAL", "TEST"), strict=True):
        fields[f"{part}_batch_size"] = keys.take(f"{group}.DATA.BATCH_SIZE", 1)
        # evaluation does not depend on the order
        shuffle = keys.take(f"{group}.DATA.SHUFFLE", False)
        fields |= {"train_data_shuffle": shuffle} if part == "train" else {}
        for key, name in _LOADER.items():
            fields[f"{part}_data_{name}"] = keys.take(f"{group}.DATA.{key}", 0 if key == "NUM_WORKERS" else False)
    return fields


def _model_fields(keys: Keys) -> dict[str, Any]:
    """What the model itself reads in its configuration is only looked at."""
    for name in ("ARCH", "PARAM", "NAME"):
        keys.take(f"MODEL.{name}")
    keys.take("MODEL.SETUP_GRAPH", False)
    keys.take("MODEL.DDP_FIND_UNUSED_PARAMETERS", False)
    features = keys.take("MODEL.FORWARD_FEATURES", None)
    if features is not None and not set(features) <= {0, 1, 2}:
        raise keys.error("MODEL.FORWARD_FEATURES", features, "out of 0, 1, 2: value, time of day, day of week")
    keys.expect("MODEL.TARGET_FEATURES", ([0],))
    keys.expect("MODEL.TARGET_TIME_SERIES", (None,), None)
    # several architectures have parameters that the prediction does not depend on
    return {"taskflow": LegacyTaskFlow(), "ddp_find_unused_parameters": True}


def _metric_fields(keys: Keys) -> dict[str, Any]:
    functions = keys.take("METRICS.FUNCS")
    for name, function in functions.items():
        if name not in _METRICS or function is not standin.metrics.ALL_METRICS[name]:
            raise keys.error(f"METRICS.FUNCS.{name}", function, f"BasicTS's own {', '.join(_METRICS)}")
    return {
        # always in the same order, that of our tables
        "metrics": [name for name in _METRICS if name in functions],
        "target_metric": keys.take("METRICS.TARGET", "loss"),
        "best_metric": keys.take("METRICS.BEST", "min"),
        "null_val": keys.take("METRICS.NULL_VAL", float("nan")),
        "eval_horizons": keys.take("EVAL.HORIZONS", None) or None,
    }


def _training_fields(keys: Keys, found: Reading) -> dict[str, Any]:
    optimizer, optimizer_params = _class_of(keys, "TRAIN.OPTIM", torch.optim)
    scheduler, scheduler_params = _class_of(keys, "TRAIN.LR_SCHEDULER", torch.optim.lr_scheduler, None)
    keys.expect("TRAIN.COMPILE_MODEL", (False,), False)
    if _is_given(keys, found.cfg["TRAIN"], "LOSS_ARGS"):
        keys.take("TRAIN.LOSS_ARGS")
    keys.take("TRAIN.LOSS")
    # refuses what it cannot compute
    own_loss(found.cfg)
    return {
        "num_epochs": keys.take("TRAIN.NUM_EPOCHS"),
        "loss": "MAE" if is_plain(standin.metrics.masked_mae, found.cfg) else baseline_loss,
        "optimizer": optimizer,
        "optimizer_params": optimizer_params,
        "lr_scheduler": scheduler,
        "lr_scheduler_params": scheduler_params,
        **_given(keys, {"TRAIN.CKPT_SAVE_STRATEGY": "ckpt_save_strategy", "TRAIN.FINETUNE_FROM": "finetune_from"}),
        "strict_load": keys.take("TRAIN.FINETUNE_STRICT_LOAD", True),
        "val_interval": keys.take("VAL.INTERVAL", 1),
        "callbacks": _callbacks(keys, found),
    }


def _callbacks(keys: Keys, found: Reading) -> list[BasicTSCallback]:
    training, callbacks = found.cfg["TRAIN"], []
    if _is_given(keys, training, "CL"):
        callbacks.append(
            CurriculumLearning(
                keys.number("TRAIN.CL.PREDICTION_LENGTH", 1),
                keys.number("TRAIN.CL.WARM_EPOCHS", 0, 0),
                keys.number("TRAIN.CL.CL_EPOCHS", 1),
                keys.number("TRAIN.CL.STEP_SIZE", 1, 1),
            )
        )
    callbacks.append(LegacyLoss())
    if _is_given(keys, training, "CLIP_GRAD_PARAM"):
        names = {"max_norm"} | (training["CLIP_GRAD_PARAM"].keys() & _parameters(GradientClipping))
        callbacks.append(GradientClipping(**{name: keys.take(f"TRAIN.CLIP_GRAD_PARAM.{name}") for name in names}))
    patience = keys.number("TRAIN.EARLY_STOPPING_PATIENCE", 1, None)
    return callbacks if patience is None else [*callbacks, EarlyStopping(patience)]


def _is_given(keys: Keys, training: dict[str, Any], name: str) -> bool:
    """Whether there is a group TRAIN.`name`; None is none."""
    given = training.get(name)
    if not isinstance(given, dict) and keys.take(f"TRAIN.{name}", None) is not None:
        raise keys.error(f"TRAIN.{name}", given, "a dictionary, or None")
    return given is not None


def _class_of(keys: Keys, group: str, module: Any, default: Any = ...) -> tuple[Optional[type], Optional[dict]]:
    """Class and arguments of an optimizer or schedule."""
    name = keys.take(f"{group}.TYPE", *([] if default is ... else [default]))
    if name is None:
        return None, None
    found = getattr(module, name, None) if isinstance(name, str) else name
    if not isinstance(found, type) or not found.__module__.startswith("torch."):
        raise keys.error(f"{group}.TYPE", name, f"the name of a class in {module.__name__}")
    arguments = dict(keys.take(f"{group}.PARAM"))
    # older versions of torch would print
    if arguments.get("verbose") is False and "verbose" not in _parameters(found):
        del arguments["verbose"]
    return found, arguments


def _parameters(function: Any) -> set[str]:
    return set(inspect.signature(function).parameters)


def _other_fields(keys: Keys, cfg: dict[str, Any]) -> dict[str, Any]:
    for name in _WITHOUT_EFFECT:
        keys.take(name, None)
    # --gpus says how many; several would mean batches as many times larger in 0.5
    keys.expect("GPU_NUM", (0, 1), 1)
    # --save-predictions is for that
    keys.expect("EVAL.SAVE_RESULTS", (False,), False)
    if cfg["RUNNER"].__name__ == "MTGNNRunner":
        for name in ("STEP_SIZE", "NUM_NODES"):
            keys.take(f"TRAIN.CUSTOM.{name}")
        # with more, the runner of 0.5.8 raises
        keys.expect("TRAIN.CUSTOM.NUM_SPLIT", (1,))
    return _given(keys, _ENVIRONMENT) | _folder(keys, cfg)


def _given(keys: Keys, names: dict[str, str]) -> dict[str, Any]:
    """Those of them that the configuration has, by the names of our fields."""
    values = {name: keys.take(key, None) for key, name in names.items()}
    return {name: value for name, value in values.items() if value is not None}


def _folder(keys: Keys, cfg: dict[str, Any]) -> dict[str, Any]:
    """Where the run lies: with all others, unless the configuration has a place of its own."""
    folder = keys.take("TRAIN.CKPT_SAVE_DIR", None)
    lengths = (cfg["DATASET"]["PARAM"][name] for name in ("input_len", "output_len"))
    run = "_".join(map(str, (cfg["DATASET"]["NAME"], cfg["TRAIN"]["NUM_EPOCHS"], *lengths)))
    usual = Path("checkpoints", cfg["MODEL"]["ARCH"].__name__, run)
    return {} if folder is None or Path(folder) == usual else {"ckpt_save_dir": folder}
