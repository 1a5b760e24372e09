"""`run.json`, which a run writes beside BasicTS's own files: what its figures cost and were made with."""

import os
import platform
import subprocess
import sys
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any, Optional

from .env_vars import RUNS_AT_ONCE
from .files import read_json, write_json

# the files of a run's folder that others read: ours, and two of BasicTS
RECORD_FILE, METRICS_FILE, CONFIG_FILE = "run.json", "test_metrics.json", "cfg.json"
# what seconds and memory depend on, besides the run itself: fields of run.json and of a result
CONDITIONS = ("device", "hardware", "processes", "compiled", "runs_at_once")
# marks an epoch that was trained before the run was resumed under other conditions
_OTHER_CONDITIONS = "other_conditions"
_PEAKS = ("peak_memory_mib", "peak_reserved_mib")
_REMOVE = "remove it; the run then resumes without the epochs in it"
# folders that figures depend on: a change of the results beside them does not count
_SOURCES = ("basicts_elin", "baselines_cfg", "benchmarks", "experiments")
PACKAGES = ("basicts-elin", "basicts", "easy-torch", "torch", "numpy")


class RunRecord:
    """Writes `run.json` of a training run: facts, seconds of each epoch, peak memory, versions, hardware.

    A resumed run keeps the epochs before `start_epoch`, marked if they were trained under other conditions than those
    to come, and the commits that it was trained with.

    Args:
        folder: of the run.
        start_epoch: the last epoch that is not trained again; 0 for a new run.
        facts: written as they are.
    """

    def __init__(self, folder: Path, start_epoch: int, on_gpu: bool, **facts: Any):
        self.on_gpu = on_gpu
        self.path = Path(folder) / RECORD_FILE
        before = {}
        if start_epoch and self.path.is_file():
            before = read_json(self.path, _REMOVE)
        facts["runs_at_once"] = int(os.environ.get(RUNS_AT_ONCE, 1))
        self.content = {**facts, **environment(on_gpu)}
        is_alike = all(before.get(name) == self.content.get(name) for name in CONDITIONS)
        kept = [entry for entry in before.get("epochs", []) if entry["epoch"] <= start_epoch]
        self.content["epochs"] = kept if is_alike else [{**entry, _OTHER_CONDITIONS: True} for entry in kept]
        self.content["commit"] = ", ".join(_each(before.get("commit"), self.content["commit"])) or None
        self._peaks_before = {name: before.get(name) if is_alike else None for name in _PEAKS}

    def add_epoch(
        self, epoch: int, train_seconds: float, validation_seconds: float, is_best: bool = False, **curves: Any
    ) -> None:
        """Add an epoch and write the file.

        Args:
            is_best: whether validation found no better epoch before.
            curves: `learning_rate`, and `train` and `validation`: metric -> value, {} where none was computed. None
                stands for a value that is not finite.
        """
        self.content["epochs"].append(
            {
                "epoch": epoch,
                "train_seconds": round(train_seconds, 3),
                "validation_seconds": round(validation_seconds, 3),
                "is_best": is_best,
                **curves,
            }
        )
        peaks = peak_memory_mib(self.on_gpu), _reserved_memory_mib() if self.on_gpu else None
        for name, now in zip(_PEAKS, peaks, strict=True):
            self.content[name] = max(filter(None, (self._peaks_before[name], now)), default=None)
        write_json(self.path, self.content)

    def add(self, **facts: Any) -> None:
        """Add facts that the file lacks, unless its epochs were trained under other conditions than those of now."""
        found = read_json(self.path, _REMOVE) if self.path.is_file() else {}
        if found and all(found.get(name) == self.content.get(name) for name in CONDITIONS):
            write_json(self.path, {**facts, **found})


def comparable_epochs(epochs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The epochs of `run.json` that were trained under the conditions that it names."""
    return [epoch for epoch in epochs if not epoch.get(_OTHER_CONDITIONS)]


def environment(on_gpu: bool) -> dict[str, Any]:
    """Versions of Python and the packages, commit of the source, hardware that is used."""
    import torch

    versions = {package: metadata.version(package) for package in PACKAGES}
    return {
        "versions": {"python": platform.python_version(), **versions},
        "commit": source_commit(),
        "hardware": torch.cuda.get_device_name() if on_gpu else f"{_cpu_name()}, {torch.get_num_threads()} threads",
    }


def source_commit() -> Optional[str]:
    """Short commit of the checkout that the package runs from, "+" if its code has changes; None outside a checkout."""
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
    """Peak memory so far: allocated on the GPU, else the resident size of the process; None if unknown."""
    if on_gpu:
        import torch

        return _mib(torch.cuda.max_memory_allocated())
    status = Path("/proc/self/status")
    for line in status.read_text().splitlines() if status.is_file() else ():
        # The peak of getrusage begins with that of the process that started this one.
        if line.startswith("VmHWM:"):
            return _mib(int(line.split()[1]) * 2**10)
    try:
        import resource
    except ImportError:  # not on Windows
        return None
    unit = 1 if sys.platform == "darwin" else 2**10
    return _mib(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit)


def _reserved_memory_mib() -> float:
    """Peak memory that the process took from the GPU, unused parts included."""
    import torch

    return _mib(torch.cuda.max_memory_reserved())


def _each(*commits: Optional[str]) -> list[str]:
    """Every commit once, of texts that may name several."""
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
