"""A command opens each file of a dataset at most once, from the checks to the predictions."""

import json
import subprocess
import sys

import numpy as np
import pytest
from cli.commands import ENVIRONMENT, ROOT, SMALL_CONFIG, paths
from tiny import write_dataset

from basicts_elin.data.graphs.graph import pickled
from basicts_elin.data.layout import FILES, GRAPH_FILE

ALL_ONCE = dict.fromkeys([*FILES, GRAPH_FILE], 1)


@pytest.fixture
def place(tmp_path):
    """A folder with a prepared dataset, its graph, and a configuration on it."""
    folder = write_dataset(tmp_path, "SyntheticTraffic")
    (folder / GRAPH_FILE).write_bytes(pickled(np.eye(5, dtype=np.float32)))
    (tmp_path / "config.py").write_text(SMALL_CONFIG)
    return tmp_path


def opened(place, *arguments):
    """How often the command opened each file, and what it printed."""
    command = [sys.executable, ROOT / "tests/cli/counting_opens.py", place / "opened.json", *arguments]
    done = subprocess.run(command, cwd=place, env=ENVIRONMENT, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads((place / "opened.json").read_text()), done.stdout


def test_each_file_is_opened_once(place):
    run = ("-c", "config.py", "-g", "cpu", "--save-predictions")
    counts, printed = opened(place, "train", *run, "--set", "num_epochs=2")
    assert counts == ALL_ONCE
    checkpoint = paths(printed)["checkpoint"]
    counts, _ = opened(place, "evaluate", *run, "-ckpt", str(checkpoint))
    assert counts == ALL_ONCE
    counts, _ = opened(place, "report", "--naive", str(checkpoint.parent))
    assert set(counts.values()) == {1}


def test_a_legacy_model_opens_each_file_once(checkout, edit):
    place = checkout.parent
    edit("", "from basicts.utils import load_dataset_data, load_dataset_desc")
    edit("", "assert load_dataset_data(DATA_NAME).shape == (*load_dataset_desc(DATA_NAME)['shape'],)")
    run = ("-c", "legacy/Mini/Tiny", "--legacy-root", str(checkout), "-g", "cpu", "--save-predictions")
    counts, printed = opened(place, "train", *run, "--set", "num_epochs=1")
    assert counts == ALL_ONCE
    counts, _ = opened(place, "evaluate", *run, "-ckpt", str(paths(printed)["checkpoint"]))
    assert counts == ALL_ONCE
