"""The arguments of the commands that train and evaluate, and the configuration that they make."""

import argparse
import os
from pathlib import Path
from typing import Any

from .config.assignments import assignment
from .env_vars import ROOT_VARIABLE
from .errors import UserError


def add_run_arguments(verb: argparse.ArgumentParser) -> None:
    gpus = "device numbers, such as 0 or 0,1; or cpu (default: 0 if there is a GPU, else cpu)"
    verb.add_argument("-g", "--gpus", help=gpus)
    verb.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="FIELD=VALUE",
        help="override fields of the configuration, such as num_epochs=8 or model_config.dropout=0.2",
    )
    verb.add_argument("--legacy-root", metavar="FOLDER", help="checkout of BasicTS 0.5: -c legacy/<Model>/<Dataset>")
    verb.add_argument("--seed", type=int, help="random seed; default: the config's, 42 in the benchmark's recipe")
    verb.add_argument(
        "--save-predictions", action="store_true", help="also write predictions.npz: all test windows, original units"
    )
    verb.add_argument("--print-config", action="store_true", help="only print the resolved configuration")


def run_config(arguments: argparse.Namespace) -> Any:
    """The configuration that the command names, with the overrides from its other arguments.

    Raises: UserError for a configuration or an argument that cannot be used.
    """
    from .config.lengths import is_count
    from .config.overrides import with_overrides
    from .training.launch.devices import parse_gpus
    from .training.launch.init_run import init_checkpoint
    from .zoo.changes import with_changes
    from .zoo.config_file import config_file, config_name, load_config
    from .zoo.run_name import named_run

    if arguments.legacy_root:
        os.environ[ROOT_VARIABLE] = arguments.legacy_root
    overrides = dict(map(assignment, arguments.set))
    lengths = {name: overrides[name] for name in ("input_len", "output_len") if is_count(overrides.get(name))}
    config = load_config(arguments.cfg, **lengths)
    for name, option in (("gpus", "gpus"), ("gpu_num", "gpus"), ("seed", "seed")):
        if name in overrides:
            fix = f"use --{option} {overrides[name]}"
            raise UserError(f"--set {name}", overrides[name], f"the option --{option}", fix)
    if arguments.seed is not None:
        overrides["seed"] = arguments.seed
    if getattr(arguments, "compile", False):
        overrides["compile_model"] = True
    if getattr(arguments, "precision", None):
        overrides["precision"] = arguments.precision
    if getattr(arguments, "accumulate", None):
        overrides["accumulate"] = arguments.accumulate
    if arguments.gpus is not None or not arguments.print_config:
        overrides["gpus"] = parse_gpus(_announced_gpus() if arguments.gpus is None else arguments.gpus)
    config = with_changes(config, overrides)
    if getattr(arguments, "init", None) is not None:
        config = with_overrides(config, {"init_from": init_checkpoint(str(named_run(Path(arguments.init))), config)})
    config["_config_file"] = config_name(arguments.cfg)
    if config_file(arguments.cfg) is None and not arguments.print_config:
        print(f"{config['_config_file']}: a configuration by name, without a file")
    return config


def _announced_gpus() -> str:
    from .training.launch.devices import default_gpus

    gpus = default_gpus()
    print(f"--gpus not given: using {gpus}")
    return gpus


def processes_of(arguments: argparse.Namespace, config: Any) -> Any:
    """The processes of the run, from torchrun or from the arguments. Raises: UserError if they do not fit the GPUs."""
    from .training.launch.processes import Group

    group, processes = Group.of_torchrun(), arguments.processes
    if group and processes:
        raise UserError("--processes", processes, f"the {group.size} processes that torchrun has started", "omit it")
    if group and config.gpus and config.gpu_num != group.local_size:
        expected = f"as many GPUs as processes that torchrun has started on this machine: {group.local_size}"
        raise UserError("--gpus", config.gpus, expected)
    if config.gpus and processes:
        raise UserError("--processes", processes, "--gpus cpu", "omit it: there is one process for each GPU")
    return group or Group(config.gpu_num or processes or 1)


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number
