"""The attention layers that are compared, and the check that they are what they say."""

import torch
from torch import Tensor

from basicts_elin import EntropyEqualAttention, LinformerAttention, SoftmaxAttention
from basicts_elin.modules.projections import ProjectedAttention


class NoMixing(ProjectedAttention):
    """Value and output projections alone: what is left when no token looks at another."""

    def _attend_tokens(self, hidden_states, tokens, attention_mask, output_attentions):
        return self.out_proj(self.v_proj(tokens)), None


LAYERS = {
    "softmax matmul": lambda size, heads, tokens: SoftmaxAttention(size, heads, fused=False),
    "softmax SDPA": lambda size, heads, tokens: SoftmaxAttention(size, heads),
    "Linformer": lambda size, heads, tokens: LinformerAttention(size, heads, tokens),
    "linear": lambda size, heads, tokens: EntropyEqualAttention(size, heads, path="linear"),
    "gram": lambda size, heads, tokens: EntropyEqualAttention(size, heads, path="gram"),
    "gram, gaussian": lambda size, heads, tokens: EntropyEqualAttention(size, heads, path="gram", entropy="gaussian"),
    "auto": lambda size, heads, tokens: EntropyEqualAttention(size, heads),
    "no mixing": lambda size, heads, tokens: NoMixing(size, heads),
}
# those whose cost does not grow with the square of the tokens
LINEAR = ("Linformer", "linear", "gram", "gram, gaussian", "auto", "no mixing")


def check_exactness(hidden_size: int, n_heads: int) -> None:
    """Raise SystemExit unless each path is the reference path, and both softmax layers agree, with their gradients."""
    torch.manual_seed(0)
    for tokens in (12, 60, 2 * hidden_size):
        states = torch.randn(2, tokens, hidden_size, dtype=torch.float64)
        pairs = [
            (EntropyEqualAttention(hidden_size, n_heads, path="reference", entropy=entropy), path)
            for entropy in ("taylor", "gaussian")
            for path in ("quadratic", "linear", "gram", "auto")
        ]
        for reference, path in pairs:
            other = EntropyEqualAttention(hidden_size, n_heads, path=path, entropy=reference.entropy)
            _compare(reference.double(), other.double(), states, f"{path}, {reference.entropy}, {tokens} tokens")
        _compare(
            SoftmaxAttention(hidden_size, n_heads).double(),
            SoftmaxAttention(hidden_size, n_heads, fused=False).double(),
            states,
            f"softmax, {tokens} tokens",
        )


def _compare(one: torch.nn.Module, other: torch.nn.Module, states: Tensor, what: str) -> None:
    other.load_state_dict(one.state_dict())
    results = []
    for layer in (one, other):
        inputs = states.clone().requires_grad_()
        output = layer(inputs)[0]
        output.square().sum().backward()
        results.append([output.detach(), inputs.grad, *(parameter.grad for parameter in layer.parameters())])
    for found, expected in zip(results[1], results[0], strict=True):
        if (found - expected).norm() > 1e-9 * max(expected.norm().item(), 1e-3):
            raise SystemExit(f"{what}: not exact, so that nothing is measured; run the tests")
