"""train, as a user sees it: what it prints, writes and returns."""

from pathlib import Path

import numpy as np
import pytest
import torch
from cli.commands import CFG, CONFIG, contents, paths, refused, train
from tiny import metrics, record

from basicts_elin.cli import main
from basicts_elin.config.describe import describe
from basicts_elin.zoo.config_file import load_config


def test_train_prints_where_everything_is(place, capsys):
    assert main(["train", "-c", CFG, "-g", "cpu"]) == 0
    printed = capsys.readouterr().out
    found = paths(printed)
    assert list(found) == ["checkpoint", "log", "metrics"]
    assert all(path.is_file() for path in found.values())
    assert found["checkpoint"].name == "Tiny_best_val_MAE.pt"
    horizons = {"horizon_3", "horizon_6", "horizon_12"}
    assert set(metrics(found["metrics"].parent)) == {"overall", "mean_over_horizons", *horizons}
    assert "Epoch 2 / 2" in found["log"].read_text()
    assert "error" not in printed.lower()


def test_fields_that_are_set_reach_the_run(place, capsys):
    found = train(capsys, "--set", "num_epochs=1", "bias=False", "--set", "optimizer_params.lr=0.5", "--seed", "7")
    content = record(found["metrics"].parent)
    assert (content["seed"], content["num_epochs"], content["parameters"]) == (7, 1, 144)
    assert content["config"] == str(place / CFG)
    checkpoint = torch.load(found["checkpoint"], weights_only=True)
    (group,) = checkpoint["optim_state_dict"]["param_groups"]
    assert (group["initial_lr"], group["weight_decay"]) == (0.5, 3e-4)


def test_the_resolved_configuration_lies_beside_the_checkpoint(place, capsys):
    folder = train(capsys, "--set", "num_epochs=1", "optimizer_params.betas=[0.8, 0.9]")["checkpoint"].parent
    lines = (folder / "config.txt").read_text().splitlines()
    assert {"num_epochs=1", "optimizer_params.betas=[0.8,0.9]", "dataset_name=Tiny", "# gpus=None"} <= {*lines}


def test_printing_the_configuration_does_nothing_else(workplace, capsys):
    Path("config.py").write_text(CONFIG)
    before = contents(workplace)
    assert main(["train", "-c", "config.py", "--print-config"]) == 0
    captured = capsys.readouterr()
    assert captured.out == describe(load_config("config.py"))
    assert captured.err == ""
    assert contents(workplace).keys() - before.keys() <= set(Path().resolve().rglob("*.pyc"))
    assert not Path("checkpoints").exists()


def test_the_printed_configuration_is_that_of_the_command(workplace, capsys):
    Path("config.py").write_text(CONFIG)
    arguments = ["--set", "num_epochs=7", "bias=False", "--seed", "3", "-g", "cpu"]
    assert main(["train", "-c", "config.py", "--print-config", *arguments]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"num_epochs=7", "model_config.bias=False", "# seed=3", "# gpus=None"} <= {*lines}
    assert "ckpt_save_dir=checkpoints/Tiny/Tiny_7_12_12" in lines


def test_what_is_printed_can_be_given_back(workplace, capsys):
    Path("config.py").write_text(CONFIG)
    print_config = ["train", "-c", "config.py", "--print-config"]
    assert main([*print_config, "--set", "num_epochs=7", "optimizer=torch.optim.SGD"]) == 0
    printed = capsys.readouterr().out
    assert main([*print_config, "--set", *(line for line in printed.splitlines() if not line.startswith("#"))]) == 0
    assert capsys.readouterr().out == printed


def test_a_configuration_that_is_wrong_is_not_printed(workplace, capsys):
    Path("config.py").write_text(CONFIG)
    line = refused(capsys, "train", "-c", "config.py", "--print-config", "--set", "num_epoch=1")
    assert "did you mean num_epochs" in line


def test_the_predictions_lie_beside_the_metrics(place, capsys):
    assert main(["train", "-c", CFG, "-g", "cpu", "--save-predictions"]) == 0
    printed = capsys.readouterr().out
    file = paths(printed)["metrics"].parent / "predictions.npz"
    assert f"predictions: 50 windows x 12 steps x 5 nodes, 31.8 kB, to {file}" in printed.splitlines()
    with np.load(file, allow_pickle=False) as arrays:
        assert arrays["prediction"].shape == (50, 12, 5)
        assert str(arrays["times"][0, 0]) == "2024-01-01T12:35"


def test_without_the_option_there_are_no_predictions(place, capsys):
    train(capsys)
    assert not list(Path().rglob("*.npz"))


def test_a_model_of_basicts_needs_no_file(place, capsys):
    assert main(["train", "-c", "DLinear/Tiny", "-g", "cpu", "--set", "num_epochs=1", "individual=True"]) == 0
    folder = paths(capsys.readouterr().out)["metrics"].parent
    assert folder.parent == Path("checkpoints/DLinear/Tiny_1_12_12")
    # two maps of 12 steps to 12, for each node its own
    assert record(folder)["parameters"] == 5 * 2 * (12 * 12 + 12)
    assert main(["report", "--markdown", str(folder)]) == 0
    assert capsys.readouterr().out.splitlines()[2].startswith("| DLinear | 1 | 1,560 |")


def test_a_finished_run_is_evaluated_again_and_says_so(place, capsys):
    first = train(capsys)
    before = first["checkpoint"].read_bytes()
    assert main(["train", "-c", CFG, "-g", "cpu"]) == 0
    printed = capsys.readouterr().out
    assert f"{first['metrics'].parent} holds this run, finished: " in printed
    assert first["checkpoint"].read_bytes() == before


