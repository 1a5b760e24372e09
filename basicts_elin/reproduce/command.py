"""The command that makes a table of the paper: plan, run what is missing, collect, render."""

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

from ..averages import OVERALL
from ..env_vars import ROOT_VARIABLE, RUNS_AT_ONCE
from ..errors import UserError, one_line, refuse_options
from ..results.run_reader import read_run
from ..results.schema import IDENTITY_FIELDS, Result
from ..results.store import ResultsFile, read_results
from .cost import Estimator, count, duration
from .dry_run import plan_lines
from .executor import Job, run_jobs
from .interrupts import signals_as_ctrl_c
from .pages import PAGES, describe_datasets, render
from .plan import DATASETS_TABLE, TABLES, Run, plan_runs
from .progress import Progress
from .status import CPU, SOME_GPU, PlanStatus, RunStatus, status_of

LOGS = Path("checkpoints", "reproduce")
_OF_RUNS = ("models", "seeds", "gpus", "epochs", "set", "small", "jobs", "legacy_root")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("table", choices=TABLES, help="the table")
    verb.add_argument("--datasets", nargs="+", metavar="NAME", help="dataset names (default: the paper's)")
    verb.add_argument("--models", nargs="+", metavar="NAME", help="model names, as in train (default: the table's)")
    verb.add_argument("--seeds", nargs="+", type=int, metavar="N", help="random seeds (default: 42)")
    verb.add_argument("-g", "--gpus", nargs="+", metavar="N", help="device numbers, each for its own runs, or cpu")
    verb.add_argument("--jobs", type=int, metavar="K", help="runs at a time on each device (default: 1)")
    verb.add_argument("--epochs", type=int, metavar="K", help="epochs of each run (default: the config's)")
    changes = "override fields of the configuration of every run, as in train"
    verb.add_argument("--set", nargs="+", action="extend", metavar="FIELD=VALUE", help=changes)
    verb.add_argument("--small", action="store_true", default=None, help="use the small size of models that have one")
    verb.add_argument("--legacy-root", metavar="FOLDER", help=f"checkout of BasicTS v0.5.8 (default: ${ROOT_VARIABLE})")
    verb.add_argument("-o", "--output", type=Path, metavar="CSV", help="default: results/<table>_<hardware>.csv")
    verb.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages and pictures")
    only = verb.add_mutually_exclusive_group()
    plan = "only print the plan: runs, missing data, hours, memory; --gpus may name those of another machine"
    only.add_argument("--dry-run", action="store_true", help=plan)
    only.add_argument("--render", action="store_true", help="run nothing; render the page from the CSV --output")


def reproduce(arguments: argparse.Namespace) -> int:
    """Returns the exit code: 0, or 1 if a run has failed or could not be started."""
    with signals_as_ctrl_c():
        _check(arguments)
        if arguments.table == DATASETS_TABLE:
            describe_datasets(arguments)
            return 0
        if arguments.render:
            render(arguments, arguments.output, read_results(arguments.output))
            return 0
        return _reproduce_runs(arguments)


def _check(arguments: argparse.Namespace) -> None:
    """Raises: UserError for arguments that do not fit together."""
    for name in ("jobs", "epochs"):
        number = getattr(arguments, name)
        if number is not None and number < 1:
            raise UserError(f"--{name}", number, "1 or more")
    if arguments.table == DATASETS_TABLE:
        refuse_options(arguments, _OF_RUNS, f"{DATASETS_TABLE}, which trains nothing")
    if arguments.render:
        refuse_options(arguments, ("datasets", *_OF_RUNS), "--render, which makes the page of everything in --output")
        if arguments.output is None or not arguments.output.is_file():
            found = arguments.output or "missing"
            raise UserError("--output", found, "a CSV that this command has written")


def _reproduce_runs(arguments: argparse.Namespace) -> int:
    if arguments.legacy_root:
        os.environ[ROOT_VARIABLE] = str(Path(arguments.legacy_root).expanduser().resolve())
    table, seeds, small = arguments.table, arguments.seeds or (42,), bool(arguments.small)
    runs = plan_runs(table, arguments.models, arguments.datasets, seeds, arguments.epochs, small, arguments.set or ())
    gpus = [number for text in arguments.gpus or () for number in text.split(",")]
    found = status_of(runs, gpus or None, elsewhere=arguments.dry_run)
    slug = hardware_slug(found.hardware)
    output = arguments.output or Path("results", f"{TABLES[table].stem}_{slug}.csv")
    folders = (Path("results"), output.parent)
    measured = [path for folder in folders for path in folder.glob("*.csv") if _is_measured_on(found.hardware, path)]
    estimator = Estimator(dict.fromkeys([*measured, *([output] if output.is_file() else [])]))
    if arguments.dry_run:
        print("\n".join(plan_lines(runs, found, estimator)))
        return 0
    results = ResultsFile(output, LOGS / "results.lock", [run.identity for run in runs])
    finished = _run_all(arguments, runs, found, results, estimator)
    results.write()
    render(arguments, output, read_results(output))
    return 0 if finished == len(runs) else 1


