"""The configs, and their round trip through BasicTS's cfg.json."""

import dataclasses
import json

import pytest
import torch
from basicts.configs import BasicTSForecastingConfig
from models.small import MODELS, small_batch, small_model
from ops.compare import assert_close

from basicts_elin import ELinFormerConfig, STAEformerConfig

NAMES = list(MODELS)
DEFAULTS = {
    "input_len": None,
    "output_len": None,
    "num_features": None,
    "num_time_in_day": 288,
    "num_day_in_week": 7,
    "input_hidden_size": 24,
    "tid_hidden_size": 24,
    "diw_hidden_size": 24,
    "adaptive_hidden_size": 80,
    "intermediate_size": 256,
    "n_heads": 4,
    "num_layers": 3,
    "hidden_act": "relu",
    "dropout": 0.1,
}
OF_ATTENTION = {"entropy": "taylor", "path": "auto", "eps": 1e-8}


def benchmark_config(name, **settings):
    model, config = MODELS[name]
    return BasicTSForecastingConfig(
        model=model, model_config=config(num_features=7, **settings), dataset_name="x", input_len=12, output_len=12
    )


@pytest.mark.parametrize(
    "config, defaults", [(STAEformerConfig, DEFAULTS), (ELinFormerConfig, DEFAULTS | OF_ATTENTION)]
)
def test_fields(config, defaults):
    fields = dataclasses.fields(config)
    assert {field.name: field.default for field in fields} == defaults
    assert all(field.metadata["help"].endswith(".") for field in fields)


@pytest.mark.parametrize("name", NAMES)
def test_round_trip(name, tmp_path):
    config = benchmark_config(name)
    assert config.model_config.input_len == config.model_config.output_len == 12
    file = tmp_path / "cfg.json"
    file.write_text(str(config), encoding="utf-8")
    saved = json.loads(file.read_text(encoding="utf-8"))
    # the import path is public API: runs store it
    assert saved["model"] == {
        "name": name,
        "module": f"basicts_elin.models.{name}.arch.{name.lower()}_arch",
    }
    loaded = BasicTSForecastingConfig.from_json(str(file))
    assert loaded.md5 == config.md5
    assert loaded.model is MODELS[name][0]
    # BasicTS hands the model a plain EasyDict then
    assert dict(loaded.model_config) == dict(config.model_config)
    torch.manual_seed(0)
    built = loaded.model(loaded.model_config)
    torch.manual_seed(0)
    expected = config.model(config.model_config)
    batch = small_batch(nodes=7, dtype=torch.float32)
    assert torch.equal(built.eval()(*batch), expected.eval()(*batch))


@pytest.mark.parametrize("settings", [{"entropy": "gaussian"}, {"path": "quadratic"}, {"eps": 1e-4}, {"dropout": 0.2}])
def test_settings_survive_and_change_the_md5(settings, tmp_path):
    config = benchmark_config("ELinFormer", **settings)
    assert config.md5 != benchmark_config("ELinFormer").md5
    file = tmp_path / "cfg.json"
    file.write_text(str(config), encoding="utf-8")
    loaded = BasicTSForecastingConfig.from_json(str(file))
    assert loaded.md5 == config.md5
    assert {name: loaded.model_config[name] for name in settings} == settings


def test_settings_reach_every_attention():
    model = small_model("ELinFormer", entropy="gaussian", path="linear", eps=1e-3, num_layers=2)
    for layer in [*model.temporal_layers, *model.spatial_layers]:
        assert (layer.attention.entropy, layer.attention.path, layer.attention.eps) == ("gaussian", "linear", 1e-3)


@pytest.mark.parametrize("name", NAMES)
def test_hidden_act(name):
    batch = small_batch()
    relu, gelu = (small_model(name, **settings)(*batch) for settings in ({}, {"hidden_act": "gelu"}))
    assert_close(relu, small_model(name, hidden_act="relu")(*batch))
    assert (relu - gelu).abs().max() > 1e-4


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "field", ["input_len", "output_len", "num_features", "num_layers", "n_heads", "intermediate_size"]
)
@pytest.mark.parametrize("value", [None, 0, -1, 2.5])
def test_sizes_are_checked(name, field, value):
    with pytest.raises(ValueError, match=f"^{field}: {value} .*{name}"):
        small_model(name, **{field: value})


def test_names_are_checked():
    with pytest.raises(ValueError, match="^entropy: 'shannon'; .*'taylor'"):
        small_model("ELinFormer", entropy="shannon")
    with pytest.raises(ValueError, match="^path: 'fast'; .*'auto'"):
        small_model("ELinFormer", path="fast")
    with pytest.raises(ValueError, match="^hidden_size: 20; .*n_heads=3"):
        small_model("ELinFormer", n_heads=3)
