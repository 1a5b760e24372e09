"""The command that imports published weights."""

import argparse
import math
from pathlib import Path
from typing import Optional

from ...errors import UserError

# without importing torch; the keys of `importing.RULES`
MODELS = ("stlaformer",)


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("model", choices=MODELS, type=str.lower, metavar="MODEL", help=f"one of {', '.join(MODELS)}")
    verb.add_argument("file", type=Path, metavar="FILE", help="the published weights, .pt, or their arrays, .npz")
    verb.add_argument("--dataset", metavar="NAME", help="a prepared dataset (default: the name of the file)")
    verb.add_argument("--out", type=Path, metavar="FOLDER", help="the new folder (default: a folder in checkpoints)")
    scaling = "of the values that the weights were trained on (default: of the dataset's training part)"
    verb.add_argument("--mean", type=float, metavar="X", help=f"mean {scaling}")
    verb.add_argument("--std", type=float, metavar="X", help="their standard deviation")


def import_weights(arguments: argparse.Namespace) -> None:
    from ...data.dataset import DATASETS, open_dataset
    from .importing import import_weights

    scaling = _scaling(arguments)
    dataset = open_dataset(DATASETS / (arguments.dataset or arguments.file.stem))
    dataset.check()
    done = import_weights(arguments.model, arguments.file, dataset, out=arguments.out, scaling=scaling)
    name = done.config.model.__name__
    print(f"{name}: {done.parameters:,} parameters from {arguments.file}")
    if done.unused:
        print(f"  left out   {len(done.unused)} tensors that {name} does not read: {', '.join(done.unused)}")
    mean, deviation = done.scaling
    print(f"  scaling    mean {mean:.10g}, deviation {deviation:.10g}, {done.scaling_source}")
    print(f"  checkpoint {done.checkpoint}")
    changes = " ".join(f"{field}={value}" for field, value in done.overrides.items())
    command = f"basicts-elin evaluate -c {name}/{dataset.name} --ckpt {done.checkpoint}"
    print(f"evaluate it by `{command}{f' --set {changes}' if changes else ''}`")


def _scaling(arguments: argparse.Namespace) -> Optional[tuple[float, float]]:
    mean, deviation = arguments.mean, arguments.std
    if mean is None and deviation is None:
        return None
    for option, value, other in (("--mean", mean, "--std"), ("--std", deviation, "--mean")):
        if value is None:
            raise UserError(option, f"missing with {other}", "both, or neither")
        if not math.isfinite(value) or (option == "--std" and value <= 0):
            raise UserError(option, value, "a finite number, above 0 for --std")
    return mean, deviation
