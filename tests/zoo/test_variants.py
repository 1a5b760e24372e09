"""Models with another attention: found by name, equal in everything else, trained and evaluated."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.modules.transformer import MultiHeadAttention
from cli.commands import ENVIRONMENT, paths
from tiny import DIMS, NODES, metrics, record, settings, write_dataset

from basicts_elin import EntropyEqualAttention, InLineAttention, LinformerAttention, SoftmaxAttention, linearize
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.zoo import variants
from basicts_elin.zoo.attention import attention_entry
from basicts_elin.zoo.entries.basicts_models import basicts_names
from basicts_elin.zoo.registry import compared_models, config_for, entry, resolve, variant_names

pytestmark = pytest.mark.filterwarnings("ignore:Complex modules are a new feature")

LAYERS = {
    "STAEformer_matmul": SoftmaxAttention,
    "STAEformer": SoftmaxAttention,
    "STAEformer_linformer": LinformerAttention,
    "STAEformer_inline": InLineAttention,
    "ELinFormer": EntropyEqualAttention,
    "ELinFormer_gaussian": EntropyEqualAttention,
    "iTransformer": MultiHeadAttention,
    "iTransformer_sdpa": SoftmaxAttention,
    "iTransformer_linformer": LinformerAttention,
    "iTransformer_linear": EntropyEqualAttention,
    "iTransformer_gaussian": EntropyEqualAttention,
}
VARIANTS = [name for name in variant_names() if resolve(name).attention and not resolve(name).is_small]
LINEAR = [name for name in VARIANTS if name.endswith("_linear")]


def built(config):
    torch.manual_seed(0)
    return config.model(config.model_config)


def small(config):
    sizes = {"hidden_size": 8, "intermediate_size": 8, "n_heads": 2, "num_features": NODES, "adaptive_hidden_size": 4}
    sizes |= {"period": 4} if "period" in config.model_config else {}
    sizes = {f"model_config.{name}": size for name, size in sizes.items() if name in config.model_config}
    return with_overrides(config, sizes)


def attentions(model):
    return [module for module in model.modules() if hasattr(module, "q_proj")]


def linear(model):
    return [module for module in model.modules() if isinstance(module, EntropyEqualAttention)]


def base_of(name):
    """The model that a variant differs from in its attention alone."""
    return resolve(name).entry.name


def test_the_comparison_is_of_every_attention_on_two_backbones():
    compared = compared_models()
    assert list(compared) == list(LAYERS)
    titles = [variant.attention_title for variant in compared.values()]
    # the local residual takes neighbours in the order of the tokens, which has no meaning in iTransformer
    assert [title for title in titles[:6] if title != "InLine"] == titles[6:] and len(set(titles)) == 6
    assert [variant.backbone for variant in compared.values()] == ["STAEformer"] * 6 + ["iTransformer"] * 5


@pytest.mark.parametrize("name", LAYERS)
def test_every_attention_of_the_model_is_of_that_kind(name):
    layers = attentions(built(small(config_for(name, "PEMS08"))))
    assert len(layers) == (1 if name.startswith("iTransformer") else 6)
    assert {type(layer) for layer in layers} == {LAYERS[name]}
    if LAYERS[name] is EntropyEqualAttention:
        assert {layer.entropy for layer in layers} == {"gaussian" if "gaussian" in name else "taylor"}
    if LAYERS[name] is SoftmaxAttention:
        assert {layer.fused for layer in layers} == {"matmul" not in name}


@pytest.mark.parametrize("name", [*LAYERS, *VARIANTS])
def test_every_attention_starts_from_the_same_weights(name):
    base = resolve(name).backbone
    state, expected = (built(small(config_for(other, "PEMS08"))).state_dict() for other in (name, base))
    assert set(expected) <= set(state)
    assert all(torch.equal(state[key], expected[key]) for key in expected)
    assert all("compress" in key or ".residual." in key for key in state.keys() - expected.keys())


@pytest.mark.parametrize("name", ["STAEformer_matmul", "ELinFormer_gaussian", "iTransformer_linear", "Leddam_gaussian"])
def test_a_layer_without_parameters_of_its_own_draws_no_random_numbers(name):
    built(small(config_for(name, "PEMS08")))
    numbers = torch.get_rng_state()
    built(small(config_for(base_of(name), "PEMS08")))
    assert torch.equal(torch.get_rng_state(), numbers)


@pytest.mark.parametrize("dataset", ["PEMS07", "PEMS08_tail"])
@pytest.mark.parametrize("name", VARIANTS)
def test_everything_else_is_as_in_the_run_that_it_differs_from(name, dataset):
    found, base = settings(config_for(name, dataset)), settings(config_for(base_of(name), dataset))
    for field, value in attention_entry(resolve(name).attention).model_fields.items():
        assert found["model_config"].pop(field) == value
        base["model_config"].pop(field, None)
    assert found.pop("model") is getattr(variants, name) is not base.pop("model")
    assert found.pop("ckpt_save_dir") == f"checkpoints/{name}/{dataset}_100_12_12" != base.pop("ckpt_save_dir")
    assert found == base


@pytest.mark.parametrize("name", VARIANTS)
def test_the_class_has_what_basicts_reads_from_it(name):
    model, _ = resolve(name).load()
    base, _ = entry(base_of(name)).load()
    assert issubclass(model, base) and model.forward is base.forward
    assert model.__name__ == model.__qualname__ == name
    assert pickle.loads(pickle.dumps(model)) is model
    assert attention_entry(resolve(name).attention).title in model.__doc__


OTHER_NAMES = ["iTransformer", "iTransformer_nothing", "STAEformer_linear", "_x", "iTransformer_sdpax"]


@pytest.mark.parametrize("name", OTHER_NAMES)
def test_no_other_name_has_a_class(name):
    assert not hasattr(variants, name)


@pytest.mark.parametrize("name", LINEAR)
def test_entropy_equal_attention_is_where_linearize_puts_it(name):
    config = with_overrides(config_for(name, "PEMS08"), {"entropy": "gaussian", "path": "linear"})
    model, theirs = built(small(config)), built(small(config_for(base_of(name), "PEMS08")))
    assert len(linear(model)) == len(linearize(theirs).replaced) > 0
    assert {(layer.entropy, layer.path) for layer in linear(model)} == {("gaussian", "linear")}
    assert list(model.state_dict()) == list(theirs.state_dict())


def test_every_model_that_linearize_serves_has_such_a_variant():
    served = []
    for name in basicts_names():
        if not entry(name).unfit:
            model = built(config_for(name, "SyntheticTraffic"))
            served += [f"{name}_linear"] if linearize(model).replaced else []
    assert served == LINEAR


def test_the_estimator_is_part_of_the_run():
    config = config_for("iTransformer_linear", "PEMS08")
    other = with_overrides(config, {"entropy": "taylor2"})
    assert (config.model_config.entropy, other.model_config.entropy) == ("taylor", "taylor2")
    assert other.md5 != config.md5


def test_linformer_has_as_many_mixtures_as_it_is_told_and_no_more_than_tokens():
    run = with_overrides(config_for("STAEformer_linformer", "PEMS08"), {"proj_len": 30})
    sizes = [(layer.seq_len, layer.proj_len) for layer in attentions(built(run))]
    assert sizes == [(12, 12)] * 3 + [(170, 30)] * 3
    (layer,) = attentions(built(config_for("iTransformer_linformer", "PEMS08")))
    # time of day and day of week are tokens, too
    assert (layer.seq_len, layer.proj_len, layer.dropout) == (172, 64, 0.1)


def test_dropout_and_size_are_those_of_the_model():
    overrides = {"dropout": 0.25, "hidden_size": 24}
    layers = attentions(built(with_overrides(config_for("iTransformer_sdpa", "PEMS08"), overrides)))
    assert [(layer.dropout, layer.hidden_size) for layer in layers] == [(0.25, 24)]


@pytest.mark.parametrize("name", LAYERS)
def test_the_configuration_can_be_stored(name, tmp_path):
    run = with_overrides(config_for(name, "PEMS08"), {"ckpt_save_dir": str(tmp_path)})
    assert pickle.loads(pickle.dumps(run)).md5 == run.md5
    run.save()
    (file,) = tmp_path.rglob("cfg.json")
    stored = BasicTSForecastingConfig.from_json(file)
    assert stored.model is run.model
    assert json.loads(file.read_text())["model"]["name"] == run.model.__name__
    expected, found = (attentions(built(small(one)))[0] for one in (run, stored))
    assert repr(found) == repr(expected)


def test_another_process_finds_the_class_by_its_path():
    script = "from basicts_elin.zoo.variants import PatchTST_gaussian; print(PatchTST_gaussian.__mro__[1].__name__)"
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=400, check=True
    )
    assert done.stdout == "PatchTSTForForecasting\n"


TRAINED = [
    "STAEformer_linformer",
    "STAEformer_inline",
    "TimeXer_inline",
    "ELinFormer_gaussian",
    "iTransformer_sdpa",
    "PatchTST_linear",
]


@pytest.mark.parametrize("name", TRAINED)
def test_a_run_and_its_evaluation(workplace, capsys, name):
    write_dataset(workplace, "SyntheticTraffic")
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_features": NODES, **DIMS}
    known = config_for(name, "SyntheticTraffic").model_config
    overrides = ["num_epochs=1", *(f"{field}={size}" for field, size in sizes.items() if field in known)]
    arguments = [f"{name}/SyntheticTraffic", "-g", "cpu", "--set", *overrides]
    assert main(["train", "-c", *arguments]) == 0
    trained = paths(capsys.readouterr().out)
    assert trained["checkpoint"].name == f"{name}_best_val_MAE.pt"
    folder = trained["metrics"].parent
    assert folder.parent == Path("checkpoints", name, "SyntheticTraffic_1_12_12")
    assert (record(folder)["config"], record(folder)["model"]) == (f"{name}/SyntheticTraffic", name)
    assert main(["evaluate", "-ckpt", str(trained["checkpoint"]), "-cfg", *arguments]) == 0
    found = paths(capsys.readouterr().out)
    assert metrics(found["metrics"].parent) == metrics(folder)


def test_an_unknown_estimator_is_one_line(workplace, capsys):
    arguments = ["-c", "iTransformer_linear/SyntheticTraffic", "-g", "cpu", "--set", "entropy=shannon"]
    assert main(["train", *arguments]) == 2
    line = capsys.readouterr().err
    assert line.count("\n") == 1 and line.startswith("error: ")
    assert "iTransformer_linear" in line and "'shannon'" in line
