"""The predictions of every test window as one file, in original units."""

from pathlib import Path

import numpy as np
import pytest
from basicts import BasicTSLauncher
from refusal import refuses
from tiny import (
    NAME,
    NODES,
    STEPS,
    WINDOWS,
    Interrupt,
    TinyConfig,
    bare,
    metrics,
    ours,
    raw_windows,
    rewrite_meta,
    series,
)

from basicts_elin.data.dataset import open_dataset
from basicts_elin.evaluation.numpy_metrics import masked_metrics
from basicts_elin.training.launch.launcher import (
    best_checkpoint,
    launch_evaluation,
    launch_prediction,
    launch_training,
    run_folder,
)
from basicts_elin.training.runner.predictions import announcement

FOLDER = Path("datasets") / NAME
SHAPE = (WINDOWS["test"], STEPS, NODES)
HORIZONS = {"overall": slice(None), "horizon_3": 2, "horizon_6": 5, "horizon_12": 11}
START = np.datetime64("2024-01-01 00:00", "m")
# where the test part begins, and the first target within it
FIRST_ROW = sum(WINDOWS[part] + 2 * STEPS - 1 for part in ("train", "val")) + STEPS


def content(folder):
    with np.load(folder / "predictions.npz", allow_pickle=False) as file:
        return dict(file)


def trained(**differences):
    return content(launch_training(ours(**differences), save_predictions=True))


def evaluated(config, output="out", **options):
    checkpoint = best_checkpoint(config)
    return content(launch_evaluation(config, checkpoint, Path(output), save_predictions=True, **options))


@pytest.fixture
def saved(tiny):
    """The file of a training run with a short last batch."""
    return trained(test_batch_size=32)


def bare_results(config, name):
    file = run_folder(config) / "test_results" / f"{name}.npy"
    return np.memmap(file, dtype=np.float32, mode="r", shape=SHAPE)


def test_bare_a_short_batch_is_written_to_the_wrong_rows(tiny):
    config = bare(test_batch_size=32)
    BasicTSLauncher.launch_training(config)
    _, targets = raw_windows()
    measured = targets != 0
    written = bare_results(config, "targets")
    with pytest.raises(ValueError, match="pickle|magic|header|reshape"):
        np.load(run_folder(config) / "test_results" / "targets.npy", allow_pickle=False)
    np.testing.assert_allclose(written[:18][measured[:18]], targets[:18][measured[:18]], rtol=1e-5)
    # the last 18 windows, which begin at 32
    np.testing.assert_allclose(written[18:36][measured[32:]], targets[32:][measured[32:]], rtol=1e-5)
    assert (written[36:] == 0).all()


def test_the_arrays_of_a_training_run(saved):
    assert list(saved) == ["prediction", "target", "mask", "node_names", "times"]
    assert [saved[name].shape for name in saved] == [SHAPE, SHAPE, SHAPE, (NODES,), SHAPE[:2]]
    assert [saved[name].dtype.kind for name in saved] == ["f", "f", "b", "U", "M"]
    assert saved["times"].dtype == np.dtype("datetime64[m]")


def test_targets_are_those_of_the_dataset(saved):
    _, targets = raw_windows()
    measured = targets != 0
    np.testing.assert_array_equal(saved["mask"], measured)
    np.testing.assert_allclose(saved["target"][measured], targets[measured], rtol=1e-5)


def test_an_evaluation_writes_what_its_training_wrote(tiny):
    config = ours(test_batch_size=32)
    reference = content(launch_training(config, save_predictions=True))
    again = evaluated(config)
    assert list(again) == list(reference)
    assert all(np.array_equal(again[name], reference[name], equal_nan=False) for name in reference)
    direct = launch_prediction(config, best_checkpoint(config), Path("direct"))
    assert all(np.array_equal(direct[name], reference[name]) for name in ("prediction", "target", "mask"))


@pytest.mark.parametrize("batch_size", [1, 7, 49, 1000])
def test_the_batch_size_changes_rounding_only(tiny, batch_size):
    config = ours(test_batch_size=32)
    reference = content(launch_training(config, save_predictions=True))
    again = evaluated(config, batch_size=batch_size)
    # a sum of values near 300 in float32
    np.testing.assert_allclose(again["prediction"], reference["prediction"], rtol=1e-5, atol=300 * 2**-22)
    others = ("target", "mask", "node_names", "times")
    assert all(np.array_equal(again[name], reference[name]) for name in others)


