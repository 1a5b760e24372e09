import platform
import shlex
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
import torch
from tiny import ours, record, rewrite_meta

from basicts_elin import record as module
from basicts_elin.data.dataset import open_dataset
from basicts_elin.record import RunRecord, comparable_epochs, environment, peak_memory_mib, source_commit
from basicts_elin.training.launch.launcher import launch_training

ROOT = Path(__file__).resolve().parents[1]


def test_the_record_of_a_run(tiny):
    config = ours(num_epochs=2, seed=5)
    config["_config_file"] = "cfg/Tiny.py"
    content = record(launch_training(config))
    epochs, peak = content.pop("epochs"), content.pop("peak_memory_mib")
    assert [entry.pop("epoch") for entry in epochs] == [1, 2]
    assert [type(entry.pop("is_best")) for entry in epochs] == [bool, bool]
    assert [entry.pop("learning_rate") for entry in epochs] == [config.optimizer_params["lr"]] * 2
    for part in ("train", "validation"):
        curves = [entry.pop(part) for entry in epochs]
        assert all(list(values) == ["loss", "MAE", "RMSE", "MAPE"] for values in curves)
        assert curves[1]["loss"] < curves[0]["loss"]
    assert all(set(entry) == {"train_seconds", "validation_seconds"} for entry in epochs)
    assert all(0 < seconds < 60 for entry in epochs for seconds in entry.values())
    assert peak > 50
    versions = content.pop("versions")
    assert versions["python"] == platform.python_version()
    packages = ("basicts-elin", "basicts", "easy-torch", "torch", "numpy")
    assert versions == {"python": versions["python"], **{name: metadata.version(name) for name in packages}}
    assert content.pop("hardware")
    assert 0 < content.pop("inference_ms_per_window") < 1000 and content.pop("inference_batch_size") == 50
    assert content.pop("commit") == source_commit()
    assert content == {
        "config": "cfg/Tiny.py",
        "command": shlex.join(sys.argv),
        "dataset_sha256": open_dataset(tiny / "datasets" / "Tiny").fingerprint,
        "model": "Tiny",
        "dataset": "Tiny",
        "interval_minutes": 5,
        "unit": "",
        "mape_warning": "",
        "parameters": 12 * 12 + 12,
        "seed": 5,
        "num_epochs": 2,
        "input_len": 12,
        "output_len": 12,
        "nodes": 5,
        "batch_size": 16,
        "train_windows": 73,
        "peak_reserved_mib": None,
        "device": "cpu",
        "processes": 1,
        "compiled": False,
        "runs_at_once": 1,
    }


def test_the_hardware_of_a_run_without_a_gpu_is_the_processor_with_its_threads():
    name, threads = environment(on_gpu=False)["hardware"].rsplit(", ", 1)
    assert name.strip()
    assert threads == f"{torch.get_num_threads()} threads"


def test_the_hardware_of_a_run_on_a_gpu_is_that(monkeypatch):
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "H200")
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda: 3 * 2**20)
    assert environment(on_gpu=True)["hardware"] == "H200"
    assert peak_memory_mib(on_gpu=True) == 3.0


def test_the_best_epochs_are_those_whose_model_was_kept(tiny):
    folder = launch_training(ours(num_epochs=3, optimizer_params={"lr": 3.0}))
    epochs = record(folder)["epochs"]
    best = [entry["epoch"] for entry in epochs if entry["is_best"]]
    assert best[0] == 1
    assert torch.load(folder / "Tiny_best_val_MAE.pt", weights_only=True)["epoch"] == best[-1]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the peak of a process may include its parent's")
def test_the_peak_memory_is_that_of_the_process_and_not_of_its_parent():
    code = "from basicts_elin.record import peak_memory_mib; print(peak_memory_mib(on_gpu=False))"
    own = bytearray(2**29)
    own[::4096] = b"1" * len(own[::4096])
    # fork, not the spawn that subprocess prefers, passes the peak of the parent on
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, preexec_fn=lambda: None)
    assert 5 < float(done.stdout) < 400


def test_on_a_gpu_the_memory_that_was_taken_is_recorded_too(tmp_path, monkeypatch):
    sizes = {"max_memory_allocated": 3 * 2**20, "max_memory_reserved": 5 * 2**20, "get_device_name": "H200"}
    for name, size in sizes.items():
        monkeypatch.setattr(torch.cuda, name, lambda size=size: size)
    RunRecord(tmp_path, 0, on_gpu=True).add_epoch(1, 1.0, 1.0)
    assert (record(tmp_path)["peak_memory_mib"], record(tmp_path)["peak_reserved_mib"]) == (3.0, 5.0)


def test_facts_are_added_where_the_conditions_are_those_of_the_epochs(tmp_path):
    RunRecord(tmp_path, 0, False, device="cpu").add_epoch(1, 1.0, 0.5)
    RunRecord(tmp_path, 1, False, device="1 GPU").add(inference_ms_per_window=0.5)
    assert "inference_ms_per_window" not in record(tmp_path)
    RunRecord(tmp_path, 1, False, device="cpu").add(inference_ms_per_window=0.5)
    RunRecord(tmp_path, 1, False, device="cpu").add(inference_ms_per_window=0.75)
    assert record(tmp_path)["inference_ms_per_window"] == 0.5 and len(record(tmp_path)["epochs"]) == 1


