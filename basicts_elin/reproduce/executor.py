"""Runs commands in their own processes, several at a time. They are ended if this process is interrupted."""

import contextlib
import os
import signal
import subprocess
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

POLL_SECONDS = 0.2
# seconds that a process gets to end after it is asked to
PATIENCE_SECONDS = 10


@dataclass(frozen=True)
class Job:
    """The command for each device that it may run on, and the file for its output; None = that of this process."""

    command: Callable[[str], Sequence[str]]
    log: Optional[Path]


@dataclass(frozen=True)
class Ended:
    """How a job has ended: its number, "" or the reason of its failure, its time."""

    number: int
    reason: str
    seconds: float


@dataclass(frozen=True)
class _Running:
    number: int
    process: subprocess.Popen
    started: float


def run_jobs(
    jobs: Sequence[Job],
    devices: Sequence[str],
    environment: Optional[dict[str, str]] = None,
    on_wait: Callable[[list[int]], None] = lambda running: None,
) -> Iterator[Ended]:
    """Start the jobs in their order, one at a time on each entry of `devices`, and yield how each ends.

    The processes are ended when the iterator is closed, or by an exception such as Ctrl-C.

    Args:
        devices: may hold a device several times.
        environment: variables of the commands besides those of this process.
        on_wait: called repeatedly with the numbers of the jobs that run.
    """
    waiting, running = deque(range(len(jobs))), {}
    try:
        while waiting or running:
            for place, device in enumerate(devices):
                if waiting and place not in running:
                    number = waiting.popleft()
                    running[place] = _Running(number, _start(jobs[number], device, environment or {}), time.monotonic())
            for place, job in list(running.items()):
                code = job.process.poll()
                if code is not None:
                    del running[place]
                    reason = _reason(code, jobs[job.number].log) if code else ""
                    yield Ended(job.number, reason, time.monotonic() - job.started)
            if running:
                on_wait([job.number for job in running.values()])
                time.sleep(POLL_SECONDS)
    finally:
        _end([job.process for job in running.values()])


def _start(job: Job, device: str, environment: dict[str, str]) -> subprocess.Popen:
    with contextlib.ExitStack() as stack:
        log = None
        if job.log is not None:
            job.log.parent.mkdir(parents=True, exist_ok=True)
            log = stack.enter_context(job.log.open("wb"))
        # in a session of its own, a job does not receive Ctrl-C: this process does, and ends the jobs
        return subprocess.Popen(
            job.command(device),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log and subprocess.STDOUT,
            env={**os.environ, **environment},
            start_new_session=True,
        )


def _end(processes: Sequence[subprocess.Popen]) -> None:
    for process in processes:
        process.terminate()
    for process in processes:
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _reason(code: int, log: Optional[Path]) -> str:
    if code < 0:
        killed = f"killed by {signal.Signals(-code).name}"
        return f"{killed}, possibly for lack of memory" if -code == signal.SIGKILL else killed
    if log is None:
        return f"exit code {code}; its error is above"
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("error: ")] or lines or [f"exit code {code}"]
    return errors[-1].removeprefix("error: ")
