"""The published settings: the registry has all of them, and every configuration file of the repository restates one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from basicts.models.STID import STID
from cli.commands import ENVIRONMENT

from basicts_elin import ELinFormer, PDFormer, STAEformer, STLAformer
from basicts_elin.config.describe import describe
from basicts_elin.data.catalog import CATALOG
from basicts_elin.zoo.config_file import load_config
from basicts_elin.zoo.registry import config_for

ROOT = Path(__file__).resolve().parents[1] / "baselines_cfg"
FILES = sorted(ROOT.glob("*/*.py"))
MODELS = {"ELinFormer": ELinFormer, "STAEformer": STAEformer, "STID": STID}
# with recipes of their own for the datasets that they were published on, and more
OF_PEMS = {"STLAformer": STLAformer, "PDFormer": PDFormer}
SMALL = {"ELinFormer_small", "STAEformer_small"}
# small enough for a processor
PARTS = {"SyntheticTraffic", "PEMS08_tail", "PEMS-BAY_67"}
DATASETS = {"PEMS-BAY", "PEMS03", "PEMS04", "PEMS07", "PEMS08", "METR-LA", *PARTS}
LARGEST = {"SD", "GBA", "GLA", "CA"}
PEMS = {"PEMS03", "PEMS04", "PEMS07", "PEMS08"}
PARAMETERS = {"PEMS08": 1223460, "PEMS04": 1354980, "PEMS-BAY": 1372260, "PEMS03": 1403940, "PEMS07": 1907940}
OF_FILE = pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")


def parameters(config):
    with torch.device("meta"):
        model = config.model(config.model_config)
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_published_settings_have_files():
    files = {folder.name: {file.stem for file in folder.glob("*.py")} for folder in ROOT.iterdir()}
    largest = {"ELinFormer": LARGEST, "STID": LARGEST, "STAEformer": {"SD"}}
    expected = {**{name: DATASETS | largest[name] for name in MODELS}, **dict.fromkeys(SMALL, PARTS)}
    assert files == {**expected, "STLAformer": PEMS | LARGEST, "PDFormer": {*PEMS, "PEMS-BAY"}}


@OF_FILE
def test_a_file_is_what_its_name_says(path):
    loaded = load_config(str(path))
    assert loaded.model is {**MODELS, **OF_PEMS}[path.parent.name.removesuffix("_small")]
    assert loaded.dataset_name == path.stem
    assert loaded.model_config.num_features == CATALOG[path.stem].num_nodes
    steps = CATALOG[path.stem].steps_per_day
    assert loaded.model_config.get("num_time_in_day", steps) == steps
    assert parameters(loaded) > 0
    assert (loaded.seed, loaded.gpus) == (42, None)


@OF_FILE
def test_a_file_and_its_name_are_the_same_run(path):
    by_file, by_name = load_config(str(path)), config_for(path.parent.name, path.stem)
    assert by_file.md5 == by_name.md5
    assert describe(by_file) == describe(by_name)


def test_the_names_are_the_same_runs_without_the_files(tmp_path):
    """In an empty folder, by a process that has the package alone."""
    names = [f"{path.parent.name}/{path.stem}" for path in FILES]
    script = (
        "import json, sys; from basicts_elin.zoo.config_file import config_file, load_config; "
        "assert not any(map(config_file, sys.argv[1:])); "
        "print(json.dumps([load_config(name).md5 for name in sys.argv[1:]]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *names],
        cwd=tmp_path,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=400,
        check=True,
    )
    assert json.loads(done.stdout) == [load_config(str(path)).md5 for path in FILES]


@OF_FILE
def test_a_file_holds_differences_only_by_public_names(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 30
    assert sum(line.startswith("CFG = ") for line in lines) == 1
    modules = {line.split()[1] for line in lines if line.startswith("from ")}
    assert "basicts_elin" in modules and not any(name.startswith("basicts_elin.") for name in modules)


@pytest.mark.parametrize("dataset", PARAMETERS)
@pytest.mark.parametrize("model", ["ELinFormer", "STAEformer"])
def test_parameters_are_those_of_the_paper(model, dataset):
    assert parameters(config_for(model, dataset)) == PARAMETERS[dataset]


@pytest.mark.parametrize("model", ["ELinFormer", "STAEformer", "STAEformer_matmul", "ELinFormer_gaussian"])
def test_batches_of_the_published_recipe(model):
    sizes = {dataset: config_for(model, dataset).train_batch_size for dataset in DATASETS}
    assert sizes == {dataset: 8 if dataset == "PEMS07" else 16 for dataset in DATASETS}


@pytest.mark.parametrize("model", ["ELinFormer", "STLAformer"])
def test_batches_of_largest_have_about_as_many_nodes_as_the_largest_published_one(model):
    published = config_for(model, "PEMS07").train_batch_size * CATALOG["PEMS07"].num_nodes
    for dataset in LARGEST:
        nodes = config_for(model, dataset).train_batch_size * CATALOG[dataset].num_nodes
        assert published / 1.4 < nodes < published * 1.4, dataset


@pytest.mark.parametrize(("dataset", "batch", "parameters_of_it"), [("SD", 32, 257548), ("CA", 64, 1510412)])
def test_stid_on_largest_is_as_in_basicts_05(dataset, batch, parameters_of_it):
    config = config_for("STID", dataset)
    assert (config.train_batch_size, config.num_epochs) == (batch, 100)
    assert config.lr_scheduler_params == {"milestones": [1, 30, 60, 80], "gamma": 0.5}
    assert parameters(config) == parameters_of_it


@pytest.mark.parametrize("model", MODELS)
def test_epochs_of_the_published_recipe(model):
    assert {config_for(model, dataset).num_epochs for dataset in DATASETS} == {100}


@pytest.mark.parametrize(
    ("dataset", "weight_decay"), [("PEMS03", 3e-3), ("PEMS04", 2e-3), ("PEMS07", 1.5e-3), ("PEMS08", 2e-3)]
)
def test_the_published_recipe_of_stlaformer(dataset, weight_decay):
    config = config_for("STLAformer", dataset)
    assert parameters(config) == 605038
    assert config.optimizer_params == {"lr": 1e-3, "weight_decay": weight_decay}
    assert (config.loss.delta, config.loss.masked, config.target_metric) == (1.0, False, "loss")
    schedule = {"metric": "MAE", "factor": 0.1, "patience": 20, "threshold": 1e-3, "min_lr": 2e-6}
    assert (config.lr_scheduler.__name__, config.lr_scheduler_params) == ("PlateauLR", schedule)
    assert (config.num_epochs, config.train_batch_size) == (200, 16)
    assert (config.model_config.dropout, config.model_config.slot_rule) == (0.1, "exact")


def test_epochs_of_the_small_sizes():
    epochs = {dataset: config_for("ELinFormer_small", dataset).num_epochs for dataset in DATASETS}
    assert epochs == {dataset: 4 if dataset == "SyntheticTraffic" else 8 for dataset in DATASETS}


@pytest.mark.parametrize("dataset", sorted(PARTS))
def test_the_small_models_differ_in_the_attention_alone(dataset):
    one, other = (config_for(name, dataset) for name in sorted(SMALL))
    assert one.num_epochs == other.num_epochs
    assert parameters(one) == parameters(other) < 200_000
    names = other.model_config.keys()
    assert {name: one.model_config[name] for name in names} == dict(other.model_config)


def test_the_small_model_is_64_wide():
    model = ELinFormer(config_for("ELinFormer_small", "PEMS08").model_config)
    assert (model.hidden_size, len(model.temporal_layers), len(model.spatial_layers)) == (64, 1, 1)
