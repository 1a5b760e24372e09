"""train, as a user sees it: what it prints, writes and returns."""

from pathlib import Path

import pytest
import torch
from cli.commands import CFG, CONFIG, paths, refused, train
from tiny import metrics, record

from basicts_elin.cli import main


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
