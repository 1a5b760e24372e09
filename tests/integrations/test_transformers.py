"""Encoders of transformers with our attention: padding has no effect. Nothing is imported before it is asked for."""

import subprocess
import sys

import pytest
import torch
from ops.compare import assert_close

from basicts_elin import entropy_equal_attention
from basicts_elin.integrations.transformers import register

transformers = pytest.importorskip("transformers", reason="needs transformers")

LENGTH, REAL = 40, 31


@pytest.fixture(scope="module", autouse=True)
def registered():
    register()
    register("entropy_equal_gaussian", entropy="gaussian")


def bert(implementation, **settings):
    config = transformers.BertConfig(
        vocab_size=50, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, **settings
    )
    config._attn_implementation = implementation
    torch.manual_seed(0)
    model = transformers.BertModel(config).eval()
    # attention of a fresh BERT is nearly uniform, so that an error would not show
    for name, parameter in model.named_parameters():
        if "query.weight" in name or "key.weight" in name:
            parameter.data.mul_(20)
    return model


def words(length=LENGTH):
    return torch.randint(50, (2, length), generator=torch.Generator().manual_seed(0))


@torch.no_grad()
@pytest.mark.parametrize("implementation", ["entropy_equal", "entropy_equal_gaussian"])
def test_padding_has_no_effect(implementation):
    model = bert(implementation)
    mask = torch.ones(2, LENGTH, dtype=torch.long)
    mask[:, REAL:] = 0
    padded = model(words(), attention_mask=mask).last_hidden_state[:, :REAL]
    assert_close(padded, model(words()[:, :REAL]).last_hidden_state, 1e-6)
    assert (model(words()).last_hidden_state[:, :REAL] - padded).abs().max() > 1e-3


@torch.no_grad()
def test_it_is_our_attention():
    model = bert("entropy_equal_gaussian")
    outputs = model(words(), output_hidden_states=True)
    attention = model.encoder.layer[0].attention.self
    states = outputs.hidden_states[0]
    heads = [
        project(states).unflatten(-1, (2, 8)).transpose(1, 2)
        for project in (attention.query, attention.key, attention.value)
    ]
    expected = entropy_equal_attention(*heads, entropy="gaussian", path="reference").transpose(1, 2).flatten(2)
    assert_close(attention(states)[0], expected)
    assert (bert("sdpa")(words()).last_hidden_state - outputs.last_hidden_state).abs().max() > 1e-3


def test_gradients_reach_every_projection():
    model = bert("entropy_equal").train()
    model(words()).last_hidden_state.sin().sum().backward()
    for layer in model.encoder.layer:
        for project in (layer.attention.self.query, layer.attention.self.key, layer.attention.self.value):
            assert project.weight.grad.any()


@torch.no_grad()
def test_a_decoder_sees_no_later_token():
    model = bert("entropy_equal", is_decoder=True)
    changed = words()
    changed[:, 20:] = 7
    found, other = (model(each, use_cache=False).last_hidden_state for each in (words(), changed))
    assert_close(found[:, :20], other[:, :20], 1e-6)
    assert (found[:, 20:] - other[:, 20:]).abs().max() > 1e-3
    # one token at a time, with the cache
    cached, rows = None, []
    for step in range(5):
        output = model(words()[:, step : step + 1], past_key_values=cached, use_cache=True)
        cached = output.past_key_values
        rows.append(output.last_hidden_state)
    assert_close(torch.cat(rows, 1), found[:, :5], 1e-5)


def test_a_bias_of_the_logits_is_refused():
    function = transformers.AttentionInterface()["entropy_equal"]
    tensors = [torch.randn(1, 2, 5, 8)] * 3
    for argument in ("position_bias", "softcap", "s_aux"):
        with pytest.raises(NotImplementedError, match=f"^{argument}; "):
            function(torch.nn.Identity(), *tensors, None, **{argument: torch.ones(())})


@pytest.mark.parametrize("settings", [{"entropy": "shannon"}, {"path": "fast"}])
def test_wrong_settings(settings):
    with pytest.raises(ValueError, match=f"^{next(iter(settings))}: "):
        register("wrong", **settings)
    assert "wrong" not in transformers.AttentionInterface()


def test_transformers_is_not_imported_with_the_package():
    code = (
        "import sys, basicts_elin.modules, basicts_elin.integrations.transformers; print('transformers' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
