"""The commands as a user sees them: what they print, write and return."""

import argparse
import json
import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import NODES, metrics, record, write_dataset

from basicts_elin import cli
from basicts_elin.cli import main

ROOT = Path(__file__).resolve().parents[1]
VERBS = {
    "train": ["-c", "--cfg", "--config", "-g", "--gpus", "--set", "--seed"],
    "evaluate": ["-cfg", "--cfg", "-ckpt", "--ckpt", "--checkpoint", "-b", "--batch-size", "-g", "--set", "--seed"],
    "prepare": ["NAME", "--raw", "--rows", "--first-row", "--nodes", "--days", "--seed", "--out", "--force"],
    "report": ["RUN", "--naive", "--markdown", "-o", "--output"],
    "demo": ["-c", "--cfg"],
}
CONFIG = """
from basicts_elin.host import benchmark_config
from tiny import Tiny, TinyConfig

CFG = benchmark_config(Tiny, TinyConfig(), "Tiny", num_epochs=2)
"""
# for another process: a dataset of the catalogue and a model of the package
SMALL_CONFIG = """
from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.host import benchmark_config

DIMS = {"input_hidden_size": 4, "tid_hidden_size": 4, "diw_hidden_size": 4, "adaptive_hidden_size": 4, "n_heads": 2}
CFG = benchmark_config(ELinFormer, ELinFormerConfig(num_features=5, num_layers=1, **DIMS), "SyntheticTraffic")
"""


@pytest.fixture
def place(tiny):
    """A folder with the dataset Tiny and a configuration for it."""
    (tiny / "cfg" / "Tiny_small").mkdir(parents=True)
    (tiny / "cfg" / "Tiny_small" / "Tiny.py").write_text(CONFIG)
    return tiny


CFG = "cfg/Tiny_small/Tiny.py"


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


# train


def test_train_prints_where_everything_is(place, capsys):
    assert main(["train", "-c", CFG, "-g", "cpu"]) == 0
    printed = capsys.readouterr().out
    found = paths(printed)
    assert list(found) == ["checkpoint", "log", "metrics"]
    assert all(path.is_file() for path in found.values())
    assert found["checkpoint"].name == "Tiny_best_val_MAE.pt"
    assert set(metrics(found["metrics"].parent)) == {"overall", "horizon_3", "horizon_6", "horizon_12"}
    assert "Epoch 2 / 2" in found["log"].read_text()
    assert "error" not in printed.lower()


def test_what_is_set_reaches_the_run(place, capsys):
    found = train(capsys, "--set", "num_epochs=1", "bias=False", "--set", "optimizer_params.lr=0.5", "--seed", "7")
    content = record(found["metrics"].parent)
    assert (content["seed"], content["num_epochs"], content["parameters"]) == (7, 1, 144)
    assert content["config"] == str(place / CFG)
    checkpoint = torch.load(found["checkpoint"], weights_only=True)
    (group,) = checkpoint["optim_state_dict"]["param_groups"]
    assert (group["initial_lr"], group["weight_decay"]) == (0.5, 3e-4)


