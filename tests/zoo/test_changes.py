"""Another attention over time alone, or over space alone."""

import json
import pickle
from pathlib import Path

import pytest
import torch
from cli.commands import paths, refused
from refusal import refuses
from tiny import DIMS, NODES, metrics, record, write_dataset

from basicts_elin import EntropyEqualAttention, LinformerAttention, SoftmaxAttention
from basicts_elin.cli import main
from basicts_elin.forecasting.storage.architecture import build_model
from basicts_elin.reproduce.plan import plan_runs
from basicts_elin.reproduce.status import status_here
from basicts_elin.zoo.attention import attention_names
from basicts_elin.zoo.changes import with_changes
from basicts_elin.zoo.registry import config_for

SMALL = {f"model_config.{name}": size for name, size in {**DIMS, "num_features": NODES, "num_layers": 2}.items()}
KINDS = {
    "matmul": SoftmaxAttention,
    "sdpa": SoftmaxAttention,
    "linformer": LinformerAttention,
    "linear": EntropyEqualAttention,
    "gaussian": EntropyEqualAttention,
}


def changed(name="STAEformer", **sides):
    fields = {f"model_config.{side}_attention": attention for side, attention in sides.items()}
    return with_changes(config_for(name, "PEMS08"), {**SMALL, **fields})


def built(config):
    torch.manual_seed(0)
    return config.model(config.model_config).eval()


def layers(model, side):
    return [layer.attention for layer in getattr(model, f"{side}_layers")]


def inputs():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(2, 12, NODES, generator=generator), torch.zeros(2, 12, 2)


@pytest.mark.parametrize("spatial", attention_names())
@pytest.mark.parametrize("temporal", attention_names())
def test_any_two_attentions(temporal, spatial):
    model = built(changed(temporal=temporal, spatial=spatial))
    for side, attention in (("temporal", temporal), ("spatial", spatial)):
        found = layers(model, side)
        assert {type(layer) for layer in found} <= {KINDS.get(attention, type(found[0]))} and len(found) == 2
        if KINDS.get(attention) is EntropyEqualAttention:
            # both sides read the field of this name
            assert {layer.entropy for layer in found} == {"gaussian" if attention == "gaussian" else "taylor"}
        if KINDS.get(attention) is SoftmaxAttention:
            assert {layer.fused for layer in found} == {attention == "sdpa"}
        if attention == "linformer":
            assert {layer.seq_len for layer in found} == {12 if side == "temporal" else NODES}
    assert model(*inputs()).isfinite().all()


@pytest.mark.parametrize("name", ["STAEformer", "ELinFormer", "ELinFormer_gaussian"])
def test_one_side_alone_leaves_the_other_as_it_is(name):
    model, base = built(changed(name, temporal="matmul")), built(changed(name))
    assert [repr(layer) for layer in layers(model, "spatial")] == [repr(layer) for layer in layers(base, "spatial")]
    assert {layer.fused for layer in layers(model, "temporal")} == {False}
    # the weights are those of the model
    expected = base.state_dict()
    assert all(torch.equal(value, expected[key]) for key, value in model.state_dict().items())


def test_fields_of_the_models_own_attention_hold_on_a_side_that_names_it():
    config = with_changes(
        config_for("STAEformer_linformer", "PEMS08"),
        {**SMALL, "model_config.proj_len": 3, "temporal_attention": "sdpa", "spatial_attention": "linformer"},
    )
    assert {layer.proj_len for layer in layers(built(config), "spatial")} == {3}


def test_both_sides_softmax_is_staeformer_with_softmax():
    expected = built(changed("STAEformer_matmul"))(*inputs())
    found = built(changed("ELinFormer", temporal="matmul", spatial="matmul"))(*inputs())
    assert torch.equal(found, expected)


def test_a_run_without_them_is_the_same_run():
    plain, none = config_for("ELinFormer", "PEMS08"), with_changes(config_for("ELinFormer", "PEMS08"), {})
    assert none.md5 == plain.md5 and none.model is plain.model
    assert with_changes(config_for("ELinFormer", "PEMS08"), {"temporal_attention": None}).md5 == plain.md5
    runs = {changed(**sides).md5 for sides in ({}, {"temporal": "linear"}, {"spatial": "linear"})}
    assert len(runs) == 3


def test_the_class_can_be_stored_and_found_again():
    config = changed("ELinFormer", spatial="linformer")
    assert pickle.loads(pickle.dumps(config)).md5 == config.md5
    assert (config.model.__name__, config.model.__module__) == ("ELinFormer_changed", "basicts_elin.zoo.variants")
    stored = {"model": {"name": config.model.__name__, "module": config.model.__module__}}
    stored["model_config"] = json.loads(json.dumps(dict(config.model_config)))
    model = build_model(stored, Path("cfg.json"), is_own_run=False)
    assert {type(layer) for layer in layers(model, "spatial")} == {LinformerAttention}


@pytest.mark.parametrize(
    ("name", "field", "value", "expected"),
    [
        ("STID", "temporal_attention", "linear", ("ELinFormer", "STAEformer")),
        ("iTransformer_linear", "model_config.spatial_attention", "sdpa", "STAEformer"),
        ("STAEformer", "temporal_attention", "cosine", ("sdpa", "linear")),
        ("STAEformer", "temporal_attention", ["sdpa"], "sdpa"),
    ],
)
def test_what_cannot_be_replaced_is_refused(name, field, value, expected):
    with refuses(f"--set {field}", expected=expected):
        with_changes(config_for(name, "PEMS08"), {field: value})


def test_a_run_by_the_command_and_in_the_plan(workplace, capsys):
    write_dataset(workplace, "SyntheticTraffic")
    changes = ["model_config.temporal_attention=sdpa", "spatial_attention=linear"]
    changes += [f"{name}={size}" for name, size in {**DIMS, "num_features": NODES}.items()]
    arguments = ["-c", "STAEformer/SyntheticTraffic", "-g", "cpu", "--set", "num_epochs=1", *changes]
    assert main(["train", *arguments]) == 0
    trained = paths(capsys.readouterr().out)
    folder = trained["metrics"].parent
    assert folder.parent == Path("checkpoints", "STAEformer_changed", "SyntheticTraffic_1_12_12")
    assert record(folder)["config"] == "STAEformer/SyntheticTraffic"
    (run,) = plan_runs("attention", ["STAEformer"], ["SyntheticTraffic"], epochs=1, changes=changes)
    assert {"spatial_attention=linear", "temporal_attention=sdpa"} <= set(run.differences.split(", "))
    (status,) = status_here([run], ["cpu"]).runs
    assert (status.folder, status.is_finished) == (str(folder), True)
    assert main(["evaluate", "-ckpt", str(trained["checkpoint"]), *arguments]) == 0
    assert metrics(paths(capsys.readouterr().out)["metrics"].parent) == metrics(folder)
    # the options that changed the model are forgotten
    line = refused(capsys, "evaluate", "-ckpt", trained["checkpoint"], *arguments[:4])
    assert "of model STAEformer_changed" in line and "--set" in line and "config.txt" in line
