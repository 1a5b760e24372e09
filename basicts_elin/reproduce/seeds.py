"""`train --seeds`: a run for each seed, in a process of its own, and the mean and deviation of their metrics."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from ..errors import UserError
from ..record import METRICS_FILE
from ..results.report import deviation_line, mape_warnings, text_table
from ..results.run_reader import read_runs
from .executor import Job, run_jobs
from .status import CPU

if TYPE_CHECKING:
    from ..training.launch.processes import Group

_FLAGS = ("fresh", "resume", "compile", "save_predictions")
_VALUES = ("init", "processes", "precision", "accumulate", "legacy_root")


def seeds_of(arguments: argparse.Namespace) -> Optional[list[int]]:
    """The seeds that the command names; None without --seeds. Raises: UserError for what does not fit."""
    seeds = arguments.seeds
    if seeds is None:
        return None
    if arguments.seed is not None:
        raise UserError("--seed", f"{arguments.seed}, given with --seeds", "one of the two", "omit --seed")
    repeated = [seed for seed, times in Counter(seeds).items() if times > 1]
    if repeated:
        raise UserError("--seeds", f"{repeated[0]} twice", "different seeds", "name each once")
    if arguments.steps:
        raise UserError("--steps", "given with --seeds", "one seed, because nothing is kept", "use --seed")
    return seeds


def train_seeds(arguments: argparse.Namespace, seeds: Sequence[int], config: Any, group: "Group") -> int:
    """Train one run after the other, and print the folder of each and their table.

    A finished run is left as it is, unless `--fresh` or `--save-predictions` asks for more. A run that fails does not
    end the others.

    Args:
        config: of the runs, with any seed.
    Returns the exit code: 1 if a run has failed.
    Raises: UserError for a configuration with which no run can start.
    """
    from ..config.overrides import with_overrides
    from ..training.launch.config_checks import check_config
    from ..training.launch.launcher import check_run
    from ..training.launch.run_dir import run_folder

    if group.rank is not None:
        raise UserError("--seeds", "given under torchrun", "--seed", "start torchrun once for each seed")
    dataset = check_run(config, group.size)
    configs = {seed: with_overrides(config, {"seed": seed}) for seed in seeds}
    for own in configs.values():
        check_config(own, group.size)
    kept = not (arguments.fresh or arguments.save_predictions)
    lines, finished = [], []
    for number, (seed, own) in enumerate(configs.items(), 1):
        reason = ""
        place = f"seed {seed}, {number} of {len(seeds)}"
        if kept and _is_finished(own, dataset):
            print(f"{place}: finished before", flush=True)
        else:
            print(f"{place}:", flush=True)
            job = Job(lambda gpus, seed=seed: command(arguments, seed, gpus), None)
            (ended,) = run_jobs([job], [config.gpus or CPU])
            reason = ended.reason
        folder = run_folder(own)
        lines.append(f"seed {seed}: " + (f"FAILED: {reason}" if reason else str(folder)))
        finished += [] if reason else [folder]
    print("\n".join(["", *lines, *_table(finished)]))
    return int(len(finished) < len(seeds))


def command(arguments: argparse.Namespace, seed: int, gpus: str) -> list[str]:
    """The command that trains with one seed as `arguments` ask for."""
    words = ["-c", arguments.cfg, "--gpus", gpus, "--seed", str(seed)]
    for name in _FLAGS:
        words += [f"--{name.replace('_', '-')}"] if getattr(arguments, name) else []
    for name in _VALUES:
        value = getattr(arguments, name)
        words += [f"--{name.replace('_', '-')}", str(value)] if value is not None else []
    words += ["--set", *arguments.set] if arguments.set else []
    return [sys.executable, "-m", "basicts_elin.cli", "train", *words]


def _is_finished(config: Any, dataset: Any) -> bool:
    """Whether nothing is left to do. A run on other data is not: its own command says so."""
    from ..training.launch.run_dir import check_same_data, progress

    folder, _, is_finished = progress(config)
    try:
        check_same_data(folder, dataset)
    except UserError:
        return False
    return is_finished


def _table(folders: Sequence[Path]) -> list[str]:
    """The lines of the table of the runs."""
    if not folders:
        return []
    if not all((folder / METRICS_FILE).is_file() for folder in folders):
        return ["metrics: none, because eval_after_train=False"]
    results = read_runs(folders)
    said = deviation_line(results) or "one seed, so no deviation"
    return ["", text_table(results, by_model=True), said, *mape_warnings(results)]
