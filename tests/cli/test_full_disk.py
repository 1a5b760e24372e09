"""Disks that are full: one line, existing files stay as they are, and the same command resumes once there is room."""

import errno
import os
import resource
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from cli.bad_input import MADE, tree
from cli.commands import CFG, ENVIRONMENT, paths, train
from tiny import metrics

from basicts_elin.cli import main
from basicts_elin.training.runner.checkpoints import read_checkpoint

PAGE = 4096
NAMESPACE = ["unshare", "--user", "--map-root-user", "--mount"]


@pytest.fixture
def small_disk(place):
    """A disk of 1 MB in memory, its name."""
    Path("disk").mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", "disk"]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"only root mounts disks: {done.stderr.strip()}")
    yield "disk"
    subprocess.run(["umount", "--lazy", place / "disk"], check=True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root mounts the disks of the other tests itself")
def test_in_a_namespace_of_ones_own():
    if subprocess.run([*NAMESPACE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this system has no namespaces for users")
    done = subprocess.run([*NAMESPACE, sys.executable, "-m", "pytest", __file__], capture_output=True, check=False)
    assert done.returncode == 0, done.stdout


def fill(disk, leave=0):
    """Leave so many bytes of room; the file that takes the rest."""
    ballast = Path(disk) / "ballast"
    with ballast.open("wb") as file, pytest.raises(OSError) as error:
        while True:
            os.write(file.fileno(), bytes(PAGE))
    assert error.value.errno == errno.ENOSPC
    os.truncate(ballast, ballast.stat().st_size - leave)
    return ballast


@contextmanager
def files_up_to(size):
    """No file can become larger, which every system can do."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def one_line(capsys, code, *command):
    """The error of a command: on stderr it is the last line, after what a run shows of its progress."""
    assert main([*map(str, command)]) == code
    said = capsys.readouterr().err
    assert "Traceback" not in said and "Logging error" not in said and "Exception ignored" not in said
    assert said.count("error: ") == 1
    assert said.splitlines()[-1].startswith("error: ")
    return said.splitlines()[-1]


def assert_whole(folder):
    """No file in a run's folder is half a file, but for its log and tensorboard's, which grow."""
    assert not list(Path(folder).rglob("*.unfinished"))
    for checkpoint in Path(folder).rglob("*.pt"):
        read_checkpoint(checkpoint)
    for file in Path(folder).rglob("test_metrics.json"):
        metrics(file.parent)


@pytest.mark.parametrize("leave", [0, PAGE, 4 * PAGE, 8 * PAGE])
def test_prepare(small_disk, capsys, leave):
    made = MADE.replace("--out out", "--out disk/new/datasets").split()
    fill(small_disk, leave)
    before = tree()
    line = one_line(capsys, 2, *made)
    assert "disk/new" in line and "ree space" in line
    assert tree() == before


def test_prepare_keeps_what_it_was_to_replace(small_disk, capsys):
    made = MADE.replace("--out out", "--out disk").split()
    assert main(made) == 0
    fill(small_disk, 8 * PAGE)
    before = tree()
    assert "ree space" in one_line(capsys, 2, *made, "--force")
    assert tree() == before
    Path("disk/ballast").unlink()
    assert main([*made, "--force"]) == 0


@pytest.mark.parametrize("leave", [0, PAGE, 2 * PAGE, 4 * PAGE, 6 * PAGE, 8 * PAGE])
def test_train(small_disk, capsys, leave):
    command = ["train", "-c", CFG, "-g", "cpu", "--set", "ckpt_save_dir=disk/runs"]
    ballast = fill(small_disk, leave)
    before = tree()
    code = main(command)
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert "Traceback" not in said and "Logging error" not in said and "Exception ignored" not in said
    assert "No space left on device; free space there" in said.splitlines()[-1]
    after = tree()
    assert {path: after[path] for path in before} == before
    if code == 2:
        assert after == before
    assert_whole("disk/runs")

    ballast.unlink()
    assert main(command) == 0
    found = paths(capsys.readouterr().out)
    assert metrics(found["metrics"].parent) == metrics(train(capsys)["metrics"].parent)


def test_predictions(small_disk, capsys):
    command = ["train", "-c", CFG, "-g", "cpu", "--set", "ckpt_save_dir=disk/runs"]
    assert main(command) == 0
    checkpoint = paths(capsys.readouterr().out)["checkpoint"]
    fill(small_disk, 5 * PAGE)
    before = tree()
    evaluate = ["evaluate", "-cfg", CFG, "-ckpt", checkpoint, "-g", "cpu", "--save-predictions"]
    assert "predictions.npz cannot be written" in one_line(capsys, 2, *evaluate)
    after = tree()
    assert {path: after[path] for path in before} == before
    assert not list(Path().rglob("predictions*"))


def test_report(small_disk, capsys):
    run = train(capsys)["metrics"].parent
    Path("disk/rows.csv").write_text("model,dataset,seed\n")
    fill(small_disk)
    before = tree()
    for table in ("disk/rows.csv", "disk/new/rows.csv"):
        assert "No space left on device; free space there" in one_line(capsys, 2, "report", run, "-o", table)
        assert tree() == before


def test_a_full_disk_for_what_is_printed(place):
    """Such as `basicts-elin list > /dev/full`."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "basicts_elin.cli", "prepare", *MADE.split()[1:]]
        done = subprocess.run(command, env=ENVIRONMENT, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "error: No space left on device; free space there, or name another folder\n"


@pytest.mark.parametrize("size", [0, 100, 1000, 5000])
def test_prepare_where_files_must_stay_small(place, capsys, size):
    before = tree()
    with files_up_to(size):
        line = one_line(capsys, 2, *MADE.split())
    assert "out/SyntheticTraffic cannot be written" in line
    assert tree() == before


@pytest.mark.parametrize("size", [0, 100, 1500, 2500, 4000, 5500])
def test_train_where_files_must_stay_small(place, capsys, size):
    command = ["train", "-c", CFG, "-g", "cpu"]
    before = tree()
    with files_up_to(size):
        code = main(command)
    said = capsys.readouterr().err
    assert code in (1, 2)
    assert "Traceback" not in said and "Logging error" not in said and "Exception ignored" not in said
    assert "File too large; free space there" in said.splitlines()[-1]
    if code == 2:
        assert tree() == before
    assert_whole("checkpoints")
    assert main(command) == 0


def test_report_where_files_must_stay_small(place, capsys):
    run = train(capsys)["metrics"].parent
    Path("rows.csv").write_text("model,dataset,seed\n")
    before = tree()
    with files_up_to(100):
        assert "File too large" in one_line(capsys, 2, "report", run, "-o", "rows.csv")
    assert tree() == before
