"""The registry: what a name stands for, what a model needs, and that a model can be added."""

import subprocess
import sys

import pytest
from basicts.runners.callback import EarlyStopping, GradientClipping
from cli.commands import ENVIRONMENT
from refusal import refuses
from tiny import NAME, NODES, Tiny, TinyConfig, write_dataset

from basicts_elin.reproduce.plan import TABLES
from basicts_elin.results import published
from basicts_elin.zoo import attention, registry
from basicts_elin.zoo.registry import ModelEntry, Size, config_for, find, register, resolve


@pytest.fixture
def mine(workplace, monkeypatch):
    """A registry of its own to add models and attentions to."""
    registry.model_names()
    monkeypatch.setattr(registry, "_ENTRIES", dict(registry._ENTRIES))
    monkeypatch.setattr(attention, "_ENTRIES", dict(attention._ENTRIES))


@pytest.mark.parametrize(
    ("name", "canonical"),
    [
        ("ELinFormer", "ELinFormer"),
        ("ELinFormer_small", "ELinFormer_small"),
        ("ELinFormer_gaussian_small", "ELinFormer_gaussian_small"),
        ("ELinFormer_small_gaussian", "ELinFormer_gaussian_small"),
        # a model with its own attention
        ("STAEformer_sdpa", "STAEformer"),
        ("STAEformer_sdpa_small", "STAEformer_small"),
        ("iTransformer_matmul", "iTransformer"),
        # the two models differ in the attention alone
        ("STAEformer_linear", "ELinFormer"),
        ("STAEformer_small_gaussian", "ELinFormer_gaussian_small"),
        ("ELinFormer_linformer", "STAEformer_linformer"),
        ("ELinFormer_sdpa_small", "STAEformer_small"),
        ("legacy/AGCRN", "legacy/AGCRN"),
        ("AGCRN", "legacy/AGCRN"),
        ("legacy/Anything", "legacy/Anything"),
    ],
)
def test_one_variant_has_one_name(name, canonical):
    assert resolve(name).name == canonical
    assert find(canonical).name == canonical


@pytest.mark.parametrize(
    "name",
    [
        "",
        "elinformer",
        "ELinFormer_",
        "ELinFormer_x",
        "ELinFormer_small_small",
        "DLinear_linear",
        "iTransformer_small",
        "Crossformer_linformer",
        "_small",
    ],
)
def test_other_names_stand_for_nothing(name):
    assert find(name) is None
    with refuses("model", found=repr(name)):
        resolve(name)


def test_an_unknown_name_names_the_nearest():
    with refuses("model", found="'ELinFormer_gausian'", expected="ELinFormer_gaussian"):
        config_for("ELinFormer_gausian", "PEMS08")


@pytest.mark.parametrize("name", registry.variant_names())
def test_every_name_makes_a_configuration_and_stands_for_itself(name):
    assert find(name).name == name
    config = config_for(name, "PEMS08")
    assert config.model.__name__.removesuffix("ForForecasting") == find(name).class_name
    assert config.md5 == config_for(name, "PEMS08").md5


@pytest.mark.parametrize("name", ["STAEformer_linformer", "iTransformer_linear", "ELinFormer_small", "TimesNet"])
def test_every_name_serves_a_prepared_folder_that_the_catalogue_does_not_know(workplace, name):
    write_dataset(workplace, "MyCity", steps_per_day=24)
    config = config_for(name, "MyCity")
    assert (config.dataset_name, config.model_config.num_features) == ("MyCity", NODES)
    model_config = config.model_config
    sizes = model_config.get("timestamp_sizes") or [model_config.get("num_time_in_day", 24), 7]
    assert sizes == [24, 7]
    assert config.model(model_config)


def test_names_are_looked_up_without_torch():
    script = (
        "import sys; from basicts_elin.zoo import registry; assert registry.variant_names(); "
        "print([name for name in ('torch', 'basicts') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=ENVIRONMENT, capture_output=True, text=True, timeout=400, check=True
    )
    assert done.stdout == "[]\n"


def test_the_paper_has_every_model_of_its_tables_here():
    entries = [registry.paper_entry(name) for name in published.systems_of(published.TABLE3)]
    assert all(entries)
    assert registry.absent_models() == {}
    legacy = [entry.paper_name for entry in entries if entry.is_legacy]
    assert legacy == ["AGCRN", "DCRNN", "GTS", "D2STGNN", "HimNet", "STGCN", "MTGNN", "GWNet", "STWave"]