def test_a_new_run_forgets_the_epochs_of_another(tmp_path):
    RunRecord(tmp_path, 0, False, seed=1).add_epoch(1, 1.0, 0.5)
    RunRecord(tmp_path, 0, False, seed=2).add_epoch(1, 2.0, 0.5)
    assert [entry["train_seconds"] for entry in record(tmp_path)["epochs"]] == [2.0]
    assert record(tmp_path)["seed"] == 2


def test_a_resumed_run_keeps_the_epochs_that_it_does_not_repeat(tmp_path):
    first = RunRecord(tmp_path, 0, False)
    for epoch in (1, 2, 3):
        first.add_epoch(epoch, 10.0 * epoch, 1.23456)
    # the checkpoint of epoch 3 was lost
    RunRecord(tmp_path, 2, False).add_epoch(3, 5.0, 1.0, is_best=True)
    assert record(tmp_path)["epochs"] == [
        {"epoch": 1, "train_seconds": 10.0, "validation_seconds": 1.235, "is_best": False},
        {"epoch": 2, "train_seconds": 20.0, "validation_seconds": 1.235, "is_best": False},
        {"epoch": 3, "train_seconds": 5.0, "validation_seconds": 1.0, "is_best": True},
    ]


def seconds(content):
    return [entry["train_seconds"] for entry in comparable_epochs(content["epochs"])]


def test_a_run_that_is_resumed_under_other_conditions_costs_what_its_last_part_does(tmp_path, monkeypatch):
    peak = {"now": 500.0}
    monkeypatch.setattr(module, "peak_memory_mib", lambda on_gpu: peak["now"])
    monkeypatch.setattr(module, "source_commit", lambda: "abc")
    RunRecord(tmp_path, 0, False, processes=1).add_epoch(1, 10.0, 1.0)
    # alike: the largest peak
    peak["now"] = 300.0
    RunRecord(tmp_path, 1, False, processes=1).add_epoch(2, 20.0, 1.0)
    content = record(tmp_path)
    assert (seconds(content), content["peak_memory_mib"], content["commit"]) == ([10.0, 20.0], 500.0, "abc")
    monkeypatch.setattr(module, "source_commit", lambda: "def")
    RunRecord(tmp_path, 2, False, processes=2).add_epoch(3, 5.0, 1.0)
    RunRecord(tmp_path, 3, False, processes=2).add_epoch(4, 7.0, 1.0)
    content = record(tmp_path)
    assert (seconds(content), content["peak_memory_mib"], content["commit"]) == ([5.0, 7.0], 300.0, "abc, def")
    assert [entry["epoch"] for entry in content["epochs"]] == [1, 2, 3, 4]


def test_nothing_but_the_record_is_left(tmp_path):
    RunRecord(tmp_path, 0, False).add_epoch(1, 1.0, 1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_the_interval_and_the_unit_are_those_of_the_dataset(tiny):
    rewrite_meta(tiny, unit="kWh")
    content = record(launch_training(ours()))
    assert (content["interval_minutes"], content["unit"]) == (5, "kWh")


@pytest.mark.skipif(not (ROOT / ".git").exists() or not shutil.which("git"), reason="needs a git checkout")
def test_the_commit_is_the_checkouts():
    command = ["git", "-C", str(ROOT), "rev-parse", "HEAD"]
    head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert head.startswith(source_commit().rstrip("+"))
    assert len(source_commit()) >= 7


@pytest.mark.skipif(not shutil.which("git"), reason="needs git")
def test_changes_of_the_code_are_marked_and_those_of_results_are_not(tmp_path, monkeypatch):
    def git(*arguments):
        names = ["-c", "user.name=a", "-c", "user.email=a@b"]
        subprocess.run(["git", "-C", str(tmp_path), *names, *arguments], check=True, capture_output=True)

    files = {name: tmp_path / name / "x.py" for name in ("basicts_elin", "results")}
    for file in files.values():
        file.parent.mkdir()
        file.write_text("1")
    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "basicts_elin" / "record.py"))
    commit = source_commit()
    assert commit and not commit.endswith("+")
    files["results"].write_text("2")
    assert source_commit() == commit
    files["basicts_elin"].write_text("2")
    assert source_commit() == f"{commit}+"


def test_how_many_runs_share_the_device_is_what_their_starter_says(tmp_path, monkeypatch):
    monkeypatch.setenv("BASICTS_ELIN_RUNS_AT_ONCE", "3")
    RunRecord(tmp_path, 0, False).add_epoch(1, 1.0, 1.0)
    assert record(tmp_path)["runs_at_once"] == 3


def test_outside_a_checkout_there_is_no_commit(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "__file__", str(tmp_path / "site-packages" / "basicts_elin" / "record.py"))
    assert source_commit() is None


def test_a_checkout_that_git_cannot_read_has_no_commit(tmp_path, monkeypatch):
    (tmp_path / ".git").write_text("nonsense")
    monkeypatch.setattr(module, "__file__", str(tmp_path / "basicts_elin" / "host" / "record.py"))
    assert source_commit() is None
