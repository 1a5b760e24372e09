"""Published weights as a run: what is read, what is refused, and that everything takes the folder."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from data.small_series import Executed
from refusal import refuses
from tiny import FACTS, NAME, NODES, STEPS, metrics, raw_windows, write_dataset

from basicts_elin import Forecaster, STLAformer, STLAformerConfig
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.dataset import open_dataset
from basicts_elin.training.launch.init_run import init_checkpoint
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.runner.checkpoints import read_checkpoint
from basicts_elin.zoo.registry import config_for
from basicts_elin.zoo.weights.command import MODELS
from basicts_elin.zoo.weights.importing import RULES, import_weights
from basicts_elin.zoo.weights.stlaformer import published_name

SIZES = {"hidden_size": 16, "intermediate_size": 24, "n_heads": 4, "num_layers": 2}
FOLDER = Path("checkpoints/STLAformer/Tiny_imported/weights")


def model(**settings):
    torch.manual_seed(3)
    lengths = {"input_len": STEPS, "output_len": STEPS, "num_features": NODES}
    return STLAformer(STLAformerConfig(**{**SIZES, **lengths, "slot_rule": "float32", "dropout": 0.0, **settings}))


def published(**settings):
    """A state as it was published: with the tables of codes, and a layer that nothing uses."""
    state = {published_name(name): tensor.clone() for name, tensor in model(**settings).state_dict().items()}
    tables = {"node_position_encoding.pe": torch.rand(1, 9, 16), "time_position_encoding.pe": torch.rand(1, 9, 16)}
    return {**state, **tables, "gru.weight_ih_l0": torch.rand(3, 3), "gru.bias_hh_l0": torch.rand(3)}


def save(content, **how):
    torch.save(content, "weights.pt", **how)
    return Path("weights.pt")


def imported(content=None, **options):
    return import_weights("stlaformer", save(content or published()), open_dataset(f"datasets/{NAME}"), **options)


def test_the_commands_models_have_rules():
    assert {*MODELS} == {*RULES}


@pytest.mark.parametrize("old_format", [False, True])
def test_a_published_file_becomes_a_run(tiny, old_format):
    save(published(), _use_new_zipfile_serialization=not old_format)
    done = import_weights("stlaformer", Path("weights.pt"), open_dataset("datasets/Tiny"), scaling=(200.0, 50.0))
    assert done.checkpoint.parent == FOLDER
    assert done.unused == ["gru.bias_hh_l0", "gru.weight_ih_l0"]
    content = read_checkpoint(done.checkpoint)
    expected = model().state_dict()
    assert content["model_state_dict"].keys() == expected.keys()
    assert all(torch.equal(content["model_state_dict"][name], tensor) for name, tensor in expected.items())
    assert {name: value.item() for name, value in content["scaler_stats"].items()} == {"mean": 200, "std": 50}
    assert content["trained_on"]["trained_until"] is None and "data" not in content["dataset_sha256"]
    fields = json.loads((FOLDER / "cfg.json").read_text())["model_config"]
    assert {name: fields[name] for name in SIZES} == SIZES and fields["slot_rule"] == "float32"


def test_a_forecaster_forecasts_with_it(tiny):
    imported(scaling=(200.0, 50.0))
    forecaster = Forecaster.load(FOLDER)
    rows = np.arange(600, 612)
    values = np.random.default_rng(0).uniform(100, 300, (STEPS, NODES)).astype(np.float32)
    frame = pd.DataFrame(values, pd.Timestamp(FACTS.start) + pd.to_timedelta(5 * rows, "min"), list(map(str, range(5))))
    stamps = torch.tensor(np.stack([rows % 288 / 288, rows // 288 / 7], axis=-1), dtype=torch.float32)
    with torch.no_grad():
        expected = model().eval()((torch.tensor(values)[None] - 200) / 50, stamps[None])[0] * 50 + 200
    np.testing.assert_allclose(forecaster.predict(frame).to_numpy(), expected.numpy(), rtol=1e-4)
    saved = Forecaster.load(forecaster.save("saved"))
    assert saved.predict(frame).equals(forecaster.predict(frame))


@pytest.mark.parametrize("source", ["given", "file", "training part"])
def test_where_the_scaling_comes_from(tiny, source):
    state = {f"state/{name}": tensor.numpy() for name, tensor in published().items()}
    np.savez("weights.npz", **state, **({} if source == "training part" else {"mean_std": np.array([230.0, 140.0])}))
    given = (1.5, 2.5) if source == "given" else None
    dataset = open_dataset(f"datasets/{NAME}")
    done = import_weights("stlaformer", Path("weights.npz"), dataset, scaling=given)
    train = dataset.values("train").astype(np.float64)
    expected = {"given": (1.5, 2.5), "file": (230.0, 140.0), "training part": (train.mean(), train.std())}[source]
    assert done.scaling == pytest.approx(expected, rel=1e-6)
    statistics = read_checkpoint(done.checkpoint)["scaler_stats"]
    assert [statistics[name].item() for name in ("mean", "std")] == pytest.approx(expected, rel=1e-6)


def test_windows_of_other_lengths(tiny):
    done = imported(published(input_len=6, output_len=3), scaling=(0.0, 1.0))
    assert (done.config.input_len, done.config.output_len) == (6, 3)
    assert (done.overrides["input_len"], done.overrides["output_len"]) == (6, 3)


def test_what_it_takes_to_evaluate_it_is_said(tiny, capsys):
    save(published())
    options = ["--dataset", NAME, "--mean", "200", "--std", "50", "--out", "mine"]
    assert main(["import-weights", "STLAformer", "weights.pt", *options]) == 0
    printed = capsys.readouterr().out
    assert "gru.bias_hh_l0" in printed and "mean 200, deviation 50" in printed
    changes = printed.rpartition("--set ")[2].rstrip("`\n").split()
    assert dict(change.split("=") for change in changes) == {
        **{f"model_config.{name}": str(value) for name, value in SIZES.items() if name != "n_heads"},
        "model_config.slot_rule": "float32",
    }
    assert {file.name for file in Path("mine").iterdir()} == {
        "STLAformer_best_val_loss.pt",
        "cfg.json",
        "config.txt",
    }


def test_the_command_that_is_printed_evaluates_it(tiny, capsys):
    save(published())
    assert main(["import-weights", "stlaformer", "weights.pt", "--dataset", NAME]) == 0
    command = capsys.readouterr().out.rpartition("`basicts-elin ")[2].rstrip("`\n").split()
    assert main([*command, "--gpus", "cpu"]) == 0
    assert "warning: model_config" not in capsys.readouterr().out
    found = metrics(FOLDER / "evaluation" / "Tiny_STLAformer_best_val_loss")["overall"]
    forecaster = Forecaster.load(FOLDER)
    windows = forecaster.part_windows(open_dataset(f"datasets/{NAME}"), "test")
    _, targets = raw_windows()
    errors = np.abs(windows.prediction - targets)[targets != 0]
    assert found["MAE"] == pytest.approx(errors.mean(), rel=1e-5)


def test_other_fields_of_the_model_are_named(tiny, capsys):
    """Its parameters fit, but it would compute something else."""
    checkpoint = imported().checkpoint
    sizes = [f"model_config.{name}={value}" for name, value in SIZES.items()]
    command = ["evaluate", "-c", "STLAformer/Tiny", "--ckpt", str(checkpoint), "--gpus", "cpu", "--set", *sizes]
    assert main(command) == 0
    printed = capsys.readouterr().out
    assert "warning: model_config.slot_rule=exact, but" in printed and "model_config.slot_rule=float32" in printed


def test_a_run_can_start_from_it(tiny):
    done = imported(scaling=(200.0, 50.0))
    config = with_overrides(config_for("STLAformer", NAME), {**done.overrides, "num_epochs": 1})
    folder = launch_training(with_overrides(config, {"init_from": init_checkpoint(str(FOLDER), config)}))
    statistics = read_checkpoint(folder / "STLAformer_best_val_loss.pt")["scaler_stats"]
    assert {name: value.item() for name, value in statistics.items()} == {"mean": 200, "std": 50}


def test_a_run_of_that_name_would_train_elsewhere(tiny):
    imported()
    assert Path(config_for("STLAformer", NAME).ckpt_save_dir) != FOLDER.parent


def without(name):
    state = published()
    del state[name]
    return state


def with_shape(name, *shape):
    return {**published(), name: torch.zeros(shape)}


@pytest.mark.parametrize(
    ("content", "slots"),
    [
        (lambda: without("output_proj.bias"), {"found": "output_proj.bias: missing"}),
        (lambda: without("MLP.0.weight"), {"found": "MLP.0.weight: missing"}),
        (lambda: without("attn_layers_st.1.lns.weight"), {"found": "attn_layers_st.1.lns.weight: missing"}),
        (lambda: with_shape("MLP.0.weight", 3), {"found": "MLP.0.weight: [3]"}),
        (lambda: with_shape("input_proj.weight", 8, 3), {"found": "[8, 3]", "expected": "[8, 2]"}),
        (lambda: with_shape("attn_layers_st.0.attns.residual.0.weight", 16, 5, 1), {"found": "n_heads"}),
        (lambda: {**published(), "extra.weight": torch.zeros(2)}, {"found": "extra.weight"}),
        (lambda: {**published(), "MLP.0.bias": torch.full((16,), torch.nan)}, {"found": "MLP.0.bias"}),
        (lambda: {"weights": published()}, {"found": "no state_dict"}),
        (lambda: [1, 2], {"found": "no state_dict"}),
        (dict, {"found": "no tensors"}),
    ],
)
def test_what_is_not_the_published_model_is_refused(tiny, content, slots):
    file = save(content())
    with refuses(file, **slots):
        import_weights("stlaformer", file, open_dataset(f"datasets/{NAME}"))
    assert not FOLDER.exists()


@pytest.mark.parametrize("name", ["weights.pt", "weights.npz"])
@pytest.mark.parametrize("content", ["", "text", "code"])
def test_files_that_hold_no_tensors_are_refused_and_not_run(tiny, name, content):
    file = Path(name)
    if content == "code":
        file.write_bytes(pickle.dumps({"MLP.0.weight": Executed("mark")}))
    else:
        file.write_text(content)
    with refuses(file, found="unreadable"):
        import_weights("stlaformer", file, open_dataset(f"datasets/{NAME}"))
    assert not Path("mark").exists()


def test_a_file_that_does_not_exist(tiny):
    with refuses("weights.pt", found="missing"):
        import_weights("stlaformer", Path("weights.pt"), open_dataset(f"datasets/{NAME}"))


def test_a_dataset_of_another_interval_is_refused(workplace):
    write_dataset(workplace, steps_per_day=96)
    with refuses(f"datasets/{NAME}", found="96 rows", expected="288"):
        imported()


def test_an_existing_folder_is_kept(tiny):
    before = imported().checkpoint.read_bytes()
    with refuses("out", found="exists"):
        imported(scaling=(1.0, 2.0))
    assert (FOLDER / "STLAformer_best_val_loss.pt").read_bytes() == before


@pytest.mark.parametrize(
    ("options", "field"),
    [
        (["--mean", "1"], "--std"),
        (["--std", "1"], "--mean"),
        (["--mean", "1", "--std", "0"], "--std"),
        (["--mean", "nan", "--std", "1"], "--mean"),
    ],
)
def test_half_a_scaling_is_refused(tiny, capsys, options, field):
    assert main(["import-weights", "stlaformer", "weights.pt", "--dataset", NAME, *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {field}: ")
