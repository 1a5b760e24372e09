"""PDFormer by name: its recipe, and runs on a dataset with and without a graph."""

from pathlib import Path

import pytest
import torch
from basicts.runners.callback import EarlyStopping, GradientClipping
from data.relations.city_graph import add_graph
from refusal import refuses
from tiny import NAME, NODES, metrics, weights
from torch.optim import AdamW

from basicts_elin import Forecaster, HorizonCurriculum, HuberLoss, PreparedBuffers, WarmupCosineLR, pdformer_relations
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.dataset import open_dataset
from basicts_elin.forecasting.export.exporting import export_forecaster
from basicts_elin.training.launch.launcher import best_checkpoint, launch_evaluation, launch_training
from basicts_elin.zoo.registry import config_for, paper_entry

# what makes it tiny; Tiny's windows hold fewer shapes than 16
DIMS = {
    "model_config.hidden_size": 8,
    "model_config.n_geographic_heads": 2,
    "model_config.intermediate_size": 8,
    "model_config.skip_size": 8,
    "model_config.num_patterns": 4,
    "num_epochs": 1,
}
BATCHES = {"PEMS03": 1964, "PEMS04": 1274, "PEMS07": 4232, "PEMS08": 2776, "PEMS-BAY": 4560, "SyntheticTraffic": 1274}


def tiny_config(**differences):
    return with_overrides(config_for("PDFormer_small", NAME), {**DIMS, "gpus": None, **differences})


@pytest.fixture
def graph(tiny, without_jit):
    return add_graph(tiny / "datasets" / NAME)


@pytest.mark.parametrize("dataset", BATCHES)
def test_the_published_recipe(dataset):
    config = config_for("PDFormer", dataset)
    loss = config.loss
    assert (type(loss), loss.delta, loss.masked, config.target_metric) == (HuberLoss, 2.0, False, "loss")
    assert (config.optimizer, config.optimizer_params) == (AdamW, {"lr": 1e-3, "weight_decay": 0.05})
    assert config.lr_scheduler is WarmupCosineLR
    assert config.lr_scheduler_params == {"num_epochs": 200, "warmup_epochs": 5, "warmup_lr": 1e-6, "min_lr": 1e-4}
    batch = (config.train_batch_size, config.get("accumulate", 1))
    assert batch == ((8, 2) if dataset == "PEMS07" else (16, 1))
    _, prepared, stopping, clipping, curriculum = config.callbacks
    kinds = [PreparedBuffers, EarlyStopping, GradientClipping, HorizonCurriculum]
    assert [type(one) for one in (prepared, stopping, clipping, curriculum)] == kinds
    assert prepared.prepare is pdformer_relations
    assert (stopping.patience, clipping.max_norm, curriculum.batches_per_step) == (50, 5.0, BATCHES[dataset])


def test_hops_and_days_by_dataset():
    configs = {name: config_for("PDFormer", name).model_config for name in BATCHES}
    assert {name: one.max_hops for name, one in configs.items() if one.max_hops == 5}.keys() == {
        "PEMS-BAY",
        "SyntheticTraffic",
    }
    assert {one.max_hops for name, one in configs.items() if name.startswith("PEMS0")} == {7}
    assert [name for name, one in configs.items() if one.pattern_days != 14] == ["PEMS08"]
    assert configs["PEMS08"].pattern_days == 21
    small = config_for("PDFormer_small", "PEMS08")
    assert small.model_config.max_hops == 7
    assert not any(isinstance(one, HorizonCurriculum) for one in small.callbacks)


def test_it_is_the_paper_s():
    entry = paper_entry("PDFormer")
    assert not entry.unfit and entry.name == "PDFormer"


def test_relations_come_from_the_training_part_alone(graph):
    config = tiny_config().model_config
    before = pdformer_relations(open_dataset(graph), config)
    for part in ("val", "test"):
        file = graph / f"{part}_data.npy"
        torch.manual_seed(0)
        file.write_bytes(file.read_bytes()[:-400] + bytes(torch.randint(255, (400,)).tolist()))
    after = pdformer_relations(open_dataset(graph), config)
    assert len(list((graph / "cache").iterdir())) == 2
    assert before.keys() == after.keys() == {"geographic_mask", "semantic_mask", "pattern_keys", "laplacian_codes"}
    for name, array in before.items():
        assert (array == after[name]).all(), name
    assert not before["semantic_mask"].all(axis=1).any() and before["geographic_mask"].shape == (NODES, NODES)


def test_a_run_its_evaluation_and_its_forecasts_without_the_dataset_s_graph(graph, capsys):
    config = tiny_config()
    folder = launch_training(config)
    (kept,) = (graph / "cache").iterdir()
    assert "pairs" in capsys.readouterr().out
    state = weights(best_checkpoint(config))
    relations = pdformer_relations(open_dataset(graph), config.model_config)
    assert "pairs" not in capsys.readouterr().out
    for name, array in relations.items():
        assert torch.equal(state[name], torch.from_numpy(array)), name
    kept.unlink()
    (graph / "adj_mx.pkl").unlink()
    output = launch_evaluation(tiny_config(), str(best_checkpoint(config)), folder / "evaluation")
    assert metrics(output)["overall"] == metrics(folder)["overall"]
    forecaster = Forecaster.load(folder)
    assert forecaster.network.model.has_relations
    assert Forecaster.load(forecaster.save(Path("saved"))).network.model.has_relations


@pytest.mark.parametrize(
    ("name", "file_format"), [("model.pt2", "torch"), pytest.param("model.onnx", "onnx", marks=pytest.mark.slow)]
)
def test_export(graph, name, file_format):
    """The exported file forecasts what the forecaster does, or it is refused."""
    folder = launch_training(tiny_config())
    export_forecaster(Forecaster.load(folder), Path(name), file_format)
    assert Path(name).is_file()


def test_a_dataset_without_a_graph_is_refused(tiny):
    with refuses(Path("datasets") / NAME / "adj_mx.pkl", found="missing", fix="prepare"):
        launch_training(tiny_config())
    assert not Path("checkpoints").exists()


def test_a_plan_computes_nothing(graph, capsys):
    assert main(["reproduce", "table3", "--models", "PDFormer", "--datasets", NAME, "--dry-run"]) == 0
    assert "PDFormer" in capsys.readouterr().out
    assert not (graph / "cache").exists()
