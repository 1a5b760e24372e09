"""Runs that start from another one, and checkpoints on a dataset that has grown or is another one."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from refusal import refuses
from tiny import DIMS, NAME, NODES, Interrupt, Tiny, TinyConfig, metrics, ours, rewrite_meta, write_dataset

from basicts_elin import STAEformer, STAEformerConfig, benchmark_config
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.training.launch.init_run import init_checkpoint
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training
from basicts_elin.training.runner.checkpoints import read_checkpoint


@pytest.fixture
def trained(workplace):
    """The folder of a run on Tiny's first rows. Since then, Tiny has got more rows, of larger values."""
    folder = write_dataset(workplace, windows={"train": 60, "val": 20, "test": 30})
    run = launch_training(ours())
    shutil.rmtree(folder)
    write_dataset(workplace)
    values = np.load(folder / "train_data.npy")
    values[60:] *= 3
    np.save(folder / "train_data.npy", values)
    return run


def started(run, **differences):
    config = ours(**differences)
    return with_overrides(config, {"init_from": init_checkpoint(str(run), config)})


def best(folder):
    return read_checkpoint(next(Path(folder).glob("*_best_val_MAE.pt")))


def test_a_run_on_weekdays_alone_is_evaluated_and_resumed(workplace):
    times = pd.date_range("2024-01-01", periods=8 * 7 * 24, freq="h")
    times = times[times.day_of_week < 5]
    values = np.random.default_rng(0).gamma(9, 10, (len(times), NODES))
    pd.DataFrame(values, times, [f"s{number}" for number in range(NODES)]).to_csv("city.csv", index_label="time")
    assert main(["prepare", "city.csv", "--name", "City"]) == 0
    fields = {"model_config": TinyConfig(), "dataset": "City", "num_epochs": 2, "gpus": None}
    Interrupt.at = 2
    with pytest.raises(KeyboardInterrupt):
        launch_training(benchmark_config(Tiny, callbacks=[Interrupt()], **fields))
    Interrupt.at = None
    run = launch_training(benchmark_config(Tiny, callbacks=[Interrupt()], **fields), resume=True)
    assert metrics(run)["overall"].keys() == {"MAE", "RMSE", "MAPE"}
    assert best(run)["trained_on"]["calendar"] == {"weekdays": [0, 1, 2, 3, 4]}


def test_weights_and_scaling_are_those_of_the_run(trained):
    config = started(trained, optimizer_params={"lr": 0.0, "weight_decay": 0.0})
    folder = launch_training(config)
    assert folder != trained and folder.parent == trained.parent
    before, after = best(trained), best(folder)
    assert all(
        torch.equal(before["model_state_dict"][name], found) for name, found in after["model_state_dict"].items()
    )
    assert after["scaler_stats"] == before["scaler_stats"]
    fresh = best(launch_training(ours(seed=1)))
    assert fresh["scaler_stats"] != before["scaler_stats"]


def test_an_interrupted_start_resumes_with_its_scaling(trained, monkeypatch):
    whole = launch_training(started(trained, num_epochs=2, callbacks=[Interrupt()], ckpt_save_dir="whole"))
    monkeypatch.setattr(Interrupt, "at", 2)
    config = started(trained, num_epochs=2, callbacks=[Interrupt()], ckpt_save_dir="interrupted")
    with pytest.raises(KeyboardInterrupt):
        launch_training(config)
    monkeypatch.setattr(Interrupt, "at", None)
    resumed = launch_training(config)
    assert best(resumed)["scaler_stats"] == best(trained)["scaler_stats"]
    assert metrics(resumed) == metrics(whole)
    launch_evaluation(config, str(best_checkpoint(config)), Path("evaluated"))
    assert metrics("evaluated") == metrics(whole)


def test_the_hash_does_not_depend_on_how_the_folder_is_written(trained):
    assert started(trained).md5 == started(f"./{trained}/").md5 == started(trained.resolve()).md5 != ours().md5


@pytest.mark.parametrize(
    ("run", "found", "fix"),
    [("no/such", "no/such", ""), ("datasets", "no best checkpoint", "train"), ("file", "file", "")],
)
def test_what_is_not_a_run_is_named(tiny, run, found, fix):
    Path("file").touch()
    with refuses("--init", found=found, fix=fix):
        init_checkpoint(run, ours())


