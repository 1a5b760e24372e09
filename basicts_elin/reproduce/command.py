"""The command that makes a table of the paper: plan, run what is missing, collect, render."""

import argparse
import contextlib
import os
import re
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

from ..data.catalog import dataset_facts, how_to_get
from ..env_vars import ROOT_VARIABLE, RUNS_AT_ONCE
from ..errors import UserError, one_line
from ..results import table1 as datasets_table
from ..results.figures import by_method, by_model, draw_pictures
from ..results.markdown import page
from ..results.store import Row, failed_row, finished_row, read_rows, write_rows
from .cost import Estimator, count, duration
from .dry_run import plan_lines
from .executor import Job, run_jobs
from .plan import DATASETS_TABLE, TABLES, Run, plan_runs
from .progress import Progress
from .results_file import Results
from .status import CPU, State, Survey, survey

LOGS = Path("checkpoints", "reproduce")
PAGES = Path("docs", "tables")
TITLES = {
    "table2": "Table 2: STAEformer and ELinFormer",
    "table3": "Table 3: the models",
    "attention": "Attention methods",
}
_OF_RUNS = ("models", "seeds", "gpus", "epochs", "small", "jobs", "legacy_root")


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("table", choices=TABLES, help="which one")
    verb.add_argument("--datasets", nargs="+", metavar="NAME", help="of the catalogue (default: the paper's)")
    verb.add_argument("--models", nargs="+", metavar="NAME", help="any with a configuration (default: the table's)")
    verb.add_argument("--seeds", nargs="+", type=int, metavar="N", help="random seeds (default: 42)")
    verb.add_argument("-g", "--gpus", nargs="+", metavar="N", help="devices, each with runs of its own, or cpu")
    verb.add_argument("--jobs", type=int, metavar="K", help="runs at a time on each device (default: 1)")
    verb.add_argument("--epochs", type=int, metavar="K", help="of each run (default: its configuration's)")
    verb.add_argument("--small", action="store_true", default=None, help="small models, on the datasets that have them")
    verb.add_argument("--legacy-root", metavar="FOLDER", help=f"BasicTS of branch v0.5.8 (default: ${ROOT_VARIABLE})")
    verb.add_argument("-o", "--output", type=Path, metavar="CSV", help="default: results/<table>_<hardware>.csv")
    verb.add_argument("--pages", type=Path, default=PAGES, help="folder of the pages and pictures")
    only = verb.add_mutually_exclusive_group()
    only.add_argument("--dry-run", action="store_true", help="print the plan, what is missing, hours and memory")
    only.add_argument("--render", action="store_true", help="run nothing, make the page of the CSV --output")


def reproduce(arguments: argparse.Namespace) -> int:
    """Returns the exit code: 0, or 1 where a run has failed or could not be started."""
    with _signals_as_ctrl_c():
        return _reproduce(arguments)


def _reproduce(arguments: argparse.Namespace) -> int:
    for name in ("jobs", "epochs"):
        if getattr(arguments, name) is not None and getattr(arguments, name) < 1:
            raise UserError(f"--{name} {getattr(arguments, name)}: expected 1 or more")
    if arguments.table == DATASETS_TABLE:
        return _describe_datasets(arguments)
    if arguments.render:
        _check_render(arguments)
        _render(arguments, arguments.output, read_rows(arguments.output))
        return 0
    if arguments.legacy_root:
        os.environ[ROOT_VARIABLE] = str(Path(arguments.legacy_root).expanduser().resolve())
    table, seeds, small = arguments.table, arguments.seeds or (42,), bool(arguments.small)
    runs = plan_runs(table, arguments.models, arguments.datasets, seeds, arguments.epochs, small)
    gpus = [number for text in arguments.gpus or () for number in text.split(",")]
    found = survey(runs, gpus or None)
    slug = hardware_slug(found.hardware)
    output = arguments.output or Path("results", f"{TABLES[table].stem}_{slug}.csv")
    measured = [*Path("results").glob(f"*_{slug}.csv"), *output.parent.glob(f"*_{slug}.csv"), output]
    estimator = Estimator(dict.fromkeys(path for path in measured if path.is_file()))
    if arguments.dry_run:
        print("\n".join(plan_lines(runs, found, estimator)))
        return 0
    return _run_all(arguments, runs, found, output, estimator)


def hardware_slug(hardware: str) -> str:
    """Of a GPU's name, for a file: "NVIDIA H200" -> "h200"."""
    return re.sub(r"[^a-z0-9]+", "-", hardware.lower().removeprefix("nvidia ")).strip("-")


def _run_all(
    arguments: argparse.Namespace, runs: Sequence[Run], found: Survey, output: Path, estimator: Estimator
) -> int:
    """Make what is missing, collect and render. Returns the exit code."""
    rows, todo = [], []
    for run, state in zip(runs, found.states, strict=True):
        if state.is_finished:
            rows.append(_collected(run, state))
        elif state.problem:
            print(f"{run}: cannot run: {state.problem}")
            rows.append(_collected(run, state, state.problem))
        else:
            todo.append((run, state))
    results = Results(output, LOGS / "results.lock", runs)
    results.write(rows)
    # one on each device before a second one on any
    jobs = arguments.jobs or 1
    devices = [gpu for _ in range(jobs) for gpu in found.gpus][: len(todo)]
    progress = Progress(todo, estimator, len(devices))
    done = sum(not row["reason"] for row in rows)
    print(
        f"{arguments.table}: {count(len(runs), 'run')}, {done} finished before, {len(todo)} to be made on "
        f"{found.hardware}, {len(devices)} at a time; to go: {progress.to_go()}; results: {output}",
        flush=True,
    )
    done += _make(todo, devices, _environment(found.gpus, jobs), results, progress)
    results.write()
    _render(arguments, output, read_rows(output))
    return 0 if done == len(runs) else 1