@pytest.mark.parametrize(
    ("model", "errors", "costs"),
    [
        ("STAEformer", "STAEformer", ""),
        ("STAEformer_matmul", "STAEformer", "STAEformer"),
        ("ELinFormer", "ELinFormer", "ELinFormer"),
        ("ELinFormer_small", "", ""),
        ("ELinFormer_gaussian", "", ""),
        ("STAEformer_linformer", "", ""),
        ("GWNet", "GWNet", "GWNet"),
        ("STID", "", ""),
        ("last value", "", ""),
    ],
)
def test_figures_are_compared_with_those_of_the_same_computation(model, errors, costs):
    assert (registry.paper_name(model), registry.paper_name(model, costs=True)) == (errors, costs)


def test_the_tables_are_of_these_models():
    assert list(TABLES["table2"].models()) == ["STAEformer_matmul", "STAEformer", "ELinFormer"]
    assert list(TABLES["attention"].models()) == list(registry.compared_models())


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ELinFormer_small", "ELinFormer"),
        ("ELinFormer_gaussian_small", "ELinFormer_gaussian"),
        ("legacy/X", "legacy/X"),
        ("last value", "last value"),
    ],
)
def test_the_name_without_the_size(name, expected):
    assert registry.base_name(name) == expected


def entry(**fields):
    return ModelEntry("Mine", lambda: (Tiny, TinyConfig), **fields)


def test_a_model_can_be_added(mine):
    small = Size({"bias": False}, {"num_epochs": 2}, {NAME: {"train_batch_size": 4}})
    fields = {
        "model_fields": {"bias": True},
        "run_fields": {"num_epochs": 5, "optimizer_params": {"lr": 0.5}},
        "dataset_fields": {NAME: {"train_batch_size": 8}},
        "callbacks": lambda: [GradientClipping(1.0)],
    }
    register(entry(small=small, **fields))
    config = config_for("Mine", NAME)
    assert (config.model, config.num_epochs, config.train_batch_size) == (Tiny, 5, 8)
    assert config.model_config.bias and config.optimizer_params == {"lr": 0.5}
    assert type(config.callbacks[-1]) is GradientClipping
    assert config_for("Mine", "PEMS08").train_batch_size == 16
    config = config_for("Mine_small", NAME, seed=7, callbacks=[EarlyStopping(3)])
    assert (config.num_epochs, config.train_batch_size, config.seed) == (2, 4, 7)
    assert not config.model_config.bias and config.optimizer_params == {"lr": 0.5}
    assert [type(callback) for callback in config.callbacks[-2:]] == [GradientClipping, EarlyStopping]
    assert {"Mine", "Mine_small"} <= set(registry.variant_names())


def test_two_configurations_share_nothing(mine):
    register(entry(run_fields={"optimizer_params": {"lr": 0.5}}, callbacks=lambda: [GradientClipping(1.0)]))
    one, other = config_for("Mine", NAME), config_for("Mine", NAME)
    one.optimizer_params["lr"] = 0.25
    assert other.optimizer_params["lr"] == config_for("Mine", NAME).optimizer_params["lr"] == 0.5
    assert one.callbacks[-1] is not other.callbacks[-1]


def test_the_longest_name_wins(mine):
    register(ModelEntry("ELinFormer_linformer", lambda: (Tiny, TinyConfig)))
    assert find("ELinFormer_linformer").attention == ""
    assert config_for("ELinFormer_linformer", NAME).model is Tiny


def test_a_name_is_registered_once(mine):
    register(entry())
    with refuses("model", found="Mine", expected="no other"):
        register(entry())
    with refuses("attention", found="linear", expected="no other"):
        attention.register_attention("linear", None, "x")


@pytest.mark.parametrize("name", ["", "a/b", "a b", "../x", "legacy/"])
def test_a_name_can_be_part_of_a_path(mine, name):
    with refuses("model", found=repr(name), expected="letters, digits"):
        register(ModelEntry(name))


@pytest.mark.parametrize("name", ["", "a b", "small"])
def test_an_attention_has_a_usable_name(mine, name):
    with refuses("attention", found=repr(name), expected="letters, digits"):
        attention.register_attention(name, None, "x")


def test_an_unknown_attention_lists_the_known_ones():
    with refuses(
        "attention", found="'x'", expected="matmul, sdpa, linformer, linformer_tied, inline, linear, gaussian"
    ):
        attention.attention_entry("x")
