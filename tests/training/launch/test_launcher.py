"""Runs from start to end: what they leave, by our launcher and by BasicTS's own."""

from pathlib import Path

import numpy as np
import pytest
import torch
from basicts import BasicTSLauncher
from basicts.configs import BasicTSForecastingConfig
from tiny import DIMS, NAME, NODES, STEPS, Diverging, DivergingConfig, bare, metrics, ours, raw_windows, weights
from training.every_step import EveryStep

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig
from basicts_elin.errors import NonFinitePredictionError
from basicts_elin.training.launch.launcher import (
    best_checkpoint,
    launch_evaluation,
    launch_prediction,
    launch_training,
    run_folder,
)


def logs(folder):
    return list(folder.glob("*_log_*.log"))


def test_bare_the_second_run_of_a_process_has_no_log_of_its_own(tiny):
    configs = [bare(), bare(seed=1)]
    for config in configs:
        BasicTSLauncher.launch_training(config)
    assert [len(logs(run_folder(config))) for config in configs] == [1, 0]


def test_each_run_of_a_process_has_its_own_log(tiny, capsys):
    configs = [ours(), ours(seed=1)]
    for config in configs:
        launch_training(config)
    assert capsys.readouterr().err.count("Epoch 1 / 1") == len(configs)
    for config, other in zip(configs, reversed(configs), strict=True):
        (log,) = logs(run_folder(config))
        assert str(run_folder(config)) in log.read_text()
        assert str(run_folder(other)) not in log.read_text()


def test_what_a_run_leaves(tiny):
    config = ours(num_epochs=2)
    folder = launch_training(config)
    assert folder == run_folder(config) == Path(f"checkpoints/Tiny/Tiny_2_12_12/{config.md5}")
    assert best_checkpoint(config) == folder / "Tiny_best_val_MAE.pt"
    (log,) = logs(folder)
    checkpoints = {"Tiny_1.pt", "Tiny_2.pt", "Tiny_best_val_MAE.pt"}
    texts = {"cfg.json", "config.txt", log.name}
    results = {"run.json", "test_metrics.json", "tensorboard"}
    assert {path.name for path in folder.iterdir()} == checkpoints | texts | results | {".lock"}


def test_the_last_two_epochs_are_kept_and_those_that_are_asked_for(tiny):
    folder = launch_training(ours(num_epochs=6, ckpt_save_strategy=[2, 3]))
    assert {path.name for path in folder.glob("Tiny_[0-9].pt")} == {f"Tiny_{epoch}.pt" for epoch in (2, 3, 5, 6)}
    folder = launch_training(ours(num_epochs=5, ckpt_save_strategy=2))
    assert {path.name for path in folder.glob("Tiny_[0-9].pt")} == {f"Tiny_{epoch}.pt" for epoch in (2, 4, 5)}


def test_the_log_ends_with_the_error_of_a_run_that_failed(tiny):
    config = ours(Diverging, DivergingConfig())
    with pytest.raises(NonFinitePredictionError):
        launch_training(config)
    (log,) = logs(run_folder(config))
    assert "Diverging predicted NaN" in log.read_text().splitlines()[-1]


def test_an_evaluation_writes_into_its_own_folder_alone(tiny):
    config = ours()
    folder = launch_training(config)
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert launch_evaluation(config, str(best_checkpoint(config)), Path("a/b")) == Path("a/b")
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    (log,) = logs(Path("a/b"))
    assert {path.name for path in Path("a/b").iterdir()} == {log.name, "test_metrics.json"}
    assert metrics("a/b") == metrics(folder)


def test_an_evaluation_leaves_the_batch_size_of_the_configuration(tiny):
    config = ours()
    launch_training(config)
    launch_evaluation(config, best_checkpoint(config), Path("out"), batch_size=7)
    assert config.test_batch_size == 64


def test_a_configuration_can_be_trained_after_it_was_evaluated(tiny):
    trained, config = ours(), ours(seed=1)
    launch_training(trained)
    launch_prediction(config, best_checkpoint(trained), Path("out"))
    folder = launch_training(config)
    assert best_checkpoint(config).is_file()
    assert (folder / "test_metrics.json").is_file()


