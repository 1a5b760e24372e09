"""Entropy-equal attention with the interface and the parameters of `torch.nn.MultiheadAttention`.

Shapes: B batch, L queries, N keys, E width, H heads.
"""

from typing import Any, Dict, Optional, Tuple

import torch
from torch import nn
from torch.nn import functional as F

from ..ops.checks import check_choice
from ..ops.entropy import check_estimator
from ..ops.gram import Projections, gram_attention
from ..ops.tracing import is_exporting
from .entropy_equal import LAYER_PATHS, layer_path
from .heads import attend_heads
from .masks import kept_keys
from .plain_linear import is_plain_linear


class EntropyEqualMultiheadAttention(nn.Module):
    """Entropy-equal attention (arXiv 2511.03190, Algorithm 1), called like `torch.nn.MultiheadAttention`.

    It has the state_dict of `torch.nn.MultiheadAttention` and can be the `self_attn` of a
    `torch.nn.TransformerEncoderLayer`.

    Args:
        embed_dim: E.
        num_heads: H, a divisor of E.
        dropout, bias, batch_first, device, dtype: as in torch.
        entropy, path, eps: as in `EntropyEqualAttention`.
        add_bias_kv, add_zero_attn, kdim, vdim: only torch's defaults are supported.
    Raises: ValueError for sizes that do not fit together, an unknown estimator or path; NotImplementedError for
        the four arguments above.

    The cost is linear in N only with need_weights=False, which `TransformerEncoderLayer` passes; the default, as in
    torch, returns the N x N weights. A mask that differs between queries takes the quadratic path.
    """

    # tells TransformerEncoderLayer that its fused softmax kernel cannot stand in for this layer
    _qkv_same_embed_dim = False

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        batch_first: bool = False,
        device: Optional[torch.device] = None,
        dtype: Optional[torch.dtype] = None,
        *,
        entropy: str = "taylor",
        path: str = "auto",
        eps: float = 1e-8,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: Optional[int] = None,
        vdim: Optional[int] = None,
    ):
        super().__init__()
        if num_heads < 1 or embed_dim < 1 or embed_dim % num_heads:
            raise ValueError(
                f"embed_dim: {embed_dim}; expected a multiple of num_heads={num_heads}, which is 1 or more"
            )
        if not 0 <= dropout < 1:
            raise ValueError(f"dropout: {dropout}; expected a number in [0, 1)")
        given = {"add_bias_kv": add_bias_kv, "add_zero_attn": add_zero_attn}
        for name, size in (("kdim", kdim), ("vdim", vdim)):
            given[name] = size not in (None, embed_dim)
        for name, used in given.items():
            if used:
                raise NotImplementedError(f"{name}; expected torch's default: {type(self).__name__} does not have it")
        check_estimator(entropy)
        check_choice("path", path, LAYER_PATHS)
        self.embed_dim, self.num_heads, self.head_dim = embed_dim, num_heads, embed_dim // num_heads
        self.dropout, self.batch_first = dropout, batch_first
        self.entropy, self.path, self.eps = entropy, path, eps
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim, device=device, dtype=dtype))
        self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim, device=device, dtype=dtype)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias, device=device, dtype=dtype)
        # as torch does
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            nn.init.zeros_(self.out_proj.bias)

    @classmethod
    def from_torch(
        cls, attention: nn.MultiheadAttention, *, entropy: str = "taylor", path: str = "auto", eps: float = 1e-8
    ) -> "EntropyEqualMultiheadAttention":
        """A layer that shares the parameters of a torch layer, with its dropout and mode.

        Raises: ValueError for a subclass; NotImplementedError as the constructor.
        """
        if type(attention) is not nn.MultiheadAttention:
            raise ValueError(f"attention: {type(attention).__name__}; expected torch.nn.MultiheadAttention itself")
        layer = cls(
            attention.embed_dim,
            attention.num_heads,
            attention.dropout,
            attention.in_proj_bias is not None,
            attention.batch_first,
            # its own parameters would draw random numbers, and then be discarded
            torch.device("meta"),
            entropy=entropy,
            path=path,
            eps=eps,
            add_bias_kv=attention.bias_k is not None,
            add_zero_attn=attention.add_zero_attn,
            kdim=attention.kdim,
            vdim=attention.vdim,
        )
        layer.take_over(attention)
        return layer.train(attention.training)

    def take_over(self, attention: nn.MultiheadAttention) -> None:
        """Share the parameters of a torch layer."""
        self.in_proj_weight, self.in_proj_bias = attention.in_proj_weight, attention.in_proj_bias
        self.out_proj.weight, self.out_proj.bias = attention.out_proj.weight, attention.out_proj.bias

    def extra_repr(self) -> str:
        return f"entropy={self.entropy!r}, path={self.path!r}, eps={self.eps}"

    def forward(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        key_padding_mask: Optional[torch.Tensor] = None,
        need_weights: bool = True,
        attn_mask: Optional[torch.Tensor] = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        """Attend.

        Args:
            query: [L, B, E]; [B, L, E] if batch_first; [L, E] without a batch. key, value: the same with N tokens.
            key_padding_mask: [B, N], or [N] without a batch. Bool, True = drop; or floats, 0 = keep, -inf = drop.
            need_weights: also return the weights.
            attn_mask: [L, N] or [B H, L, N], bool or floats like key_padding_mask.
            average_attn_weights: return the mean of the weights over the heads.
            is_causal: a hint that attn_mask is causal; attn_mask must be given, too.
        Returns: output in the shape of query; weights [B, L, N], or [B, H, L, N] by head, without B for unbatched
            input, or None. A query whose keys are all dropped gets the bias of `out_proj`.
        Raises: ValueError for shapes that do not fit, a mask with other values, and is_causal without attn_mask.
        """
        if query.is_nested:
            return self._forward_nested(query), None
        if is_causal and attn_mask is None:
            raise ValueError("attn_mask: None; expected a causal mask where is_causal=True")
        is_self, batched = query is key and key is value, query.dim() == 3
        query, key, value = self._batch_first(query), self._batch_first(key), self._batch_first(value)
        keep = self._keep(query, key, key_padding_mask, attn_mask)
        dropout = self.dropout if self.training else 0.0
        weights = None
        output = None if need_weights or dropout or not is_self else self._gram(query, keep)
        if output is None:
            output, weights = self._unfused(query, key, value, keep, dropout, need_weights)
        if weights is not None:
            weights = weights.mean(-3) if average_attn_weights else weights
            weights = weights if batched else weights.squeeze(0)
        if not batched:
            return output.squeeze(0), weights
        return output if self.batch_first else output.transpose(0, 1), weights

    def _batch_first(self, tokens: torch.Tensor) -> torch.Tensor:
        if tokens.dim() not in (2, 3) or tokens.shape[-1] != self.embed_dim:
            raise ValueError(f"shape {list(tokens.shape)}; expected 2 or 3 dimensions, the last of {self.embed_dim}")
        if tokens.dim() == 2:
            return tokens.unsqueeze(0)
        return tokens if self.batch_first else tokens.transpose(0, 1)

    def _keep(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        key_padding_mask: Optional[torch.Tensor],
        attn_mask: Optional[torch.Tensor],
    ) -> Optional[torch.Tensor]:
        """Both masks as one: bool [B or 1, H or 1, L or 1, N], True = keep."""
        batch, length, count = len(query), query.shape[-2], key.shape[-2]
        keep = None
        if key_padding_mask is not None:
            if key_padding_mask.shape not in ((batch, count), (count,)):
                raise ValueError(f"key_padding_mask: shape {list(key_padding_mask.shape)}; expected {[batch, count]}")
            keep = _kept(key_padding_mask.reshape(-1, 1, count)).unsqueeze(1)
        if attn_mask is not None:
            by_head = (batch * self.num_heads, length, count)
            if attn_mask.shape not in ((length, count), by_head):
                raise ValueError(
                    f"attn_mask: shape {list(attn_mask.shape)}; expected {[length, count]} or {list(by_head)}"
                )
            queries = _kept(attn_mask)
            if attn_mask.dim() == 3:
                queries = queries.view(batch, self.num_heads, -1, count)
            keep = queries if keep is None else keep & queries
        return keep

    def _gram(self, tokens: torch.Tensor, keep: Optional[torch.Tensor]) -> Optional[torch.Tensor]:
        """Self-attention on the gram path, or None if another path is due."""
        common = keep is None or (keep.dim() == 4 and keep.shape[1] == keep.shape[2] == 1)
        path = layer_path(self.path, self.entropy, tokens.shape[-2], self.embed_dim, self.num_heads)
        if path != "gram" or self.entropy == "exact" or not common:
            return None
        if is_exporting() or not is_plain_linear(self.out_proj):
            return None
        zeros = self.in_proj_weight.new_zeros(self.embed_dim)
        biases = (zeros, zeros, zeros) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        (query, key, value) = zip(self.in_proj_weight.chunk(3), biases, strict=True)
        out_bias = zeros if self.out_proj.bias is None else self.out_proj.bias
        weights = Projections(*query, *key, *value, self.out_proj.weight, out_bias)
        key_mask = None if keep is None else keep[:, 0, 0]
        return gram_attention(tokens, weights, self.num_heads, key_mask=key_mask, entropy=self.entropy, eps=self.eps)

    def _unfused(
        self,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        keep: Optional[torch.Tensor],
        dropout: float,
        need_weights: bool,
    ) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        biases = (None, None, None) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        heads = (
            F.linear(tokens, weight, bias).unflatten(-1, (self.num_heads, self.head_dim)).transpose(-3, -2)
            for tokens, weight, bias in zip((query, key, value), self.in_proj_weight.chunk(3), biases, strict=True)
        )
        settings: Dict[str, Any] = {"path": self.path, "entropy": self.entropy, "eps": self.eps}
        context, weights = attend_heads(*heads, keep=keep, dropout=dropout, need_weights=need_weights, **settings)
        return self.out_proj(context.transpose(-3, -2).flatten(-2)), weights

    def _forward_nested(self, tokens: torch.Tensor) -> torch.Tensor:
        """Self-attention on the nested tensor into which `TransformerEncoder` packs padded tokens in evaluation."""
        padded = tokens.to_padded_tensor(0.0)
        lengths = [len(row) for row in tokens.unbind()]
        drop = torch.arange(padded.shape[1], device=padded.device) >= padded.new_tensor(lengths).unsqueeze(1)
        keep = ~drop[:, None, None]
        output = self._gram(padded, keep)
        if output is None:
            output, _ = self._unfused(padded, padded, padded, keep, 0.0, False)
        return torch.nested.as_nested_tensor([row[:length] for row, length in zip(output, lengths, strict=True)])


def _kept(mask: torch.Tensor) -> torch.Tensor:
    """A torch mask as bool, True = keep."""
    return ~mask if mask.dtype == torch.bool else kept_keys(mask, mask.shape[-1])
