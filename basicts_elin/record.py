"""What a run leaves beside BasicTS's own files: `run.json`, with what its figures cost and were made with."""

import os
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from statistics import median
from typing import Any, Optional

import torch

from .conditions import CONDITIONS, ELSEWHERE, comparable
from .env_vars import RUNS_AT_ONCE
from .errors import UserError, one_line
from .files import read_json, write_json

FILE_NAME = "run.json"
_AGAIN = "train the run again"
_PEAKS = ("peak_memory_mib", "peak_reserved_mib")
# what figures depend on; results that are written beside them are no change
_SOURCES = ("basicts_elin", "baselines_cfg", "benchmarks", "experiments")
PACKAGES = ("basicts-elin", "basicts", "easy-torch", "torch", "numpy")


class RunRecord:
    """`run.json` of a training run: seconds per epoch, parameters, seed, versions, hardware.

    A resumed run keeps the epochs recorded before `start_epoch`, marked where they were trained under other conditions
    than the ones to come, and the commits that it was trained with.
    """

    def __init__(self, folder: Path, start_epoch: int, on_gpu: bool, **facts: Any):
        self.on_gpu = on_gpu
        self.path = Path(folder) / FILE_NAME
        before = {}
        if start_epoch and self.path.is_file():
            before = read_json(self.path, "remove it, and the run goes on without the epochs in it")
        facts["runs_at_once"] = int(os.environ.get(RUNS_AT_ONCE, 1))
        self.content = {**facts, **environment(on_gpu)}
        is_alike = all(before.get(name) == self.content.get(name) for name in CONDITIONS)
        kept = [entry for entry in before.get("epochs", []) if entry["epoch"] <= start_epoch]
        self.content["epochs"] = kept if is_alike else [{**entry, ELSEWHERE: True} for entry in kept]
        self.content["commit"] = ", ".join(_each(before.get("commit"), self.content["commit"])) or None
        self._peaks_before = {name: before.get(name) if is_alike else None for name in _PEAKS}

    def add_epoch(self, epoch: int, train_seconds: float, validation_seconds: float, is_best: bool = False) -> None:
        """Add an epoch and write the file; `is_best`: by validation, of those so far."""
        self.content["epochs"].append(
            {
                "epoch": epoch,
                "train_seconds": round(train_seconds, 3),
                "validation_seconds": round(validation_seconds, 3),
                "is_best": is_best,
            }
        )
        # the latter is what the process has taken from the GPU, with what lies idle
        reserved = _mib(torch.cuda.max_memory_reserved()) if self.on_gpu else None
        for name, now in zip(_PEAKS, (peak_memory_mib(self.on_gpu), reserved), strict=True):
            self.content[name] = max(filter(None, (self._peaks_before[name], now)), default=None)
        write_json(self.path, self.content)


def read_record(folder: Path) -> dict[str, Any]:
    """`run.json` of a run folder, with the median seconds of a training epoch added; {} where there is none."""
    path = Path(folder) / FILE_NAME
    if not path.is_file():
        return {}
    content = read_json(path, _AGAIN)
    try:
        content["seconds_per_epoch"] = median(float(entry["train_seconds"]) for entry in comparable(content["epochs"]))
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"{path} has no seconds of its epochs ({one_line(error)}); {_AGAIN}") from error
    return content


def environment(on_gpu: bool) -> dict[str, Any]:
    """Versions, source commit and the hardware that is used."""
    versions = {package: metadata.version(package) for package in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "commit": source_commit(),
        "hardware": torch.cuda.get_device_name() if on_gpu else f"{_cpu_name()}, {torch.get_num_threads()} threads",
    }


def source_commit() -> Optional[str]:
    """Short commit of the checkout that the package runs from, "+" where its code has changes; None outside one."""
    here = Path(__file__).resolve().parents[1]
    if not (here / ".git").exists():
        return None
    try:
        commit = _git(here, "rev-parse", "--short", "HEAD")
        changed = _git(here, "status", "--porcelain", "--untracked-files=no", "--", *_SOURCES)
        return commit + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def peak_memory_mib(on_gpu: bool) -> Optional[float]:
    """Peak memory so far: allocated on the GPU, or the resident size of the process, None where it is unknown."""
    if on_gpu:
        return _mib(torch.cuda.max_memory_allocated())
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def _each(*commits: Optional[str]) -> list[str]:
    """Each once, of texts that may hold several."""
    return list(dict.fromkeys(commit for text in commits if text for commit in text.split(", ")))


def _mib(size: int) -> float:
    return round(size / 2**20, 1)


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _cpu_name() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()
