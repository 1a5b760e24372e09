"""A preparation that is killed leaves the old dataset or the new one, and the next one puts the rest in order."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from data.small_series import contents, save_npz
from filelock import FileLock
from moments import Moments
from refusal import refuses

from basicts_elin.data.prepare import prepare_dataset


def killed(moment, function):
    """Run in a process of its own, killed before the operation of that number; whether it was."""
    child = os.fork()
    if child == 0:
        moments = Moments(moment)
        moments.watch(np, "save")
        moments.watch(Path, "rename", "mkdir", "write_text")
        moments.watch(shutil, "rmtree", "copy2")
        try:
            function()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


@pytest.mark.parametrize("exists", [False, True])
def test_at_any_moment(tmp_path, flow, out, exists):
    raws = [save_npz(tmp_path / f"{name}.npz", values) for name, values in (("old", flow), ("new", flow + 1))]
    whole = []
    for raw in raws:
        shutil.rmtree(out, ignore_errors=True)
        whole.append(contents(prepare_dataset("PEMS08", raw, out=out)))
    assert whole[0] != whole[1]
    moment, seen = 0, set()
    while True:
        moment += 1
        shutil.rmtree(out)
        if exists:
            folder = prepare_dataset("PEMS08", raws[0], out=out)
            (folder / "notes.txt").write_text("mine")
        if not killed(moment, lambda: prepare_dataset("PEMS08", raws[1], out=out, force=True)):
            break
        folder = out / "PEMS08"
        state = "absent"
        if folder.exists():
            found = contents(folder)
            assert (found.pop(Path("notes.txt"), None) == b"mine") == exists
            state = ("old", "new")[whole.index(found)]
        elif exists:
            # killed while one takes the place of the other: the next one brings it back
            with refuses("out", found=folder, fix="--force"):
                prepare_dataset("PEMS08", raws[1], out=out)
            assert (folder / "notes.txt").read_text() == "mine"
        seen.add(state)
        prepare_dataset("PEMS08", raws[1], out=out, force=True)
        assert {path.name for path in out.iterdir()} == {"PEMS08"}
        assert whole[1].items() <= contents(folder).items()
    assert seen == ({"old", "new", "absent"} if exists else {"new", "absent"})
    assert moment > 10


def test_one_process_at_a_time(npz, out):
    staging = out / ".PEMS08-preparing"
    staging.mkdir(parents=True)
    with FileLock(staging / ".lock"):
        before = contents(out)
        with refuses("out", found=out, fix="wait"):
            prepare_dataset("PEMS08", npz, out=out)
        assert contents(out) == before
    prepare_dataset("PEMS08", npz, out=out)
    assert {path.name for path in out.iterdir()} == {"PEMS08"}