def _environment(gpus: Sequence[str], jobs: int) -> dict[str, str]:
    """Of the runs; the same however many are left, so that a run goes on as it has begun."""
    environment = {RUNS_AT_ONCE: str(jobs)}
    if CPU in gpus and jobs > 1 and "OMP_NUM_THREADS" not in os.environ:
        # more threads than processors wait for one another
        environment["OMP_NUM_THREADS"] = str(max(1, (os.cpu_count() or 1) // jobs))
    return environment


def _make(
    todo: Sequence[tuple[Run, State]],
    devices: Sequence[str],
    environment: dict[str, str],
    results: Results,
    progress: Progress,
) -> int:
    """Make the runs, with the CSV written after each. Returns how many are finished."""
    jobs = [_job(run) for run, _ in todo]
    done = 0
    all_ended = run_jobs(jobs, devices, environment, progress.waiting)
    with contextlib.closing(progress), contextlib.closing(all_ended):
        for ended in all_ended:
            (run, state), log = todo[ended.number], jobs[ended.number].log
            row = _collected(run, state, ended.reason, log)
            if row["reason"]:
                said = f"FAILED: {row['reason']} (log: {log})"
            else:
                progress.estimator.learn(row)
                said = f"MAE {float(row['MAE']):.2f}, {count(int(row['epochs']), 'epoch')}"
                done += 1
            waits = results.keep(row)
            progress.ended(ended.number, f"{said}, {duration(ended.seconds)}{waits and f'; not written yet: {waits}'}")
    return done


def _collected(run: Run, state: State, reason: str = "", log: Optional[Path] = None) -> Row:
    """The row of a run that has ended, with the reason where it has no result."""
    if reason:
        return failed_row(run, state.num_epochs, reason, log, state.folder if state.is_outdated else None)
    try:
        return finished_row(run, Path(state.folder))
    except (UserError, OSError) as error:
        return failed_row(run, state.num_epochs, one_line(error), log)


def _job(run: Run) -> Job:
    epochs = f"_{run.epochs}" if run.epochs else ""
    return Job(
        lambda device: [sys.executable, "-m", "basicts_elin.cli", "train", *run.arguments(device)],
        LOGS / f"{run.model.replace('/', '_')}_{run.dataset}_{run.seed}{epochs}.log",
    )


def _describe_datasets(arguments: argparse.Namespace) -> int:
    _refuse(arguments, _OF_RUNS, f"{DATASETS_TABLE} trains nothing")
    output = arguments.output or Path("results", f"{TABLES[DATASETS_TABLE].stem}.csv")
    if arguments.render:
        _check_render(arguments)
    names = arguments.datasets or TABLES[DATASETS_TABLE].datasets
    for name in names:
        dataset_facts(name)
    rows = {row["dataset"]: row for row in read_rows(output, datasets_table.COLUMNS)}
    for name in () if arguments.render else names:
        row = datasets_table.dataset_row(name, Path("datasets"))
        if row is None:
            print(f"not prepared: {name}; {how_to_get(name)}")
        elif arguments.dry_run:
            print(f"prepared: {name}")
        else:
            rows[name] = row
    if not arguments.dry_run:
        write_rows(output, [*rows.values()], datasets_table.COLUMNS)
        file = arguments.pages / f"{output.stem}.md"
        _write(file, datasets_table.page([*rows.values()], _relative(output, file), _command(arguments, output)))
    return 0


def _refuse(arguments: argparse.Namespace, names: Sequence[str], why: str) -> None:
    given = [name for name in names if getattr(arguments, name) is not None]
    if given:
        raise UserError(f"--{given[0].replace('_', '-')}: {why}; leave it away")


def _check_render(arguments: argparse.Namespace) -> None:
    _refuse(arguments, ("datasets", *_OF_RUNS), "--render makes the page of all that is in --output")
    if arguments.output is None or not arguments.output.is_file():
        raise UserError(f"--render: --output {arguments.output}: expected a CSV that this command has written")


def _render(arguments: argparse.Namespace, output: Path, rows: Sequence[Row]) -> None:
    file = arguments.pages / f"{output.stem}.md"
    view = by_method if arguments.table == "attention" else by_model
    pictures = draw_pictures(arguments.pages, output.stem, rows, view)
    title, source = TITLES[arguments.table], _relative(output, file)
    names = [path.name for path in pictures]
    _write(file, page(arguments.table, title, rows, source, _command(arguments, output), names))


def _command(arguments: argparse.Namespace, output: Path) -> str:
    """That makes the page of the CSV."""
    command = ["python", "experiments/reproduce.py", arguments.table, "--render", "--output", output.as_posix()]
    return shlex.join(command + (["--pages", arguments.pages.as_posix()] if arguments.pages != PAGES else []))


def _relative(output: Path, page_file: Path) -> str:
    return Path(os.path.relpath(output, page_file.parent)).as_posix()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"written: {file}")


@contextlib.contextmanager
def _signals_as_ctrl_c() -> Iterator[None]:
    """A closed terminal or a scheduler's end must not leave runs behind that nobody watches."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # nohup has the closed terminal ignored, and means it
    before = {number: signal.getsignal(number) for number in numbers if signal.getsignal(number) != signal.SIG_IGN}
    for number in before:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