def test_a_run_that_is_there_goes_on_and_says_so(place, capsys):
    first = train(capsys)
    before = first["checkpoint"].read_bytes()
    assert main(["train", "-c", CFG, "-g", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert f"{first['metrics'].parent} holds this run already: it goes on where it stopped" in printed
    assert first["checkpoint"].read_bytes() == before


def test_without_gpus_the_choice_is_printed(place, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert main(["train", "-c", CFG, "--set", "num_epochs=1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "--gpus not given: using cpu"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-c", "no.py"], "config file no.py is missing"),
        (["-c", "cfg"], "config file cfg "),
        (["-c", "empty.py"], "config file empty.py holds nothing named CFG"),
        (["-c", "broken.py"], "config file broken.py has a syntax error in line 1"),
        (["-c", "unprepared.py"], "dataset PEMS08 is not prepared: there is no folder datasets/PEMS08 here"),
        (["-c", CFG, "-g", "two"], "--gpus two: expected device numbers"),
        (["-c", CFG, "--set", "num_epochs"], "--set num_epochs: expected field=value"),
        (["-c", CFG, "--set", "=3"], "--set =3: expected field=value"),
        (["-c", CFG, "--set", "gpus=0"], "--set gpus=0: use --gpus 0"),
        (["-c", CFG, "--set", "seed=7"], "--set seed=7: use --seed 7"),
        (["-c", CFG, "--set", "output_len=6"], "eval_horizons=[3, 6, 12] in the configuration; expected steps"),
        (["-c", CFG, "--set", "num_epochs=0"], "num_epochs=0 in the configuration; expected 1 or more"),
        (["-c", CFG, "--set", "val_interval=3"], "val_interval=3 is more than num_epochs=2"),
        (["-c", CFG, "--set", "num_steps=9"], "num_steps=9 in the configuration; expected None"),
        (["-c", CFG, "--set", "train_batch_size=0"], "train_batch_size=0 in the configuration; expected 1 or more"),
        (["-c", CFG, "--set", "save_results=True"], "save_results=True in the configuration; expected False"),
        (["-c", CFG, "--set", "compile_model=True"], "compile_model=True in the configuration; expected False"),
        (["-c", CFG, "--set", "epochs=3"], "--set epochs: the configuration has no field 'epochs'"),
        (["-c", CFG, "--set", "num_epochs=many"], "--set num_epochs='many': str given, int expected"),
        (["-c", CFG, "--set", "lr=fast"], "--set lr='fast'"),
        (["-c", CFG, "--set", "model_config.num_features=9"], "has 5 nodes but the config expects num_features=9"),
        (["-c", CFG, "--set", "input_len=40"], "val_data.npy has 43 rows; input_len + output_len = 52 are needed"),
    ],
)
def test_what_is_wrong_with_a_training_is_one_line(place, capsys, arguments, message):
    Path("empty.py").write_text("")
    Path("broken.py").write_text("CFG = (")
    Path("unprepared.py").write_text(CONFIG.replace('"Tiny"', '"PEMS08"'))
    # the last -g wins
    assert message in refused(capsys, "train", "-g", "cpu", *arguments)
    assert not Path("checkpoints").exists()


def test_a_gpu_where_there_is_none(place, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert "--gpus 0: torch" in (line := refused(capsys, "train", "-c", CFG, "-g", "0"))
    assert line.endswith("finds no GPU here; use --gpus cpu\n")


def test_a_run_that_diverges_is_one_line(place, capsys):
    diverging = "from tiny import Diverging as Tiny, DivergingConfig as TinyConfig"
    Path("diverging.py").write_text(CONFIG.replace("from tiny import Tiny, TinyConfig", diverging))
    assert main(["train", "-c", "diverging.py", "-g", "cpu"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: Diverging predicted NaN or infinity in 5 batches of training epoch 1")


# evaluate


def test_evaluate_gives_the_metrics_of_the_training_and_leaves_its_files(place, capsys):
    trained = train(capsys)
    folder = trained["metrics"].parent
    before = contents(folder)
    found = evaluate(capsys, trained["checkpoint"])
    assert list(found) == ["checkpoint", "log", "metrics"]
    assert found["checkpoint"] == trained["checkpoint"]
    assert found["metrics"] == folder / "evaluation" / "Tiny_Tiny_best_val_MAE" / "test_metrics.json"
    assert json.loads(found["metrics"].read_text()) == json.loads(trained["metrics"].read_text())
    assert "evaluation_log" in found["log"].name and found["log"].is_file()
    after = contents(folder)
    assert {path: after[path] for path in before} == before
    assert all("evaluation" in path.parts for path in after.keys() - before.keys())


@pytest.mark.parametrize(("size", "batches"), [("1", 50), ("7", 8), ("1000", 1)])
def test_the_batch_size_changes_rounding_only(place, capsys, size, batches):
    trained = train(capsys)
    assert main(["evaluate", "-cfg", CFG, "-ckpt", str(trained["checkpoint"]), "-g", "cpu", "-b", size]) == 0
    captured = capsys.readouterr()
    assert f"| {batches}/{batches} [" in captured.err
    found = paths(captured.out)
    reported, expected = (json.loads(where["metrics"].read_text()) for where in (found, trained))
    assert reported.keys() == expected.keys()
    assert all(reported[part] == pytest.approx(expected[part], rel=1e-5) for part in expected)


@pytest.mark.parametrize("size", ["0", "-3", "many"])
def test_a_batch_size_that_is_none(place, capsys, size):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", "-cfg", CFG, "-ckpt", "x.pt", "-b", size])
    assert exit_.value.code == 2
    assert f"{size}" in capsys.readouterr().err.splitlines()[-1]


def test_what_is_wrong_with_a_checkpoint_is_one_line(place, capsys):
    Path("garbage.pt").write_bytes(b"garbage")
    torch.save({"model_state_dict": {"other.weight": torch.ones(1)}}, "other.pt")
    for checkpoint, message in (
        ("no.pt", "checkpoint no.pt is missing"),
        ("garbage.pt", "garbage.pt is not a BasicTS checkpoint"),
        ("other.pt", "checkpoint other.pt is of another model than the config's Tiny"),
    ):
        line = refused(capsys, "evaluate", "-cfg", CFG, "-ckpt", checkpoint, "-g", "cpu")
        assert message in line
    assert not Path("evaluation").exists()


# prepare


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PEMS99", "--raw", "x.npz"], "'PEMS99' is not in the catalogue; known are"),
        (["PEMS08"], "--raw is missing; expected the raw file of PEMS08"),
        (["PEMS08", "--raw", "no.npz"], "no.npz does not exist"),
        (["PEMS08", "--raw", "small.npz"], "small.npz has 3 nodes; PEMS08 has 170"),
        (["PEMS08", "--raw", "text.npz"], "text.npz is no .npz archive"),
        (["PEMS08", "--raw", "small.npz", "--nodes", "4"], "--nodes: only SyntheticTraffic is made; leave it away"),
        (["SyntheticTraffic", "--raw", "x"], "--raw: SyntheticTraffic is made, not read; leave it away"),
        (["SyntheticTraffic", "--first-row", "0"], "--first-row: SyntheticTraffic is made, not read"),
        (["SyntheticTraffic", "--nodes", "1"], "nodes: 1 is too small"),
        (["SyntheticTraffic", "--out", "there"], "there/SyntheticTraffic exists already; --force replaces it"),
    ],
)
def test_what_is_wrong_with_a_preparation_is_one_line(workplace, capsys, arguments, message):
    np.savez("small.npz", data=np.ones((100, 3), dtype=np.float32))
    Path("text.npz").write_text("text")
    Path("there/SyntheticTraffic").mkdir(parents=True)
    assert message in refused(capsys, "prepare", *arguments)
    assert not Path("datasets").exists()


def test_prepare_and_train_on_what_was_prepared(workplace, capsys):
    assert main(["prepare", "SyntheticTraffic", "--nodes", "5", "--days", "7", "--seed", "3"]) == 0
    assert "2016 rows x 5 nodes" in capsys.readouterr().out
    Path("config.py").write_text(SMALL_CONFIG)
    arguments = ["--set", "num_epochs=1", "train_batch_size=1000", "test_batch_size=1000", "val_batch_size=1000"]
    assert main(["train", "-c", "config.py", "-g", "cpu", *arguments]) == 0
    assert paths(capsys.readouterr().out)["metrics"].is_file()


# report


def test_report_prints_and_writes_the_rows(place, capsys):
    runs = [train(capsys, "--seed", seed)["metrics"].parent for seed in ("1", "2")]
    assert main(["report", *map(str, runs), "--naive", "-o", "out/rows.csv"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["model", "horizon", "MAE", "RMSE", "MAPE", "%"]
    assert len(printed) == 1 + 4 * 4
    header, *lines = Path("out/rows.csv").read_text().splitlines()
    assert header.startswith("model,horizon,MAE,RMSE,MAPE,dataset,seed,num_epochs,parameters,seconds_per_epoch,")
    models = [line.split(",")[0] for line in lines]
    assert models == ["Tiny_small"] * 8 + ["last value"] * 4 + ["historical average"] * 4
    assert [line.split(",")[6] for line in lines] == ["1"] * 4 + ["2"] * 4 + [""] * 8
    overall = metrics(runs[0])["overall"]
    assert lines[3].split(",")[2:5] == [
        f"{value:.4f}" for value in (overall["MAE"], overall["RMSE"], 100 * overall["MAPE"])
    ]


def test_report_as_markdown_has_a_line_for_each_run(place, capsys):
    run_folder = train(capsys)["metrics"].parent
    assert main(["report", str(run_folder), "--naive", "--markdown"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| model | epochs | parameters |")
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| Tiny_small", "| last value", "| historical average"]


def test_what_is_wrong_with_a_report_is_one_line(place, capsys):
    assert "nowhere is no finished run" in refused(capsys, "report", "nowhere")
    folder = train(capsys)["metrics"].parent.resolve()
    Path("elsewhere").mkdir()
    os.chdir("elsewhere")
    assert "datasets/Tiny is no prepared dataset" in refused(capsys, "report", folder, "--naive")


# help


@pytest.mark.parametrize("verb", VERBS)
def test_help_explains_every_argument(capsys, verb):
    with pytest.raises(SystemExit) as exit_:
        main([verb, "-h"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"(^|[\s,\[]){re.escape(name)}\b", printed) for name in VERBS[verb])

    (verbs,) = (action for action in cli._parser()._actions if isinstance(action, argparse._SubParsersAction))
    for action in verbs.choices[verb]._actions:
        assert action.help, f"{action.dest} has no help"
        assert set(action.option_strings) <= {*re.findall(r"[-\w]+", printed)}


def test_help_lists_the_verbs(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["-h"])
    assert exit_.value.code == 0
    printed = capsys.readouterr().out
    assert all(re.search(rf"^ +{verb} +\w", printed, re.MULTILINE) for verb in VERBS)


def test_the_version(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["--version"])
    assert exit_.value.code == 0
    assert capsys.readouterr().out == metadata.version("basicts-elin") + "\n"


# BasicTS


def raise_not_found(name):
    raise metadata.PackageNotFoundError(name)


@pytest.mark.parametrize(
    ("version", "found"),
    [
        (raise_not_found, "BasicTS is not installed; expected basicts 1.1.x: install it by"),
        (lambda name: "0.5.8", "basicts 0.5.8 is installed; expected 1.1.x: install it by"),
        (lambda name: "1.10.0", "basicts 1.10.0 is installed; expected 1.1.x: install it by"),
    ],
)
@pytest.mark.parametrize(
    "arguments",
    [["train", "-c", CFG], ["evaluate", "-cfg", CFG, "-ckpt", "x.pt"], ["demo", "-c", CFG]],
    ids=lambda arguments: arguments[0],
)
def test_another_basicts_is_one_line(place, capsys, monkeypatch, arguments, version, found):
    monkeypatch.setattr("importlib.metadata.version", version)
    assert found in refused(capsys, *arguments)


def test_without_basicts_data_are_prepared_and_runs_reported(place, capsys):
    folder = train(capsys)["metrics"].parent.resolve()
    without = "import sys; sys.modules['basicts'] = None; from basicts_elin import cli; cli.sys.exit(cli.main())"
    prepared = run(place, "-c", without, "prepare", "SyntheticTraffic", "--nodes", "2", "--days", "7")
    assert (prepared.returncode, prepared.stderr) == (0, "")
    reported = run(place, "-c", without, "report", folder)
    assert (reported.returncode, reported.stderr) == (0, "")
    assert "Tiny_small" in reported.stdout


# as a user starts them


def test_the_scripts_from_another_folder(tmp_path):
    write_dataset(tmp_path, name="SyntheticTraffic")
    (tmp_path / "config.py").write_text(SMALL_CONFIG)
    scripts = Path(os.path.relpath(ROOT / "experiments", tmp_path))
    arguments = ["-g", "cpu", "--set", "num_epochs=1"]
    trained = run(tmp_path, scripts / "train.py", "-c", "config.py", *arguments)
    assert trained.returncode == 0, trained.stderr
    assert "Traceback" not in trained.stderr
    found = paths(trained.stdout)
    assert not any(path.is_absolute() for path in found.values())
    reference = json.loads((tmp_path / found["metrics"]).read_text())

    evaluated = run(tmp_path, scripts / "evaluate.py", "-cfg", "config.py", "-ckpt", found["checkpoint"], *arguments)
    assert evaluated.returncode == 0, evaluated.stderr
    assert json.loads((tmp_path / paths(evaluated.stdout)["metrics"]).read_text()) == reference

    refused_ = run(tmp_path, scripts / "train.py", "-c", "no.py", *arguments)
    assert (refused_.returncode, refused_.stdout) == (2, "")
    expected = "expected a file with CFG = benchmark_config()"
    assert refused_.stderr == f"error: config file no.py is missing or no file; {expected}\n"


def test_the_script_that_prepares(tmp_path):
    prepared = run(tmp_path, ROOT / "experiments" / "prepare.py", "SyntheticTraffic", "--nodes", NODES, "--days", 7)
    assert prepared.returncode == 0, prepared.stderr
    assert np.load(tmp_path / "datasets" / "SyntheticTraffic" / "test_data.npy").shape[1] == NODES
    again = run(tmp_path, ROOT / "experiments" / "prepare.py", "SyntheticTraffic")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith("error: out: datasets/SyntheticTraffic exists already")
