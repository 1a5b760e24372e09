"""InLineAttention against the twin of inline_twin.py, which shares no line with the package."""

import pytest
import torch
from basicts.modules.transformer import MultiHeadAttention, prepare_causal_attention_mask
from modules.compose import parameter_gradients, small_layer
from modules.inline_twin import inline
from ops.compare import assert_close, draw
from ops.memory_meter import saved_bytes

from basicts_elin import EntropyEqualAttention, InLineAttention
from basicts_elin.modules.entropy_equal import LAYER_PATHS

B, N = 2, 7
KEEP = torch.ones(B, N, dtype=torch.bool)
KEEP[0, 4:] = False
KEEP[1, [0, 3]] = False


def additive(keep):
    return torch.zeros(keep.shape, dtype=torch.float64).masked_fill(~keep, -torch.inf)


def check(layer, hidden_states, keep=None):
    hidden_states = hidden_states.requires_grad_()
    mask = None if keep is None else additive(keep)[:, None, None]
    output, expected = layer(hidden_states, attention_mask=mask)[0], inline(layer, hidden_states, keep)
    assert_close(output.detach(), expected.detach())
    cotangent = draw(output.shape, seed=99)[0]
    names = ["tokens", *dict(layer.named_parameters())]
    found, wanted = (
        torch.autograd.grad(one, [hidden_states, *layer.parameters()], cotangent, materialize_grads=True)
        for one in (output, expected)
    )
    largest = max(gradient.abs().max() for gradient in wanted)
    for name, gradient, other in zip(names, found, wanted, strict=True):
        assert (gradient - other).abs().max() <= 1e-11 * largest, name


@pytest.mark.parametrize("path", LAYER_PATHS)
@pytest.mark.parametrize("n_tokens", [1, 2, 3, N, 40])
def test_equals_the_twin(n_tokens, path):
    check(small_layer(InLineAttention, path=path), *draw((B, n_tokens, 12)))


@pytest.mark.parametrize("path", LAYER_PATHS)
def test_dropped_tokens_are_not_seen(path):
    layer = small_layer(InLineAttention, path=path)
    check(layer, *draw((B, N, 12)), KEEP)
    check(layer, *draw((B, N, 12)), torch.zeros_like(KEEP))


def test_garbage_in_dropped_tokens_does_not_reach_their_neighbours():
    layer = small_layer(InLineAttention)
    (hidden_states,) = draw((B, N, 12))
    expected = layer(hidden_states, attention_mask=additive(KEEP)[:, None, None])[0]
    hidden_states[~KEEP] = torch.nan
    output = layer(hidden_states, attention_mask=additive(KEEP)[:, None, None])[0]
    assert torch.equal(output[KEEP], expected[KEEP])


def test_any_leading_dimensions():
    layer = small_layer(InLineAttention)
    (hidden_states,) = draw((2, 3, N, 12))
    output = layer(hidden_states)[0]
    assert_close(output.flatten(0, 1), layer(hidden_states.flatten(0, 1))[0])
    assert_close(output[0, 0], layer(hidden_states[0, 0])[0])
    assert layer(hidden_states[:0])[0].shape == (0, 3, N, 12)


def test_cross_attention_has_no_local_residual():
    layer = small_layer(InLineAttention)
    without = small_layer(EntropyEqualAttention, entropy="taylor2", eps=0.0)
    without.load_state_dict({name: value for name, value in layer.state_dict().items() if "residual" not in name})
    hidden_states, tokens = draw((B, 4, 12), (B, N, 12))
    output = layer(hidden_states, tokens)[0]
    assert_close(output, without(hidden_states, tokens)[0])
    gradients = parameter_gradients(layer, output)
    assert all((gradients[name] == 0).all() for name in gradients if "residual" in name)


def test_a_mask_of_its_own_for_each_query_is_refused():
    layer = small_layer(InLineAttention)
    (hidden_states,) = draw((B, N, 12))
    mask = prepare_causal_attention_mask((B, N), hidden_states)
    with pytest.raises(ValueError, match=r"^attention_mask: shape \[2, 1, 7, 7\].*EntropyEqualAttention"):
        layer(hidden_states, attention_mask=mask)


def test_weights_are_those_of_the_first_part():
    layer = small_layer(InLineAttention)
    (hidden_states,) = draw((B, N, 12))
    output, weights, _ = layer(hidden_states, output_attentions=True)
    assert_close(output, layer(hidden_states)[0])
    assert_close(weights.sum(-1), torch.ones(B, 3, N).double())


@pytest.mark.parametrize("projection", ["q_proj", "k_proj", "v_proj", "out_proj", "residual.0"])
def test_hooks_act_at_a_size_of_the_gram_path(projection):
    layer = small_layer(InLineAttention)
    calls = []
    layer.get_submodule(projection).register_forward_hook(lambda module, args, output: calls.append(1) or 2 * output)
    (hidden_states,) = draw((B, 40, 12))
    output = layer(hidden_states)[0]
    doubled = small_layer(InLineAttention)
    with torch.no_grad():
        for parameter in doubled.get_submodule(projection).parameters():
            parameter *= 2
    assert calls == [1]
    assert_close(output, doubled(hidden_states)[0])


def test_the_gram_path_forms_no_keys_and_keeps_little_beside_the_tokens():
    layer = small_layer(InLineAttention, dtype=torch.float32)
    assert [layer.path_for(n) for n in (3, 4, 11, 12, 40)] == ["quadratic", "linear", "linear", "gram", "gram"]
    (hidden_states,) = draw((B, 800, 12), dtype=torch.float32)
    kept = saved_bytes(lambda x: layer(x)[0], hidden_states.requires_grad_())
    assert kept < 1.1 * hidden_states.numel() * hidden_states.element_size()


def test_dropout_while_training_is_on_the_first_part():
    layer = small_layer(InLineAttention, dropout=0.5)
    (hidden_states,) = draw((B, 40, 12))
    output = layer(hidden_states)[0]
    assert (output - layer(hidden_states)[0]).abs().max() > 1e-2
    layer.eval()
    assert_close(layer(hidden_states)[0].detach(), inline(layer, hidden_states).detach())


@pytest.mark.parametrize("n_tokens", [N, 40])
def test_second_derivatives(n_tokens):
    layer = small_layer(InLineAttention)

    def penalty(output, tokens):
        (gradient,) = torch.autograd.grad(output.sin().sum(), tokens, create_graph=True)
        return torch.autograd.grad(gradient.square().sum(), [tokens, *layer.parameters()], materialize_grads=True)

    tokens = draw((B, n_tokens, 12))[0].requires_grad_()
    found, expected = penalty(layer(tokens)[0], tokens), penalty(inline(layer, tokens), tokens)
    largest = max(gradient.abs().max() for gradient in expected)
    for gradient, other in zip(found, expected, strict=True):
        assert (gradient - other).abs().max() <= 1e-11 * largest


def test_state_dict_of_multi_head_attention_lacks_the_residual_only():
    theirs, ours = small_layer(MultiHeadAttention, seed=1), small_layer(InLineAttention)
    missing, unexpected = ours.load_state_dict(theirs.state_dict(), strict=False)
    assert {name: list(value.shape) for name, value in ours.residual.state_dict().items()} == {
        "0.weight": [12, 4, 1],
        "0.bias": [12],
        "2.weight": [36, 4, 1],
        "2.bias": [36],
    }
    assert (sorted(missing), unexpected) == (sorted(f"residual.{n}" for n in ours.residual.state_dict()), [])
