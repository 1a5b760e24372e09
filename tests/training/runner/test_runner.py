"""What the runner mends that no callback can reach."""

from pathlib import Path

import numpy as np
import pytest
from basicts import BasicTSLauncher
from basicts.models.HI import HI, HIConfig
from basicts.runners.callback import BasicTSCallback, NoBP
from tiny import STEPS, WINDOWS, Interrupt, Recorder, bare, metrics, ours, raw_windows, record, write_dataset

from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder

pytestmark = pytest.mark.filterwarnings("ignore:Detected call of `lr_scheduler.step")

ONE_BATCH = WINDOWS | {"train": 16}
HORIZONS = (3, 6, 12)


class Turns(BasicTSCallback):
    """Counts the epochs that a loop goes through, and breaks the third."""

    def __init__(self):
        self.steps = []

    def on_epoch_end(self, runner, *args, **kwargs):
        self.steps.append(runner.global_steps)
        if len(self.steps) == 3:
            raise KeyboardInterrupt


@pytest.fixture
def one_batch(workplace):
    write_dataset(workplace, windows=ONE_BATCH)


def test_bare_one_batch_per_epoch_looks_for_a_missing_file(one_batch):
    with pytest.raises(FileNotFoundError, match="Tiny_1.pt"):
        BasicTSLauncher.launch_training(bare(num_epochs=3))


def test_one_batch_per_epoch(one_batch):
    recorder = Recorder()
    config = ours(num_epochs=3, callbacks=[recorder])
    launch_training(config)
    assert len(recorder.gradient_norms) == 3
    assert [entry["epoch"] for entry in record(run_folder(config))["epochs"]] == [1, 2, 3]
    assert (run_folder(config) / "Tiny_3.pt").is_file()


def test_bare_validation_counts_in_the_test_metrics_of_each_horizon(tiny):
    recorder = Recorder()
    BasicTSLauncher.launch_training(bare(callbacks=[recorder]))
    after_epoch, at_the_end = recorder.test_metrics
    assert all(after_epoch[step] != pytest.approx(at_the_end[step], rel=1e-3) for step in HORIZONS)


def test_validation_does_not_count_in_the_test_metrics_of_each_horizon(tiny):
    recorder = Recorder()
    launch_training(ours(callbacks=[recorder], test_interval=1))
    after_epoch, at_the_end = recorder.test_metrics
    # one epoch: the same weights
    assert after_epoch == at_the_end


def test_bare_predictions_are_written_unasked(tiny):
    config = bare()
    assert config.save_results is False
    BasicTSLauncher.launch_training(config)
    assert (run_folder(config) / "test_results").is_dir()


def test_predictions_are_not_written(tiny):
    config = ours()
    launch_training(config)
    launch_evaluation(config, best_checkpoint(config), Path("out"))
    assert not list(Path().rglob("test_results"))


def test_an_interrupted_run_goes_on_where_it_was(tiny):
    def config():
        return ours(num_epochs=4, callbacks=[Interrupt()])

    Interrupt.at = 3
    with pytest.raises(KeyboardInterrupt):
        launch_training(config())
    before = record(run_folder(config()))
    assert [entry["epoch"] for entry in before["epochs"]] == [1, 2]
    assert not (run_folder(config()) / "test_metrics.json").exists()

    Interrupt.at = None
    launch_training(config())
    after = record(run_folder(config()))
    assert [entry["epoch"] for entry in after["epochs"]] == [1, 2, 3, 4]
    assert after["epochs"][:2] == before["epochs"]
    assert metrics(run_folder(config()))["overall"]["MAE"] > 0


def test_a_finished_run_is_not_trained_again(tiny):
    config = ours(num_epochs=2, callbacks=[Recorder()])
    folder = launch_training(config)
    before = record(folder), metrics(folder)
    recorder = Recorder()
    assert launch_training(ours(num_epochs=2, callbacks=[recorder])) == folder
    assert recorder.losses == []
    assert (record(folder), metrics(folder)) == before


def untrained(configure, turns):
    return configure(HI, HIConfig(input_len=STEPS, output_len=STEPS), callbacks=[NoBP(), turns], num_epochs=2)


def test_bare_a_model_without_training_never_ends(tiny):
    turns = Turns()
    with pytest.raises(KeyboardInterrupt):
        BasicTSLauncher.launch_training(untrained(bare, turns))
    # a run of two epochs, the third of them
    assert turns.steps == [1, 1, 1]


def test_a_model_without_training_ends_after_one_epoch(tiny):
    turns = Turns()
    config = untrained(ours, turns)
    folder = launch_training(config)
    assert len(turns.steps) == 1
    (epoch,) = record(folder)["epochs"]
    # nothing is measured of its training but the loss
    assert (epoch["epoch"], list(epoch["train"])) == (1, ["loss"])
    inputs, targets = raw_windows()
    measured = targets != 0
    assert metrics(folder)["overall"]["MAE"] == pytest.approx(np.abs(inputs - targets)[measured].mean(), rel=1e-5)


def test_a_finished_model_without_training_is_not_run_again(tiny):
    folder = launch_training(untrained(ours, Turns()))
    before = record(folder), metrics(folder)
    turns = Turns()
    assert launch_training(untrained(ours, turns)) == folder
    assert turns.steps == []
    assert (record(folder), metrics(folder)) == before
