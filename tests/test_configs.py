"""Every configuration file of the repository."""

from pathlib import Path

import pytest
import torch
from basicts.models.STID import STID

from basicts_elin import ELinFormer, STAEformer
from basicts_elin.data.catalog import CATALOG
from basicts_elin.zoo.config_file import load_config
from basicts_elin.zoo.linear_rivals import iTransformerLinear

ROOT = Path(__file__).resolve().parents[1] / "baselines_cfg"
FILES = sorted(ROOT.glob("*/*.py"))
MODELS = {"ELinFormer": ELinFormer, "STAEformer": STAEformer, "STID": STID, "iTransformer_linear": iTransformerLinear}
SMALL = {"ELinFormer_small", "STAEformer_small"}
# small enough for a processor
PARTS = {"SyntheticTraffic", "PEMS08_tail", "PEMS-BAY_67"}
DATASETS = {"PEMS-BAY", "PEMS03", "PEMS04", "PEMS07", "PEMS08", "METR-LA", *PARTS}
PARAMETERS = {"PEMS08": 1223460, "PEMS04": 1354980, "PEMS-BAY": 1372260, "PEMS03": 1403940, "PEMS07": 1907940}


def config(folder, dataset):
    return load_config(str(ROOT / folder / f"{dataset}.py"))


def parameters(config):
    with torch.device("meta"):
        model = config.model(config.model_config)
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("folder", MODELS)
def test_each_model_has_all_datasets(folder):
    assert {file.stem for file in (ROOT / folder).glob("*.py")} == DATASETS


@pytest.mark.parametrize("folder", SMALL)
def test_the_small_models_have_what_a_processor_can_train(folder):
    assert {file.stem for file in (ROOT / folder).glob("*.py")} == PARTS


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_is_what_its_name_says(path):
    loaded = load_config(str(path))
    facts = CATALOG[path.stem]
    assert loaded.model is MODELS[path.parent.name.removesuffix("_small")]
    assert loaded.dataset_name == path.stem
    assert loaded.model_config.num_features == facts.num_nodes
    assert loaded.model_config.get("num_time_in_day", 288) == 288
    assert parameters(loaded) > 0
    assert (loaded.seed, loaded.gpus) == (42, None)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_file_holds_differences_only(path):
    lines = path.read_text().splitlines()
    assert len(lines) <= 12
    assert lines[-1].startswith("CFG = ")


@pytest.mark.parametrize("dataset", PARAMETERS)
@pytest.mark.parametrize("folder", ["ELinFormer", "STAEformer"])
def test_parameters_are_those_of_the_paper(folder, dataset):
    assert parameters(config(folder, dataset)) == PARAMETERS[dataset]


@pytest.mark.parametrize("folder", ["ELinFormer", "STAEformer"])
def test_batches_of_the_published_recipe(folder):
    sizes = {dataset: config(folder, dataset).train_batch_size for dataset in DATASETS}
    assert sizes == {dataset: 8 if dataset == "PEMS07" else 16 for dataset in DATASETS}


@pytest.mark.parametrize("folder", MODELS)
def test_epochs_of_the_published_recipe(folder):
    assert {config(folder, dataset).num_epochs for dataset in DATASETS} == {100}


@pytest.mark.parametrize("dataset", sorted(PARTS))
def test_the_small_models_differ_in_the_attention_alone(dataset):
    one, other = (config(folder, dataset) for folder in sorted(SMALL))
    assert one.num_epochs == other.num_epochs <= 8
    assert parameters(one) == parameters(other) < 200_000
    names = other.model_config.keys()
    assert {name: one.model_config[name] for name in names} == dict(other.model_config)
