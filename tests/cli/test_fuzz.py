"""Whatever the input, the user sees a line and never a traceback: hypothesis looks for one that says otherwise."""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import torch
from cli import fuzz
from cli.bad_input import fill, tree
from cli.commands import ENVIRONMENT
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from tiny import forget_loggers, ours

from basicts_elin.cli import main

FUZZED = {
    "bytes": (fuzz.broken_bytes(), 200),
    "arrays": (fuzz.broken_arrays(), 120),
    "json": (fuzz.broken_json(), 80),
    "h5": (fuzz.broken_h5(), 60),
    "checkpoints": (fuzz.checkpoints(), 40),
    "settings": (st.deferred(lambda: fuzz.settings_of_a_run(_fields())), 120),
    "options": (fuzz.options(), 80),
}
FEW, PROCESSES, SECONDS = 6, 12, 60

# another one looks elsewhere
SEED = seed(int(os.environ.get("FUZZ_SEED", "0")))


class Hangs(BaseException):
    """Not one that anything could take for an error of the input."""


def _fields():
    """The names that --set knows, with their values."""
    config = ours()
    fields = {**config, **config.model_config}
    for group in ("optimizer_params", "lr_scheduler_params", "dataset_params", "model_config"):
        fields |= {f"{group}.{name}": value for name, value in config[group].items()}
    return fields


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    fill(folder)
    return folder


def in_process(command):
    """Exit code and stderr."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            code = main(command)
        except SystemExit as exit_:
            # argparse's
            code = exit_.code
    return code, said.getvalue()


def check(sound, work, case, execute=in_process):
    """One case, in a folder of its own; its exit code."""
    _, breaks, command = case
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(sound, work)
    os.chdir(work)
    breaks()
    before = tree()
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        code, said = execute(command)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        # what a configuration may have switched on
        torch.use_deterministic_algorithms(False)
        forget_loggers()
    after = tree()
    assert code in (0, 1, 2)
    assert "Traceback" not in said and "Logging error" not in said
    assert Path("it ran") not in after
    if code:
        assert said.splitlines()[-1].startswith("error: ")
    if code == 2:
        assert after == before
    return code


def examples(count):
    return settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


@pytest.fixture
def alarm():
    """Set, it ends what hangs."""

    def hangs(*_):
        raise Hangs(f"{SECONDS} seconds")

    before = signal.signal(signal.SIGALRM, hangs)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        *((name, FEW) for name in FUZZED),
        *(pytest.param(name, count, marks=pytest.mark.slow) for name, (_, count) in FUZZED.items()),
    ],
)
def test_no_traceback_reaches_the_user(sound, workplace, small_catalogue, alarm, fuzz_counts, name, count):
    codes = Counter()

    @SEED
    @examples(count)
    @given(FUZZED[name][0])
    def each(case):
        codes[check(sound, workplace / "work", case)] += 1

    each()
    fuzz_counts[name] += codes
    assert codes.total() >= count / 2


@pytest.mark.slow
def test_no_traceback_leaves_a_process(sound, workplace, fuzz_counts):
    codes = Counter()

    def in_a_process(command):
        done = subprocess.run(
            [sys.executable, "-m", "cli.small_catalogue", *command],
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        return done.returncode, done.stderr

    @SEED
    @examples(PROCESSES)
    @given(st.one_of(strategy for strategy, _ in FUZZED.values()))
    def each(case):
        codes[check(sound, workplace / "work", case, in_a_process)] += 1

    each()
    fuzz_counts["processes of their own"] += codes
    assert codes.total() >= PROCESSES / 2
