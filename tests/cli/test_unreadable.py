"""Files that may not be read or written. Root may, so that for root the commands run without that right."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from cli.bad_input import DATASET, EVALUATE, H5, NPZ, REPORT, TRAIN, fill, tree
from cli.commands import CFG, ENVIRONMENT

WITHOUT = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"]

CASES = [
    ("raw/PEMS08.npz", 0o000, NPZ, "raw/PEMS08.npz: Permission denied; change its permissions"),
    ("raw/metr-la.h5", 0o000, H5, "error: file: raw/metr-la.h5 cannot be read"),
    ("raw", 0o000, NPZ, "raw/PEMS08.npz: Permission denied; change its permissions"),
    ("full", 0o500, NPZ.replace("--out out", "--out full"), "full/PEMS08 cannot be written"),
    (CFG, 0o000, TRAIN, f"{CFG}: Permission denied; change its permissions"),
    (DATASET, 0o000, TRAIN, f"{DATASET}/meta.json: Permission denied; change its permissions"),
    (f"{DATASET}/val_data.npy", 0o000, TRAIN, f"{DATASET}/val_data.npy: Permission denied; change its permissions"),
    ("full", 0o500, f"{TRAIN} --set ckpt_save_dir=full/runs", "full/runs: Permission denied; change its permissions"),
    ("run/Tiny.pt", 0o000, EVALUATE, "run/Tiny.pt: unreadable (PermissionError)"),
    ("run", 0o500, EVALUATE, "run/evaluation: Permission denied; change its permissions"),
    ("run", 0o000, REPORT, "run/run.json: Permission denied; change its permissions"),
    ("run/run.json", 0o000, REPORT, "run/run.json: Permission denied; change its permissions"),
    (f"{DATASET}/meta.json", 0o000, "report run --naive", "meta.json: Permission denied; change its permissions"),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory):
    """Exit code and stderr of each case, from one process, because starting takes seconds; the folder before, after."""
    prefix = []
    if os.geteuid() == 0:
        prefix = WITHOUT
        if not shutil.which(prefix[0]) or subprocess.run([*prefix, "true"], check=False).returncode:
            pytest.skip("root may read everything, and there is no setpriv that takes it that right")
    folder = tmp_path_factory.mktemp("unreadable")
    fill(folder)
    (folder / "full").mkdir()
    before = tree(folder)
    done = subprocess.run(
        [*prefix, sys.executable, "-m", "cli.unreadable"],
        input="".join(json.dumps(case[:3]) + "\n" for case in CASES),
        cwd=folder,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], before, tree(folder)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[f"{path}: {command}" for path, _, command, _ in CASES])
def test_it_is_said(answers, number):
    code, said = answers[0][number]
    assert said.startswith("error: ") and said.count("\n") == 1
    assert CASES[number][3] in said
    assert code == 2


def test_nothing_is_changed(answers):
    assert answers[1] == answers[2]
