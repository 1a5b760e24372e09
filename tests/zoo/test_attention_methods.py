"""The attention methods of the paper's comparison: found by name, equal in all else, trained and evaluated."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from basicts.modules.transformer import MultiHeadAttention
from cli.commands import SMALL_CONFIG, paths
from tiny import NODES, metrics, record, settings, write_dataset

from basicts_elin import EntropyEqualAttention, LinformerAttention, SoftmaxAttention
from basicts_elin.cli import main
from basicts_elin.config.overrides import with_overrides
from basicts_elin.errors import UserError
from basicts_elin.modules.matmul import MatmulAttention
from basicts_elin.reproduce.plan import ATTENTION, plan_runs
from basicts_elin.zoo.attention_methods import METHODS
from basicts_elin.zoo.config_file import load_config

ROOT = Path(__file__).resolve().parents[2]
LAYERS = {
    "STAEformer_matmul": MatmulAttention,
    "STAEformer": SoftmaxAttention,
    "STAEformer_linformer": LinformerAttention,
    "ELinFormer": EntropyEqualAttention,
    "ELinFormer_gaussian": EntropyEqualAttention,
    "iTransformer": MultiHeadAttention,
    "iTransformer_sdpa": SoftmaxAttention,
    "iTransformer_linformer": LinformerAttention,
    "iTransformer_linear": EntropyEqualAttention,
    "iTransformer_gaussian": EntropyEqualAttention,
}


def config(name, dataset="PEMS08"):
    return load_config(str(ROOT / "baselines_cfg" / name / f"{dataset}.py"))


def built(settings_of_a_run):
    torch.manual_seed(0)
    return settings_of_a_run.model(settings_of_a_run.model_config)


def small(settings_of_a_run):
    sizes = {"hidden_size": 8, "intermediate_size": 8, "num_features": NODES, "adaptive_hidden_size": 4}
    sizes = {name: size for name, size in sizes.items() if name in settings_of_a_run.model_config}
    return with_overrides(settings_of_a_run, {f"model_config.{name}": size for name, size in sizes.items()})


def attentions(model):
    return [module for module in model.modules() if hasattr(module, "q_proj")]


def test_the_table_names_what_there_is():
    assert list(ATTENTION) == list(LAYERS)
    assert set(METHODS) <= set(ATTENTION)


@pytest.mark.parametrize("name", ATTENTION)
def test_every_attention_of_the_model_is_of_that_kind(name):
    layers = attentions(built(small(config(name))))
    assert len(layers) == (1 if name.startswith("iTransformer") else 6)
    assert {type(layer) for layer in layers} == {LAYERS[name]}
    if LAYERS[name] is EntropyEqualAttention:
        assert {layer.entropy for layer in layers} == {"gaussian" if "gaussian" in name else "taylor"}


@pytest.mark.parametrize("name", ATTENTION)
def test_all_methods_start_from_the_same_weights(name):
    base = "iTransformer" if name.startswith("iTransformer") else "STAEformer"
    state, expected = (built(small(config(other))).state_dict() for other in (name, base))
    assert set(expected) <= set(state)
    assert all(torch.equal(state[key], expected[key]) for key in expected)
    assert all("compress" in key for key in state.keys() - expected.keys())


@pytest.mark.parametrize("dataset", ["PEMS07", "PEMS08_tail"])
@pytest.mark.parametrize("name", METHODS)
def test_all_else_is_as_in_the_run_that_it_differs_from(name, dataset):
    found, base = settings(config(name, dataset)), settings(config(METHODS[name].base, dataset))
    for fields in METHODS[name].fields:
        assert found["model_config"].pop(fields) != base["model_config"].pop(fields, None)
    if METHODS[name].model:
        assert found.pop("model") is METHODS[name].model is not base.pop("model")
        assert found.pop("ckpt_save_dir") != base.pop("ckpt_save_dir")
    assert found == base


@pytest.mark.parametrize("name", METHODS)
def test_each_method_is_a_run_of_its_own(name):
    assert config(name).md5 != config(METHODS[name].base).md5
    assert config(name).md5 == config(name).md5


def test_linformer_has_as_many_mixtures_as_it_is_told_and_no_more_than_tokens():
    run = with_overrides(config("STAEformer_linformer"), {"proj_len": 30})
    sizes = [(layer.seq_len, layer.proj_len) for layer in attentions(built(run))]
    assert sizes == [(12, 12)] * 3 + [(170, 30)] * 3
    (layer,) = attentions(built(config("iTransformer_linformer")))
    # time of day and day of week are tokens, too
    assert (layer.seq_len, layer.proj_len, layer.dropout) == (172, 64, 0.1)


def test_the_small_ones_are_those_of_the_small_configuration():
    run = config("STAEformer_linformer_small", "PEMS08_tail")
    base = config("STAEformer_small", "PEMS08_tail")
    assert run.num_epochs == base.num_epochs == 8
    assert run.model_config.adaptive_hidden_size == base.model_config.adaptive_hidden_size == 24


def test_names_alone_are_found_in_the_folder_of_configurations(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert load_config("STAEformer_matmul/PEMS08").md5 == config("STAEformer_matmul").md5
    assert load_config("iTransformer_sdpa/PEMS08").md5 == config("iTransformer_sdpa").md5


def test_without_the_run_it_differs_from_there_is_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="config file baselines_cfg/STAEformer/PEMS08.py is missing"):
        load_config("STAEformer_matmul/PEMS08")
    with pytest.raises(
        UserError, match=r"STAEformer_matmull/PEMS08 is missing \(did you mean STAEformer_matmul/PEMS08"
    ):
        load_config("STAEformer_matmull/PEMS08")


@pytest.mark.parametrize("name", METHODS)
def test_the_configuration_can_be_stored(name, tmp_path):
    run = with_overrides(config(name), {"ckpt_save_dir": str(tmp_path)})
    assert pickle.loads(pickle.dumps(run)).md5 == run.md5
    run.save()
    (file,) = tmp_path.rglob("cfg.json")
    stored = BasicTSForecastingConfig.from_json(file)
    assert stored.model is run.model
    assert json.loads(file.read_text())["model"]["name"] == run.model.__name__
    expected, found = (attentions(built(small(one)))[0] for one in (run, stored))
    assert repr(found) == repr(expected)


@pytest.mark.parametrize("name", METHODS)
def test_a_run_and_its_evaluation(workplace, capsys, name):
    write_dataset(workplace, "SyntheticTraffic")
    for model in ("ELinFormer", "STAEformer"):
        base = Path("baselines_cfg", model, "SyntheticTraffic.py")
        base.parent.mkdir(parents=True)
        base.write_text(SMALL_CONFIG.replace("ELinFormer", model))
    linear = Path("baselines_cfg", "iTransformer_linear")
    linear.symlink_to(ROOT / linear)
    (run,) = plan_runs("attention", [name], ["SyntheticTraffic"], epochs=1)
    changes = ["hidden_size=8", "intermediate_size=8", f"num_features={NODES}"] if name.startswith("iTr") else []
    changes = ["--set", *changes] if changes else []
    assert main(["train", *run.arguments("cpu"), *changes]) == 0
    trained = paths(capsys.readouterr().out)
    folder = trained["metrics"].parent
    assert Path(record(folder)["config"]).parent.name == name
    arguments = [
        "-cfg",
        run.config,
        "-ckpt",
        str(trained["checkpoint"]),
        "-g",
        "cpu",
        *run.arguments("cpu")[-2:],
        *changes,
    ]
    assert main(["evaluate", *arguments]) == 0
    found = paths(capsys.readouterr().out)
    assert metrics(found["metrics"].parent) == metrics(folder)