def _is_measured_on(hardware: str, file: Path) -> bool:
    """Whether a file, by its name, has results of this hardware; of any GPU if `hardware` is one of another machine."""
    if hardware == SOME_GPU:
        return not file.stem.endswith(f"_{CPU}")
    return file.stem.endswith(f"_{hardware_slug(hardware)}")


def hardware_slug(hardware: str) -> str:
    """A GPU's name as a part of file names: "NVIDIA H200" -> "h200"."""
    return re.sub(r"[^a-z0-9]+", "-", hardware.lower().removeprefix("nvidia ")).strip("-")


def _run_all(
    arguments: argparse.Namespace, runs: Sequence[Run], found: PlanStatus, results: ResultsFile, estimator: Estimator
) -> int:
    """Collect the finished runs and make the others. Returns how many runs are finished at the end."""
    todo = []
    known = []
    for run, status in zip(runs, found.runs, strict=True):
        if status.is_finished or status.problem:
            known.append(_collected(run, status, "" if status.is_finished else status.problem))
        else:
            todo.append((run, status))
    for result in known:
        if result.reason:
            print(f"{result.label} {result.dataset} seed {result.seed}: cannot run: {result.reason}")
    results.write(known)
    # one on each device before a second one on any
    jobs = arguments.jobs or 1
    devices = [gpu for _ in range(jobs) for gpu in found.gpus][: len(todo)]
    progress = Progress(todo, estimator, len(devices))
    finished = sum(not result.reason for result in known)
    print(
        f"{arguments.table}: {count(len(runs), 'run')}, {finished} finished before, {len(todo)} to be made on "
        f"{found.hardware}, {len(devices)} at a time; remaining: {progress.remaining()}; results: {results.path}",
        flush=True,
    )
    return finished + _make(todo, devices, _environment(found.gpus, jobs), results, progress)


def _environment(gpus: Sequence[str], jobs: int) -> dict[str, str]:
    """Environment variables of the runs. They do not depend on how many are left: a run resumes as it began."""
    environment = {RUNS_AT_ONCE: str(jobs)}
    if CPU in gpus and jobs > 1 and "OMP_NUM_THREADS" not in os.environ:
        # more threads than processors wait for one another
        environment["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))
    return environment


def _make(
    todo: Sequence[tuple[Run, RunStatus]],
    devices: Sequence[str],
    environment: dict[str, str],
    results: ResultsFile,
    progress: Progress,
) -> int:
    """Make the runs, and write the CSV after each. Returns how many are finished."""
    jobs = [_job(run) for run, _ in todo]
    finished = 0
    all_ended = run_jobs(jobs, devices, environment, progress.waiting)
    with contextlib.closing(progress), contextlib.closing(all_ended):
        for ended in all_ended:
            log = jobs[ended.number].log
            result = _collected(*todo[ended.number], ended.reason, log)
            if not result.reason:
                progress.estimator.learn(result)
                finished += 1
            waits = results.keep(result)
            waits = f"; not written yet: {waits}" if waits else ""
            progress.ended(ended.number, f"{_outcome(result, log)}, {duration(ended.seconds)}{waits}")
    return finished


def _outcome(result: Result, log: Path) -> str:
    if result.reason:
        return f"FAILED: {result.reason} (log: {log})"
    known = [f"{name} {value:.2f}" for name, value in result.metrics[OVERALL].items() if value is not None]
    return ", ".join([*known[:1], count(result.epochs, "epoch")])


def _collected(run: Run, status: RunStatus, reason: str = "", log: Optional[Path] = None) -> Result:
    """The result of a run that has ended, or the reason why there is none."""
    identity = dict(zip(IDENTITY_FIELDS, run.identity, strict=True))
    outdated = status.folder if reason and status.is_outdated else ""
    if not reason:
        try:
            return read_run(Path(status.folder), **identity)
        except (UserError, OSError) as error:
            reason = one_line(error)
    return Result(**identity, num_epochs=status.num_epochs, reason=reason, log=str(log or ""), run=outdated)


def _job(run: Run) -> Job:
    parts = [run.model, run.dataset, str(run.seed), str(run.epochs or ""), run.differences]
    # file systems allow 255 characters
    name = re.sub(r"[^\w.=+-]+", "_", "_".join(filter(None, parts)))[:200]
    return Job(
        lambda device: [sys.executable, "-m", "basicts_elin.cli", "train", *run.arguments(device)],
        LOGS / f"{name}.log",
    )
