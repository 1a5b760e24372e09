"""What happens to a run that fails, as a user sees it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from cli.commands import CONFIG, ENVIRONMENT, SMALL_CONFIG, contents, run
from easytorch.utils import get_rank
from tiny import Interrupt, Tiny

from basicts_elin.cli import main

COMMAND = ["train", "-c", "failing.py", "-g", "cpu"]


class Failing(Tiny):
    """Raises `error` when it computes; with `rank`, in that process alone."""

    error, rank = RuntimeError("no such\nluck"), None

    def forward(self, inputs, inputs_timestamps):
        if self.rank is None or self.rank == get_rank():
            raise self.error
        return super().forward(inputs, inputs_timestamps)


class SecondFailing(Failing):
    """For other processes, which see nothing that a test changes."""

    rank = 1


@pytest.fixture
def failing(tiny):
    """Where a configuration of the model lies."""
    import_ = f"from {__name__} import Failing as Tiny\nfrom tiny import TinyConfig"
    Path("failing.py").write_text(CONFIG.replace("from tiny import Tiny, TinyConfig", import_))
    Path("second.py").write_text(Path("failing.py").read_text().replace("Failing as", "SecondFailing as"))
    return tiny


def failure(capfd, code, command=COMMAND):
    """The line that a run ends with."""
    assert main(command) == code
    said = capfd.readouterr().err
    assert "Traceback" not in said
    return said.splitlines()[-1]


def logged(line):
    """The log that a line names."""
    return Path(line.removesuffix(" says where it failed").rpartition(" ")[2])


def test_the_output_of_a_compiler_is_in_the_log(failing, capfd, monkeypatch):
    words = "cannot find -ltorch " + "overflow in conversion " * 9999
    monkeypatch.setattr(Failing, "error", torch._dynamo.exc.BackendCompilerFailed(compile, RuntimeError(words), None))
    line = failure(capfd, 1)
    assert len(line) < 700
    assert line.startswith("error: BackendCompilerFailed: ")
    assert "cannot find -ltorch overflow" in line and "--compile" in line
    assert words.strip() in logged(line).read_text()


def test_a_model_that_raises(failing, capfd):
    line = failure(capfd, 1)
    assert line.startswith("error: RuntimeError: no such luck: the run is stopped; checkpoints/Failing/Tiny_2_12_12/")
    text = logged(line).read_text()
    assert "Traceback (most recent call last)" in text and "in forward" in text
    assert text.endswith("no such\nluck\n")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(28, "No space left on device", "a.pt"), "a.pt: No space left on device; free space there, or name"),
        (MemoryError(), "MemoryError: ; a smaller --set train_batch_size (or test_batch_size) needs less memory: the"),
        (torch.OutOfMemoryError("no room"), "OutOfMemoryError: no room; a smaller --set train_batch_size"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "a smaller --set train_batch_size"),
        (KeyError("x"), "KeyError: 'x': the run is stopped"),
        (RuntimeError("So.\nTraceback (most recent call last):\n  File\nKeyError: 5\n"), "RuntimeError: KeyError: 5"),
        (AssertionError(), "AssertionError: : the run is stopped"),
    ],
)
def test_whatever_it_raises_is_one_line(failing, capfd, monkeypatch, error, expected):
    monkeypatch.setattr(Failing, "error", error)
    assert expected in failure(capfd, 1)


def test_an_evaluation_that_raises(failing, capfd):
    torch.save({"model_state_dict": {"linear.weight": torch.zeros(12, 12), "linear.bias": torch.zeros(12)}}, "a.pt")
    line = failure(capfd, 1, ["evaluate", "-cfg", "failing.py", "-ckpt", "a.pt", "-g", "cpu"])
    assert line.startswith("error: RuntimeError: no such luck: the run is stopped; evaluation/Tiny_a/evaluation_log_")
    assert "in forward" in logged(line).read_text()


def test_a_worker_of_the_loader_that_raises(failing, capfd):
    config = CONFIG + "CFG.train_data_collate_fn = lambda batch: batch['x']\nCFG.train_data_num_workers = 1\n"
    Path("failing.py").write_text(config)
    line = failure(capfd, 1)
    assert "list indices must be integers or slices, not str: the run is stopped; " in line
    assert "in DataLoader worker process 0" in logged(line).read_text()


def test_one_of_several_processes_that_raises(failing, capfd):
    line = failure(capfd, 1, ["train", "-c", "second.py", "-g", "cpu", "--processes", "2"])
    assert line.startswith("error: RuntimeError: no such luck: the run is stopped; checkpoints/SecondFailing/")
    assert logged(line).name.endswith("_process1.log")
    assert "in forward" in logged(line).read_text()


def test_an_interruption(failing, capfd, monkeypatch):
    monkeypatch.setattr(Interrupt, "at", 2)
    config = CONFIG.replace("TinyConfig\n", "TinyConfig, Interrupt\n").replace("=2)", "=2, callbacks=[Interrupt()])")
    Path("failing.py").write_text(config)
    assert failure(capfd, 130) == "interrupted: the same command resumes after its last finished epoch"
    (log,) = Path("checkpoints").rglob("training_log*.log")
    assert log.read_text().endswith("interrupted\n")
    monkeypatch.setattr(Interrupt, "at", None)
    time.sleep(1.1)
    assert main([*COMMAND, "--resume"]) == 0
    assert "Resume training after epoch 1" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (MemoryError("no 5 GB"), 2, "error: memory: insufficient (no 5 GB); "),
        (KeyboardInterrupt(), 130, "interrupted\n"),
    ],
)
def test_a_preparation_that_is_stopped(tmp_path, monkeypatch, capsys, error, code, expected):
    def stopped(*args, **kwargs):
        raise error

    monkeypatch.setattr("basicts_elin.data.prepare.writer.np.save", stopped)
    out = tmp_path / "new" / "datasets"
    assert main(["prepare", "SyntheticTraffic", "--nodes", "4", "--days", "7", "--out", str(out)]) == code
    said = capsys.readouterr().err
    assert said.startswith(expected) and said.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_printed(tmp_path):
    command = ["-m", "basicts_elin.cli", "prepare", "SyntheticTraffic", "--nodes", "4", "--days", "7", "--out", b"\xe9"]
    environment = {**ENVIRONMENT, "PYTHONIOENCODING": "ascii:strict"}
    done = subprocess.run([sys.executable, *command], cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"\\udce9/SyntheticTraffic: 2016 rows x 4 nodes")


def test_what_fails_before_the_run_leaves_no_folder(failing, capfd, monkeypatch):
    before = contents(failing)

    def full(path, content):
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr("basicts_elin.training.launch.launcher.write_atomically", full)
    assert "cfg.json: No space left on device; free space there" in failure(capfd, 2)
    assert not Path("checkpoints").exists()
    assert contents(failing) == {**before, **{path: path.read_bytes() for path in failing.rglob("*.pyc")}}


@pytest.mark.slow
@pytest.mark.parametrize("everyone", [True, False])
def test_several_processes_that_are_interrupted(tmp_path, everyone):
    """Ctrl-C reaches every process, `kill -INT` the first one alone."""
    made = run(tmp_path, "-m", "basicts_elin.cli", "prepare", "SyntheticTraffic", "--nodes", 5, "--days", 7)
    assert made.returncode == 0
    (tmp_path / "config.py").write_text(SMALL_CONFIG)
    command = [sys.executable, "-m", "basicts_elin.cli", "train", "-c", "config.py", "-g", "cpu", "--processes", "2"]
    with (tmp_path / "said").open("w") as said:
        process = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stderr=said, start_new_session=True)
        deadline = time.monotonic() + 120
        while "Epoch 1" not in (tmp_path / "said").read_text() and time.monotonic() < deadline:
            time.sleep(0.2)
        (os.killpg if everyone else os.kill)(process.pid, signal.SIGINT)
        assert process.wait(timeout=60) == 130
    text = (tmp_path / "said").read_text()
    assert "Traceback" not in text
    assert text.splitlines()[-1] == "interrupted: the same command resumes after its last finished epoch"
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < deadline:
            os.killpg(process.pid, 0)
            time.sleep(0.1)
