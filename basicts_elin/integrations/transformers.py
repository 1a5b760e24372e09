"""Entropy-equal attention for encoders of Hugging Face's transformers.

Shapes: B batch, L queries, N keys, H heads, d head width.
"""

import importlib
from typing import Any, Optional

import torch

from ..errors import UserError
from ..modules.entropy_equal import LAYER_PATHS
from ..modules.heads import attend_heads
from ..modules.masks import kept_keys
from ..ops.checks import check_choice
from ..ops.entropy import check_estimator
from ..ops.tracing import is_transformed


def register(name: str = "entropy_equal", *, entropy: str = "taylor", path: str = "auto", eps: float = 1e-8) -> None:
    """Register the attention, so that `attn_implementation="entropy_equal"` selects it.

    This registers both the attention and its masks; without the masks, padding would be attended to. Padding becomes a
    key mask. Causal masks, and others that differ between queries, take the quadratic path.

    Args:
        name: name of the implementation. Each name can have its own settings.
        entropy, path, eps: as in `basicts_elin.EntropyEqualAttention`; there is no gram path, "gram" means "auto".
    Raises: UserError without transformers; ValueError for an unknown entropy or path. A call raises NotImplementedError
        for a bias of the logits, a soft cap or attention sinks, and ValueError for a mask with values other than 0 and
        very negative ones.
    """
    check_estimator(entropy)
    check_choice("path", path, LAYER_PATHS)
    try:
        transformers = importlib.import_module("transformers")
        masking = importlib.import_module("transformers.masking_utils")
    except ImportError as error:
        fix = "pip install 'basicts-elin[transformers]'"
        raise UserError("transformers", "not installed", "a version with AttentionMaskInterface", fix) from error

    def attention(
        module: torch.nn.Module,
        query: torch.Tensor,
        key: torch.Tensor,
        value: torch.Tensor,
        attention_mask: Optional[torch.Tensor],
        scaling: Optional[float] = None,
        dropout: float = 0.0,
        **others: Any,
    ) -> tuple[torch.Tensor, Optional[torch.Tensor]]:
        """query [B, H, L, d], key, value [B, H or a divisor, N, d] -> [B, L, H, d], weights [B, H, L, N] or None."""
        _check(others)
        groups = query.shape[1] // key.shape[1]
        if groups > 1:
            key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
        keep = _keep(attention_mask, query.shape[-2], key.shape[-2])
        if keep is None and _is_causal(module, others) and query.shape[-2] > 1:
            keep = torch.ones(query.shape[-2], key.shape[-2], dtype=torch.bool, device=query.device)
            keep = keep.tril(key.shape[-2] - query.shape[-2])
        context, weights = attend_heads(
            query,
            key,
            value,
            keep=keep,
            path=path,
            entropy=entropy,
            eps=eps,
            scale=scaling,
            dropout=dropout if module.training else 0.0,
            need_weights=bool(others.get("output_attentions")),
        )
        return context.transpose(1, 2).contiguous(), weights

    def mask(*arguments: Any, **settings: Any) -> Optional[torch.Tensor]:
        """Bool [B, 1, L, N], True = keep; None where a call without padding lets every query see every key."""
        settings["allow_is_causal_skip"] = False
        return masking.sdpa_mask(*arguments, **settings)

    transformers.AttentionInterface.register(name, attention)
    masking.AttentionMaskInterface.register(name, mask)


def _check(others: dict[str, Any]) -> None:
    for argument in ("position_bias", "softcap", "s_aux"):
        if others.get(argument) is not None:
            raise NotImplementedError(f"{argument}; expected none: linear attention cannot change single logits")


def _is_causal(module: torch.nn.Module, others: dict[str, Any]) -> bool:
    is_causal = others.get("is_causal")
    return bool(getattr(module, "is_causal", False) if is_causal is None else is_causal)


def _keep(mask: Optional[torch.Tensor], n_queries: int, n_keys: int) -> Optional[torch.Tensor]:
    """A mask of transformers as bool [B, 1, 1, N] if it is the same for every query, else [B, 1, L, N]."""
    if mask is None:
        return None
    mask = mask[..., :n_keys]
    if mask.dtype != torch.bool:
        return kept_keys(mask, n_keys)
    if mask.shape[-2] > 1 and not is_transformed() and (mask == mask[..., :1, :]).all():
        return mask[..., :1, :]
    return mask