@pytest.mark.parametrize("batch_size", [7, 64])
def test_predictions_are_in_the_order_of_the_windows(tiny, batch_size):
    config = ours(test_batch_size=batch_size)
    launch_training(config)
    forecast = launch_prediction(config, best_checkpoint(config), Path("out"))
    inputs, targets = raw_windows()
    measured = targets != 0
    np.testing.assert_array_equal(forecast["mask"], measured)
    np.testing.assert_allclose(forecast["target"][measured], targets[measured], rtol=1e-5)
    np.testing.assert_array_equal(forecast["target"][~measured], 0)

    train = np.load(f"datasets/{NAME}/train_data.npy").astype(np.float64)
    state = {name: values.double().numpy() for name, values in weights(best_checkpoint(config)).items()}
    scaled = (inputs - train.mean()) / train.std()
    expected = np.einsum("bin,oi->bon", scaled, state["linear.weight"]) + state["linear.bias"][:, None]
    np.testing.assert_allclose(forecast["prediction"], expected * train.std() + train.mean(), rtol=1e-4, atol=1e-3)


def test_a_prediction_leaves_metrics_and_no_arrays(tiny):
    config = ours()
    launch_training(config)
    launch_prediction(config, best_checkpoint(config), Path("out"))
    assert metrics("out") == metrics(run_folder(config))
    assert not list(Path("out").rglob("*.np?"))


def test_the_benchmark_configuration_with_basicts_own_launcher(tiny):
    # unshuffled: the order of BasicTS depends on the random numbers drawn before, ours on seed and epoch
    config, reference = (
        ours(num_epochs=2, train_data_shuffle=False, ckpt_save_dir=folder, callbacks=[EveryStep()])
        for folder in ("theirs", "ours")
    )
    BasicTSLauncher.launch_training(config)
    launch_training(reference)
    theirs, own = metrics(run_folder(config)), metrics(run_folder(reference))
    assert own.keys() - theirs.keys() == {"mean_over_horizons"}
    # ours are sums in float64
    assert all(own[part] == pytest.approx(values, rel=1e-6) for part, values in theirs.items())
    assert theirs["overall"]["MAE"] > 0


@pytest.mark.parametrize(("model", "model_config"), [(ELinFormer, ELinFormerConfig), (STAEformer, STAEformerConfig)])
def test_a_model_trains_with_nothing_of_ours_around_it(tiny, model, model_config):
    config = BasicTSForecastingConfig(
        model=model,
        model_config=model_config(num_features=NODES, **DIMS),
        dataset_name=NAME,
        input_len=STEPS,
        output_len=STEPS,
        use_timestamps=True,
        num_epochs=2,
        batch_size=16,
        gpus=None,
    )
    BasicTSLauncher.launch_training(config)
    assert set(metrics(run_folder(config))["overall"]) == {"MAE", "MSE", "RMSE", "MAPE", "WAPE"}
    torch.manual_seed(config.seed)
    untrained = model(config.model_config).state_dict()
    trained = weights(best_checkpoint(config))
    assert all(values.isfinite().all() for values in trained.values())
    assert not torch.equal(trained["output_layer.weight"], untrained["output_layer.weight"])


def test_elinformer_trains_by_the_recipe(tiny):
    config = ours(ELinFormer, ELinFormerConfig(**DIMS), num_epochs=2)
    launch_training(config)
    forecast = launch_prediction(config, best_checkpoint(config), Path("out"))
    assert forecast["prediction"].shape == (50, STEPS, NODES)
    error = np.abs(forecast["prediction"] - forecast["target"])[forecast["mask"]].mean()
    assert metrics("out")["overall"]["MAE"] == pytest.approx(error, rel=1e-5)


def change_the_training_part():
    values = np.load("datasets/Tiny/train_data.npy")
    np.save("datasets/Tiny/train_data.npy", 3 * values + 50)


def test_bare_a_checkpoint_is_scaled_by_the_training_part_at_hand(tiny):
    config = bare()
    BasicTSLauncher.launch_training(config)
    trained = metrics(run_folder(config))
    change_the_training_part()
    BasicTSLauncher.launch_evaluation(config, str(best_checkpoint(config)))
    assert metrics(run_folder(config)) != trained


def test_a_checkpoint_is_scaled_by_what_it_was_trained_with(tiny):
    config = ours()
    folder = launch_training(config)
    trained = metrics(folder)
    change_the_training_part()
    launch_evaluation(config, best_checkpoint(config), tiny / "again")
    assert metrics(tiny / "again") == trained