@pytest.mark.parametrize("batch_size", [7, 32])
def test_the_metrics_can_be_computed_from_the_file(tiny, batch_size):
    config = ours(num_epochs=2, test_batch_size=batch_size)
    file = content(launch_training(config, save_predictions=True))
    reported = metrics(run_folder(config))
    assert set(reported) == {*HORIZONS, "mean_over_horizons"}
    for name, step in HORIZONS.items():
        prediction, target, mask = (file[array][:, step] for array in ("prediction", "target", "mask"))
        found = masked_metrics(prediction, target, mask)
        assert reported[name] == pytest.approx({**found, "MAPE": found["MAPE"] / 100}, rel=1e-5)
        error = (prediction.astype(np.float64) - target)[mask]
        by_hand = {
            "MAE": np.abs(error).mean(),
            "RMSE": np.sqrt((error**2).mean()),
            "MAPE": np.abs(error / target[mask]).mean(),
        }
        assert reported[name] == pytest.approx(by_hand, rel=1e-5)


def expected_times():
    rows = FIRST_ROW + np.arange(SHAPE[0])[:, None] + np.arange(STEPS)
    return START + 5 * rows * np.timedelta64(1, "m")


def test_times_are_those_of_the_targets(saved):
    np.testing.assert_array_equal(saved["times"], expected_times())


