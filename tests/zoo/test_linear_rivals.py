"""Configurations of BasicTS's models with entropy-equal attention: recipe, class, and a run."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from cli.commands import paths
from tiny import NODES, metrics, record, settings, weights, write_dataset

from basicts_elin import EntropyEqualAttention
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.data.catalog import CATALOG
from basicts_elin.errors import UserError
from basicts_elin.zoo.basicts_models import UNFIT, rival_config, rival_names
from basicts_elin.zoo.linear_rivals import LINEAR_RIVALS, iTransformerLinear, linear_rival_config
from basicts_elin.zoo.replace_attention import linearize

pytestmark = pytest.mark.filterwarnings("ignore:Complex modules are a new feature")

CFG = Path(__file__).resolve().parents[2] / "baselines_cfg" / "iTransformer_linear" / "SyntheticTraffic.py"


def small(config):
    sizes = {"hidden_size": 8, "intermediate_size": 8, "n_heads": 2, "num_features": NODES}
    sizes = {f"model_config.{name}": size for name, size in sizes.items() if name in config.model_config}
    return with_overrides(config, sizes)


def built(config):
    torch.manual_seed(0)
    return config.model(config.model_config)


def linear(model):
    return [module for module in model.modules() if isinstance(module, EntropyEqualAttention)]


def test_every_model_that_linearize_serves_is_there():
    served = []
    for name in rival_names():
        if name not in UNFIT and linearize(built(rival_config(name, "SyntheticTraffic"))).replaced:
            served.append(name)
    assert list(LINEAR_RIVALS) == served


@pytest.mark.parametrize("name", LINEAR_RIVALS)
def test_the_class_is_the_model_linearised(name):
    config, original = linear_rival_config(name, "PEMS08", "gaussian", "linear"), rival_config(name, "PEMS08")
    assert config.model.__name__ == f"{name}Linear"
    # what BasicTS reads from the class
    assert config.model.forward is original.model.forward
    model, theirs = built(small(config)), built(small(original))
    assert len(linear(model)) == len(linearize(theirs).replaced) > 0
    assert {(layer.entropy, layer.path) for layer in linear(model)} == {("gaussian", "linear")}
    state, expected = model.state_dict(), theirs.state_dict()
    assert list(state) == list(expected)
    assert all(torch.equal(state[key], expected[key]) for key in expected)


@pytest.mark.parametrize("dataset", CATALOG)
@pytest.mark.parametrize("name", LINEAR_RIVALS)
def test_all_else_is_as_in_the_recipe_of_the_model(name, dataset):
    ours, theirs = settings(linear_rival_config(name, dataset)), settings(rival_config(name, dataset))
    assert ours.pop("model") is LINEAR_RIVALS[name] and theirs.pop("model")
    assert ours.pop("ckpt_save_dir") == f"checkpoints/{name}Linear/{dataset}_100_12_12" != theirs.pop("ckpt_save_dir")
    assert (ours["model_config"].pop("entropy"), ours["model_config"].pop("path")) == ("taylor", "auto")
    assert ours == theirs


def test_differences_reach_the_recipe():
    config = linear_rival_config("iTransformer", "PEMS08", num_epochs=3, train_batch_size=7)
    assert (config.num_epochs, config.train_batch_size) == (3, 7)
    assert config.ckpt_save_dir == "checkpoints/iTransformerLinear/PEMS08_3_12_12"


def test_the_estimator_is_part_of_the_run():
    config = linear_rival_config("iTransformer", "PEMS08")
    other = with_overrides(config, {"entropy": "taylor2"})
    assert (config.model_config.entropy, other.model_config.entropy) == ("taylor", "taylor2")
    assert other.md5 == linear_rival_config("iTransformer", "PEMS08", entropy="taylor2").md5 != config.md5


def test_the_model_needs_no_keys_of_ours():
    config = small(rival_config("iTransformer", "PEMS08")).model_config
    (layer,) = linear(iTransformerLinear(config))
    assert (layer.entropy, layer.path) == ("taylor", "auto")


def test_the_configuration_can_be_stored(tmp_path):
    config = linear_rival_config("iTransformer", "PEMS08", "gaussian", ckpt_save_dir=str(tmp_path))
    assert pickle.loads(pickle.dumps(config)).md5 == config.md5
    config.save()
    (file,) = tmp_path.rglob("cfg.json")
    assert json.loads(file.read_text())["model"] == {
        "name": "iTransformerLinear",
        "module": "basicts_elin.zoo.linear_rivals",
    }
    stored = BasicTSForecastingConfig.from_json(file)
    assert stored.model is iTransformerLinear
    assert {layer.entropy for layer in linear(stored.model(stored.model_config))} == {"gaussian"}


@pytest.mark.parametrize("name", ["DLinear", "DUET", "Informer", "itransformer"])
def test_other_models_are_refused(name):
    with pytest.raises(UserError) as error:
        linear_rival_config(name, "PEMS08")
    assert str(error.value) == (
        f"model: {name!r} has no attention that linearize replaces in a model of BasicTS that can be compared; "
        "expected one of Crossformer, iTransformer, Leddam, PatchTST, TimeXer"
    )


def test_a_run_and_its_evaluation(workplace, capsys):
    write_dataset(workplace, "SyntheticTraffic")
    changes = ["--set", "num_epochs=1", "hidden_size=8", "intermediate_size=8", f"num_features={NODES}"]
    assert main(["train", "-c", str(CFG), "-g", "cpu", *changes]) == 0
    trained = paths(capsys.readouterr().out)
    assert trained["checkpoint"].name == "iTransformerLinear_best_val_MAE.pt"
    folder = trained["metrics"].parent
    assert folder.parent == Path("checkpoints/iTransformerLinear/SyntheticTraffic_1_12_12")
    assert record(folder)["model"] == "iTransformerLinear"
    assert "backbone.encoder.layers.0.self_attn.q_proj.weight" in weights(trained["checkpoint"])
    arguments = ["-cfg", str(CFG), "-ckpt", str(trained["checkpoint"]), "-g", "cpu", *changes]
    assert main(["evaluate", *arguments]) == 0
    found = paths(capsys.readouterr().out)
    assert metrics(found["metrics"].parent) == metrics(folder)
    assert set(metrics(folder)) == {"overall", "horizon_3", "horizon_6", "horizon_12"}


def test_an_unknown_estimator_is_one_line(workplace, capsys):
    assert main(["train", "-c", str(CFG), "-g", "cpu", "--set", "entropy=shannon"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: iTransformerLinear refuses its configuration: entropy='shannon' is not known; ")
