"""A configuration to run commands with, and the commands as the tests give them."""

import os
import re
import subprocess
import sys
from pathlib import Path

from basicts_elin.cli import main

ROOT = Path(__file__).resolve().parents[2]
CONFIG = """
from basicts_elin import benchmark_config
from tiny import Tiny, TinyConfig

CFG = benchmark_config(Tiny, TinyConfig(), "Tiny", num_epochs=2)
"""
# for another process: a dataset of the catalogue and a model of the package
SMALL_CONFIG = """
from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin import benchmark_config

DIMS = {"input_hidden_size": 4, "tid_hidden_size": 4, "diw_hidden_size": 4, "adaptive_hidden_size": 4, "n_heads": 2}
CFG = benchmark_config(ELinFormer, ELinFormerConfig(num_features=5, num_layers=1, **DIMS), "SyntheticTraffic")
"""
CFG = "cfg/Tiny_small/Tiny.py"
# of a process that can import the tests; tiny tensors: a second thread costs more than it saves
ENVIRONMENT = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}", "OMP_NUM_THREADS": "1"}


def paths(printed):
    """What a command printed as "checkpoint: PATH" and the like."""
    return {name: Path(path) for name, path in re.findall(r"^(checkpoint|log|metrics): +(.+)$", printed, re.MULTILINE)}


def train(capsys, *arguments):
    assert main(["train", "-c", CFG, "-g", "cpu", *arguments]) == 0
    return paths(capsys.readouterr().out)


def evaluate(capsys, checkpoint, *arguments):
    assert main(["evaluate", "-cfg", CFG, "-ckpt", str(checkpoint), "-g", "cpu", *arguments]) == 0
    return paths(capsys.readouterr().out)


def refused(capsys, *arguments):
    """The one line of a command that something is wrong with."""
    assert main([*map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1 and captured.err.endswith("\n")
    return captured.err


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def run(folder, *arguments):
    command = [sys.executable, *map(str, arguments)]
    # tiny tensors: a second thread costs more than it saves
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=400, check=False
    )