def test_times_count_from_the_first_row_of_the_dataset(tiny):
    rewrite_meta(tiny, start="2023-12-31 12:00")
    for part in ("train", "val", "test"):
        stamps = np.load(FOLDER / f"{part}_timestamps.npy")
        later = np.rint(stamps[:, 1] * 7) + stamps[:, 0] + 0.5
        stamps = np.stack([later % 1, later // 1 / 7], axis=1).astype(np.float32)
        np.save(FOLDER / f"{part}_timestamps.npy", stamps)
    np.testing.assert_array_equal(trained()["times"], expected_times() - np.timedelta64(12, "h"))


def test_times_skip_what_is_missing(tiny):
    # the gap, of a whole day, lies within the test part
    after = START + 5 * (FIRST_ROW + 3) * np.timedelta64(1, "m")
    rewrite_meta(tiny, start="2024-01-01 00:00", gaps=[[str(after), 288]])
    expected = expected_times()
    expected[expected > after] += np.timedelta64(1, "D")
    found = trained()["times"]
    np.testing.assert_array_equal(found, expected)
    assert (np.diff(found[0]) > np.timedelta64(5, "m")).sum() == 1


def test_windows_across_breaks_have_no_predictions_if_the_dataset_says_so(tiny, capsys):
    after = START + 5 * (FIRST_ROW + 20) * np.timedelta64(1, "m")
    rewrite_meta(tiny, start="2024-01-01 00:00", gaps=[[str(after), 288]], windows_across_breaks=False)
    found = trained()
    # the row after the gap is row 33 of the test part
    kept = [start for start in range(WINDOWS["test"]) if start + 2 * STEPS <= 33 or start >= 33]
    expected = expected_times()[kept]
    expected[expected > after] += np.timedelta64(1, "D")
    np.testing.assert_array_equal(found["times"], expected)
    _, targets = raw_windows()
    np.testing.assert_allclose(found["target"][found["mask"]], targets[kept][found["mask"]], rtol=1e-5)
    assert f"predictions: {len(kept)} windows x 12 steps" in capsys.readouterr().out


def test_a_dataset_with_a_time_zone_has_both_clocks(tiny, capsys):
    rewrite_meta(tiny, start="2024-01-01 00:00+05:30", timezone="Asia/Kolkata")
    found = trained()
    np.testing.assert_array_equal(found["times"], expected_times())
    np.testing.assert_array_equal(found["times_utc"], expected_times() - np.timedelta64(330, "m"))
    assert list(found)[-1] == "times_utc"
    size = 50 * 12 * (5 * 9 + 16) + found["node_names"].nbytes
    assert f"{size / 1000:.1f} kB" in capsys.readouterr().out


@pytest.mark.parametrize("part", ["train", "test"])
def test_there_are_no_times_where_the_start_is_another(tiny, capsys, part):
    stamps = np.load(FOLDER / f"{part}_timestamps.npy")
    stamps[:, 0] = (stamps[:, 0] + 1 / 288) % 1
    np.save(FOLDER / f"{part}_timestamps.npy", stamps)
    times = trained()["times"]
    assert times.shape == SHAPE[:2]
    assert np.isnat(times).all()
    assert "; without times, because the dataset's dates are not known\n" in capsys.readouterr().out


def test_nodes_are_numbered_where_they_have_no_names(saved):
    assert saved["node_names"].tolist() == ["0", "1", "2", "3", "4"]


def test_nodes_have_the_names_of_the_dataset(tiny):
    names = ["400001", "400017", "a", "b", "ä"]
    rewrite_meta(tiny, node_names=names)
    assert trained()["node_names"].tolist() == names


def test_nothing_is_written_unasked(tiny):
    config = ours()
    launch_training(config)
    launch_evaluation(config, best_checkpoint(config), Path("out"))
    assert not list(Path().rglob("*.npz"))


def test_asking_changes_no_other_file(tiny):
    config = ours()
    folder = launch_training(config)
    evaluated(config)
    assert {path.name for path in Path("out").glob("*.*") if path.suffix != ".log"} == {
        "predictions.npz", "test_metrics.json"
    }  # fmt: skip
    assert metrics("out") == metrics(folder)


def test_a_finished_run_writes_them_later(tiny):
    config = ours()
    folder = launch_training(config)
    before = best_checkpoint(config).read_bytes()
    launch_training(config, save_predictions=True)
    assert content(folder)["prediction"].shape == SHAPE
    assert best_checkpoint(config).read_bytes() == before


def test_the_file_is_replaced(tiny):
    config = ours()
    folder = launch_training(config)
    (folder / "predictions.npz").write_text("old")
    launch_training(config, save_predictions=True)
    assert content(folder)["prediction"].shape == SHAPE


def test_fewer_steps_and_another_number_of_windows(tiny):
    file = trained(output_len=6, eval_horizons=[6])
    assert file["prediction"].shape == (56, 6, NODES)
    np.testing.assert_array_equal(file["times"], expected_times()[0, 0] + 5 * np.add.outer(np.arange(56), np.arange(6)))


def test_size_and_place_are_said_before_anything_is_trained(tiny, capsys):
    config = ours(callbacks=[Interrupt()])
    Interrupt.at = 1
    with pytest.raises(KeyboardInterrupt):
        launch_training(config, save_predictions=True)
    path = run_folder(config) / "predictions.npz"
    announced = f"predictions: 50 windows x 12 steps x 5 nodes, 31.8 kB, to {path}"
    assert announced in capsys.readouterr().out.splitlines()
    assert not path.exists()


def test_the_size_is_that_of_the_arrays(tiny):
    windows = 30_000
    np.save(FOLDER / "test_data.npy", np.tile(series("test")[:1], (windows + 2 * STEPS - 1, 1)))
    size = windows * STEPS * (NODES * (4 + 4 + 1) + 8)
    assert announcement(Path("there"), open_dataset(FOLDER), STEPS, STEPS) == (
        f"predictions: 30000 windows x 12 steps x 5 nodes, {size / 1e6:.1f} MB, to there"
    )
    assert f"{size / 1e6:.1f}" == "19.1"


def test_a_run_without_an_evaluation_has_nothing_to_save(tiny):
    with refuses("--save-predictions", found="eval_after_train=False", expected="eval_after_train=True"):
        launch_training(ours(eval_after_train=False), save_predictions=True)
    assert not Path("checkpoints").exists()


def in_the_way(folder):
    """A folder where the file should be."""
    (folder / "predictions.npz").mkdir(parents=True)


def test_a_file_that_cannot_be_written_is_one_line(tiny):
    config = ours()
    launch_training(config)
    in_the_way(Path("out"))
    with refuses("predictions", found="out/predictions.npz") as error:
        evaluated(config)
    assert "\n" not in str(error.value)
    assert not list(Path("out").glob("*.tmp"))
    assert not any(Path("out/predictions.npz").iterdir())


def test_a_training_run_keeps_its_results_when_they_cannot_be_written(tiny):
    config = ours()
    in_the_way(run_folder(config))
    with refuses("predictions", found=run_folder(config)):
        launch_training(config, save_predictions=True)
    assert metrics(run_folder(config))["overall"]["MAE"] > 0
    assert not list(run_folder(config).glob("*.tmp"))


def test_what_is_refused_says_nothing_of_predictions(tiny, capsys):
    with refuses("num_features", found=4, expected=5):
        launch_training(ours(model_config=TinyConfig(num_features=4)), save_predictions=True)
    assert "predictions" not in capsys.readouterr().out
