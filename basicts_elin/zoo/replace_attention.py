"""Replaces a model's own attention by another."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Optional, Union

import torch
from basicts.models.DUET.arch.mahalanobis_mask import MahalanobisMask
from basicts.modules.transformer import DecoderOnlyLayer, MultiHeadAttention, Seq2SeqDecoderLayer
from torch import nn

from ..modules import EntropyEqualAttention, EntropyEqualMultiheadAttention
from ..modules.projections import ProjectedAttention

Where = Union[str, Sequence[str], Callable[[str], bool]]
Factory = Callable[[nn.Module, str], Optional[nn.Module]]

_PROJECTIONS = ("q_proj", "k_proj", "v_proj", "out_proj")
_HOOKS = (
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_backward_hooks",
    "_backward_pre_hooks",
)


@dataclass(frozen=True)
class Replacement:
    """The result of `replace_attention`.

    Attributes:
        replaced: names of the modules that are the factory's layers now.
        left: names of the attention modules that were left, each with the reason.
    """

    replaced: tuple[str, ...]
    left: dict[str, str]

    def __str__(self) -> str:
        lines = [f"replaced: {name}" for name in self.replaced]
        lines += [f"left: {name} ({reason})" for name, reason in self.left.items()]
        return "\n".join(lines) or "no attention found"


def replace_attention(model: nn.Module, factory: Factory, where: Optional[Where] = None) -> Replacement:
    """Replace the attention layers of a model, in place.

    The new layers take over q_proj, k_proj, v_proj and out_proj themselves, so state_dicts and optimizers remain valid.
    They also take over the dropout rate, the training mode and the hooks on the call. Layers of torch hand over
    in_proj_weight, in_proj_bias and the parameters of out_proj. These stay unchanged:

    - self-attention of decoders, which is causal: in a `DecoderOnlyLayer` (Timer), and as `self_attn` of a
      `Seq2SeqDecoderLayer` (Informer), unless its forward takes no attention_mask, as in TimeXer;
    - attention whose masks differ per query: beside a `MahalanobisMask` (DUET);
    - grouped heads and rotary position embeddings, which the layers of this package do not have;
    - attention of other classes than BasicTS's `MultiHeadAttention`, `torch.nn.MultiheadAttention` and the layers of
      this package: AutoCorrelation, ProbAttention, DSAttention, subclasses of MultiHeadAttention;
    - a layer whose forward was replaced.

    Args:
        model: a model built on `basicts.modules.transformer`, on this package's layers or on those of torch.
        factory: called with a layer and its name. Returns the new layer, which must be called like the old one, or
            None to leave the old one. For a layer of torch it is an `EntropyEqualMultiheadAttention` or another with
            its parameters.
        where: which of the layers that can be replaced; a predicate of the module's name, or names or patterns such as
            "encoder.*" (`fnmatch`). None = all.
    Raises: ValueError if a pattern or predicate chooses no layer, and for a model that is itself an attention layer.
        The model is then unchanged.
    """
    return _replace(model, factory, where, (ProjectedAttention,))


def linearize(
    model: nn.Module, entropy: str = "taylor", path: str = "auto", where: Optional[Where] = None
) -> Replacement:
    """Replace the softmax attention of a model of BasicTS or torch by ours, in place.

    `replace_attention` says what is kept and what is left. Layers of this package are left, too. Masks are known only
    when a model is called. If a replaced layer gets a mask that differs per query, its output is right, but it takes
    the quadratic path. A replaced layer raises an error for a bias on the logits and for a key-value cache.

    Args:
        model: a model built on `basicts.modules.transformer` or on `torch.nn.MultiheadAttention`.
        entropy, path: as in `basicts_elin.EntropyEqualAttention`.
        where: as in `replace_attention`.
    Raises: ValueError as `replace_attention`, and for an unknown entropy or path. The model is then unchanged.
    """

    def factory(attention: nn.Module, name: str) -> nn.Module:
        if isinstance(attention, nn.MultiheadAttention):
            return EntropyEqualMultiheadAttention.from_torch(attention, entropy=entropy, path=path)
        return layer(attention.hidden_size, attention.n_heads)

    def layer(hidden_size: int, n_heads: int) -> EntropyEqualAttention:
        # its own parameters would draw random numbers, and then be discarded
        with torch.device("meta"):
            return EntropyEqualAttention(hidden_size, n_heads, entropy=entropy, path=path)

    # refuse wrong arguments even if no attention is found
    layer(1, 1)
    return _replace(model, factory, where, ())


def _replace(model: nn.Module, factory: Factory, where: Optional[Where], own: tuple[type, ...]) -> Replacement:
    """own: classes of this package that can be replaced, with their subclasses."""
    if type(model) in (MultiHeadAttention, nn.MultiheadAttention) or isinstance(model, own):
        raise ValueError(
            f"model is a {type(model).__name__} itself, which cannot be replaced in place; expected a model that holds "
            "one: build the new layer and load its state_dict"
        )
    # a module in two places has two names
    modules = model.named_modules(remove_duplicate=False)
    attentions = {name: module for name, module in modules if _is_attention(module)}
    left = {name: reason for name in attentions if (reason := _reason_to_leave(model, name, own))}
    candidates = [name for name in attentions if name not in left]
    chosen = candidates if where is None else _chosen(candidates, left, where)
    # all of them before the model is changed
    layers: dict[int, Optional[nn.Module]] = {}
    for name in chosen:
        if id(attentions[name]) not in layers:
            layers[id(attentions[name])] = factory(attentions[name], name)
    replaced, reasons = [], {}
    for name, attention in attentions.items():
        layer = layers.get(id(attention)) if name in chosen else None
        if layer is None:
            reasons[name] = left.get(name, "the factory left it" if name in chosen else "not chosen by where")
            continue
        _take_over(layer, attention)
        holder, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(holder), attribute, layer)
        replaced.append(name)
    return Replacement(tuple(replaced), reasons)


def _take_over(layer: nn.Module, attention: nn.Module) -> None:
    """Parameters or projections, dropout rate, training mode and hooks."""
    if layer is attention:
        return
    if isinstance(attention, nn.MultiheadAttention):
        layer.in_proj_weight, layer.in_proj_bias = attention.in_proj_weight, attention.in_proj_bias
        layer.out_proj.weight, layer.out_proj.bias = attention.out_proj.weight, attention.out_proj.bias
    else:
        for name in _PROJECTIONS:
            setattr(layer, name, getattr(attention, name))
    rate = getattr(attention.dropout, "p", attention.dropout)
    if isinstance(getattr(layer, "dropout", None), nn.Dropout):
        layer.dropout.p = rate
    else:
        layer.dropout = rate
    layer.train(attention.training)
    for name in _HOOKS:
        # the dictionary itself, so that the handles that the user holds can still remove the hooks
        hooks = getattr(attention, name)
        hooks.update(getattr(layer, name))
        setattr(layer, name, hooks)
    layer._is_full_backward_hook = attention._is_full_backward_hook


def _is_attention(module: nn.Module) -> bool:
    return hasattr(module, "q_proj") or isinstance(module, nn.MultiheadAttention)


def _reason_to_leave(model: nn.Module, name: str, own: tuple[type, ...]) -> Optional[str]:
    """Why the attention with that name cannot be replaced; None if it can."""
    attention = model.get_submodule(name)
    kind = type(attention)
    # a subclass may compute anything
    if kind not in (MultiHeadAttention, nn.MultiheadAttention) and not isinstance(attention, own):
        return f"not a MultiHeadAttention but {kind.__name__}"
    if "forward" in vars(attention):
        return "its forward was replaced"
    if kind is nn.MultiheadAttention:
        return _reason_to_leave_torch(model, name, attention)
    # the layers of this package have neither
    kv_heads, rope = getattr(attention, "kv_heads", attention.n_heads), getattr(attention, "rope", None)
    if kv_heads != attention.n_heads:
        return f"grouped heads: kv_heads={kv_heads}, n_heads={attention.n_heads}"
    if rope is not None:
        return "rotary position embedding"
    parts = name.split(".")
    holders = [model.get_submodule(".".join(parts[:depth])) for depth in range(len(parts))]
    if _is_causal(holders[-1], parts[-1]):
        return f"causal: self-attention of a {type(holders[-1]).__name__}"
    if any(isinstance(child, MahalanobisMask) for holder in holders for child in holder.children()):
        return "masks that differ per query: MahalanobisMask"
    return None


def _reason_to_leave_torch(model: nn.Module, name: str, attention: nn.MultiheadAttention) -> Optional[str]:
    if attention.bias_k is not None or attention.add_zero_attn:
        return "add_bias_kv or add_zero_attn"
    if not attention._qkv_same_embed_dim:
        return f"kdim={attention.kdim}, vdim={attention.vdim}, embed_dim={attention.embed_dim}"
    holder, _, attribute = name.rpartition(".")
    if attribute == "self_attn" and isinstance(model.get_submodule(holder), nn.TransformerDecoderLayer):
        return "causal: self-attention of a TransformerDecoderLayer"
    return None


def _is_causal(holder: nn.Module, attribute: str) -> bool:
    if attribute != "self_attn" or not isinstance(holder, (DecoderOnlyLayer, Seq2SeqDecoderLayer)):
        return False
    return "attention_mask" in inspect.signature(holder.forward).parameters


def _chosen(candidates: Sequence[str], left: dict[str, str], where: Where) -> list[str]:
    """Those of `candidates` that `where` chooses; ValueError if it, or one of its patterns, chooses none."""
    if callable(where):
        chosen = [name for name in candidates if where(name)]
        wrong = "" if chosen else "where"
    else:
        patterns = [where] if isinstance(where, str) else list(where)
        matches = {pattern: [name for name in candidates if fnmatchcase(name, pattern)] for pattern in patterns}
        chosen = [name for name in candidates if any(name in matched for matched in matches.values())]
        wrong = ", ".join(f"where={pattern!r}" for pattern, matched in matches.items() if not matched)
        wrong = wrong if patterns else f"where={where!r}"
    if wrong:
        reasons = ", ".join(f"{name} ({reason})" for name, reason in left.items())
        raise ValueError(
            f"{wrong}: no attention that can be replaced has such a name; expected some of "
            f"{', '.join(candidates) or 'none'}{reasons and '; left as they are: '}{reasons}"
        )
    return chosen
