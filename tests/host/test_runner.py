"""What the runner mends that no callback can reach."""

from pathlib import Path

import pytest
from basicts import BasicTSLauncher
from tiny import WINDOWS, Interrupt, Recorder, bare, metrics, ours, record, write_dataset

from basicts_elin.host.launcher import best_checkpoint, launch_evaluation, launch_training, run_folder

ONE_BATCH = WINDOWS | {"train": 16}
HORIZONS = (3, 6, 12)


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