def test_a_checkpoint_in_place_of_its_folder(trained):
    with refuses("--init", fix=f"--init {trained}"):
        init_checkpoint(str(trained / "Tiny_best_val_MAE.pt"), ours())


def test_a_run_of_another_model_is_named(trained):
    with refuses("--init", found=(trained, "Tiny"), expected="STAEformer"):
        init_checkpoint(str(trained), benchmark_config(STAEformer, STAEformerConfig(**DIMS), NAME))


@pytest.mark.parametrize(
    ("changes", "trained_with"), [({"input_len": 6}, 12), ({"output_len": 6}, 12), ({"norm_each_channel": True}, False)]
)
def test_another_window_or_scaling_is_refused(trained, changes, trained_with):
    ((name, value),) = changes.items()
    with refuses(name, found=value, expected=trained_with, fix=f"--set {name}={trained_with}"):
        launch_training(started(trained, **changes))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["0", "1", "2", "3", "new"], ("1 new (new)", "1 missing (4)", "5")),
        (["1", "0", "2", "3", "4"], ("another order", "1 in place of 0")),
    ],
)
@pytest.mark.parametrize("job", ["train", "evaluate"])
def test_other_sensors_are_refused(trained, job, names, found):
    folder = Path("datasets", NAME)
    rewrite_meta(Path(), node_names=names)
    checkpoint = trained / "Tiny_best_val_MAE.pt"
    with refuses(folder, found=found, expected=trained.name):
        if job == "train":
            launch_training(started(trained))
        else:
            launch_evaluation(ours(), str(checkpoint), Path("out"))
    assert not Path("out").exists()


@pytest.mark.parametrize("early", [False, True])
@pytest.mark.parametrize("job", ["train", "evaluate"])
def test_another_interval_is_refused(trained, job, early):
    checkpoint = trained / "Tiny_best_val_MAE.pt"
    if early:
        # run.json beside it knows the interval
        torch.save(
            {name: value for name, value in read_checkpoint(checkpoint).items() if name != "trained_on"}, checkpoint
        )
    shutil.rmtree(Path("datasets", NAME))
    write_dataset(Path(), steps_per_day=96)
    with refuses(f"datasets/{NAME}", found="15 minutes", expected="5 minutes", fix="--freq 5min"):
        if job == "train":
            launch_training(started(trained))
        else:
            launch_evaluation(ours(), str(checkpoint), Path("out"))


def test_a_run_is_evaluated_on_the_dataset_that_has_grown(trained, capsys):
    launch_evaluation(ours(), str(trained / "Tiny_best_val_MAE.pt"), Path("out"))
    assert metrics("out")["overall"]["MAE"] > 0
    printed = capsys.readouterr().out
    assert "are not those" in printed and "too good" not in printed


def test_a_test_part_that_was_trained_on_is_named(tiny, capsys):
    run = launch_training(ours())
    until = best(run)["trained_on"]["trained_until"]
    assert until == "2024-01-01 07:55"
    # the same times of day, a day earlier
    rewrite_meta(tiny, start="2023-12-31 00:00")
    capsys.readouterr()
    launch_evaluation(ours(), str(run / "Tiny_best_val_MAE.pt"), Path("out"))
    printed = capsys.readouterr().out
    assert "warning: the test part in datasets/Tiny starts at 2023-12-31" in printed
    assert f"until {until}: its test metrics are too good" in printed


def test_what_was_trained_on_is_handed_on(tiny, capsys):
    run = launch_training(ours())
    rewrite_meta(tiny, start="2023-12-31 00:00")
    second = launch_training(started(run))
    assert "too good" in capsys.readouterr().out
    assert best(second)["trained_on"]["trained_until"] == best(run)["trained_on"]["trained_until"]


def test_another_rule_for_missing_inputs_is_named(tiny, capsys):
    run = launch_training(ours(missing_inputs="last"))
    capsys.readouterr()
    launch_evaluation(ours(), str(run / "Tiny_best_val_MAE.pt"), Path("out"))
    assert "missing_inputs=zero, but" in capsys.readouterr().out


def test_one_checkpoint_to_start_from(tiny):
    run = launch_training(ours())
    config = started(run)
    config.finetune_from = str(run / "Tiny_best_val_MAE.pt")
    with refuses("finetune_from", expected="init_from"):
        launch_training(config)


def test_a_run_on_grown_data_says_how_to_train_on(trained):
    with refuses(trained, fix=f"--init {trained}"):
        launch_training(ours())
