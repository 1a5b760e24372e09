"""Attention layers put together from their projections and the brute force of tests/ops."""

import torch
from ops import brute_force


def small_layer(cls, hidden_size=12, n_heads=3, seed=0, dtype=torch.float64, **settings):
    torch.manual_seed(seed)
    return cls(hidden_size, n_heads, **settings).to(dtype)


def split_heads(layer, tokens):
    """[B, N, D] -> [B, H, N, d], spelt out."""
    batch, n_tokens, _ = tokens.shape
    return tokens.reshape(batch, n_tokens, layer.n_heads, -1).permute(0, 2, 1, 3)


def compose(layer, hidden_states, key_value_states=None, keep=None, entropy="taylor", eps=1e-8):
    """What EntropyEqualAttention is to return for [B, L, D]; `keep` bool, broadcastable to [B, H, L, N]."""
    tokens = hidden_states if key_value_states is None else key_value_states
    query = split_heads(layer, layer.q_proj(hidden_states))
    key, value = (split_heads(layer, project(tokens)) for project in (layer.k_proj, layer.v_proj))
    context = brute_force.attend(query, key, value, keep=keep, entropy=entropy, eps=eps)
    return layer.out_proj(context.permute(0, 2, 1, 3).reshape(hidden_states.shape))


def parameter_gradients(layer, output):
    """Gradients of a fixed random projection of the output, by parameter name; None where autograd gives none."""
    cotangent = torch.randn(output.shape, generator=torch.Generator().manual_seed(99), dtype=torch.float64)
    gradients = torch.autograd.grad(
        output, list(layer.parameters()), cotangent.to(output), allow_unused=True, retain_graph=True
    )
    return dict(zip(dict(layer.named_parameters()), gradients, strict=True))


def identity_output(layer):
    """Make out_proj pass the attention output through."""
    with torch.no_grad():
        layer.out_proj.weight.copy_(torch.eye(layer.hidden_size))
        layer.out_proj.bias.zero_()
    return layer