def test_without_gpus_the_choice_is_printed(place, capsys, monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert main(["train", "-c", CFG, "--set", "num_epochs=1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "--gpus not given: using cpu"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-c", "no.py"], "config file no.py: missing"),
        (["-c", "cfg"], "config file cfg: a folder"),
        (["-c", "SOFTS/PEMS08"], "model SOFTS: BasicTS 1.1.0 calls its STAR layer"),
        (["-c", "DLinear/PEMS99"], "dataset: PEMS99; expected "),
        (["-c", "DLinaer/PEMS08"], "(did you mean DLinear/PEMS08"),
        (["-c", "DLinear/PEMS08"], "datasets/PEMS08: no such folder"),
        (["-c", "empty.py"], "config file empty.py: no CFG"),
        (["-c", "broken.py"], "config file broken.py: a syntax error in line 1"),
        (["-c", "unprepared.py"], "datasets/PEMS08: no such folder"),
        (["-c", CFG, "-g", "two"], "--gpus: 'two'; expected device numbers"),
        (["-c", CFG, "--set", "num_epochs"], "--set: num_epochs; expected field=value"),
        (["-c", CFG, "--set", "=3"], "--set: =3; expected field=value"),
        (["-c", CFG, "--set", "gpus=0"], "--set gpus: 0; expected the option --gpus; use --gpus 0"),
        (["-c", CFG, "--set", "seed=7"], "--set seed: 7; expected the option --seed; use --seed 7"),
        (["-c", CFG, "--set", "eval_horizons=[13]"], "eval_horizons: [13]; expected steps"),
        (["-c", CFG, "--set", "num_epochs=0"], "num_epochs: 0; expected 1 or more"),
        (["-c", CFG, "--set", "val_interval=3"], "val_interval: 3; expected at most num_epochs=2"),
        (["-c", CFG, "--set", "num_steps=9"], "num_steps: 9; expected None"),
        (["-c", CFG, "--set", "train_batch_size=0"], "train_batch_size: 0; expected 1 or more"),
        (["-c", CFG, "--set", "save_results=True"], "save_results: True; expected False"),
        (["-c", CFG, "--precision", "tf32"], "precision: 'tf32'; expected fp32 or bf16"),
        (["-c", CFG, "--set", "accumulate=0"], "accumulate: 0; expected batches, 1 or more"),
        (["-c", CFG, "--accumulate", "2", "--set", "loss=RMSE"], "loss: 'RMSE'; expected MAE, MSE or HUBER"),
        (["-c", CFG, "--set", "precision=fp8"], "precision: 'fp8'; expected one of fp32, tf32"),
        (["-c", CFG, "--set", "epochs=3"], "--set epochs: no field 'epochs'"),
        (["-c", CFG, "--set", "num_epoch=3"], "(did you mean num_epochs or num_steps?)"),
        (["-c", CFG, "--set", "optimizer=AdamW"], "--set optimizer: 'AdamW'; expected "),
        (["-c", CFG, "--set", "optimizer=.AdamW.x"], "--set optimizer: '.AdamW.x'; expected "),
        (["-c", CFG, "--set", "callbacks=[]"], "--set callbacks: objects, which have no text"),
        (["-c", CFG, "--set", "metrics={[]:1}"], "--set metrics: "),
        (["-c", CFG, "--set", "eval_after_train=False", "--save-predictions"], "--save-predictions: eval_after_train="),
        (["-c", CFG, "--set", "num_epochs=many"], "--set num_epochs: 'many', of type str; expected int"),
        (["-c", CFG, "--set", "lr=fast"], "--set lr: 'fast'"),
        (["-c", CFG, "--set", "model_config.num_features=9"], "error: num_features: 9; expected 5"),
        (["-c", CFG, "--set", "input_len=40"], "error: datasets/Tiny/val_data.npy: 43 rows; expected 52"),
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
    assert "error: --gpus: 0; expected cpu: " in refused(capsys, "train", "-c", CFG, "-g", "0")


def test_a_run_that_diverges_is_one_line(place, capsys):
    diverging = "from tiny import Diverging as Tiny, DivergingConfig as TinyConfig"
    Path("diverging.py").write_text(CONFIG.replace("from tiny import Tiny, TinyConfig", diverging))
    assert main(["train", "-c", "diverging.py", "-g", "cpu"]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("error: Diverging ") and "5 batches of training epoch 1" in last


def test_several_processes_on_the_cpu(place, capfd):
    one = train(capfd)
    assert main(["train", "-c", CFG, "-g", "cpu", "--processes", "2", "--fresh"]) == 0
    printed = capfd.readouterr().out
    assert "2 processes divide each batch of 16" in printed
    overall = [metrics(found["metrics"].parent)["overall"] for found in (paths(printed), one)]
    assert overall[0] == pytest.approx(overall[1], rel=1e-5)


def test_a_configuration_that_other_processes_cannot_be_sent(place, capsys, monkeypatch):
    Path("local.py").write_text(CONFIG + "CFG.loss = lambda prediction, targets, targets_mask: prediction.mean()\n")
    line = refused(capsys, "train", "-c", "local.py", "-g", "cpu", "--processes", "2")
    assert line.startswith("error: configuration: ") and "2 processes" in line
    assert not Path("checkpoints").exists()
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    line = refused(capsys, "train", "-c", CFG, "-g", "0", "--processes", "2")
    assert line.startswith("error: --processes: 2; expected --gpus cpu")
