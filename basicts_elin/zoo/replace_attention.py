"""Entropy-equal attention in place of the softmax attention of a BasicTS model."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Optional, Union

import torch
from basicts.models.DUET.arch.mahalanobis_mask import MahalanobisMask
from basicts.modules.transformer import DecoderOnlyLayer, MultiHeadAttention, Seq2SeqDecoderLayer
from torch import nn

from ..modules import EntropyEqualAttention

Where = Union[str, Sequence[str], Callable[[str], bool]]


@dataclass(frozen=True)
class Linearization:
    """What `linearize` did.

    Attributes:
        replaced: names of the modules that are EntropyEqualAttention now.
        left: names of the attention modules that stayed, each with the reason.
    """

    replaced: tuple[str, ...]
    left: dict[str, str]

    def __str__(self) -> str:
        lines = [f"replaced: {name}" for name in self.replaced]
        lines += [f"left: {name} ({reason})" for name, reason in self.left.items()]
        return "\n".join(lines) or "no attention found"


def linearize(
    model: nn.Module, entropy: str = "taylor", path: str = "auto", where: Optional[Where] = None
) -> Linearization:
    """Replace the softmax attention of a model of BasicTS by EntropyEqualAttention, in place.

    Each `MultiHeadAttention` is replaced by a layer around the very same q_proj, k_proj, v_proj and out_proj, so that
    state_dicts and optimizers stay valid; dropout rate and training mode are kept, hooks on the layer itself are not.
    Left as they are:

    - self-attention of decoders, which is causal: in a `DecoderOnlyLayer` (Timer), and as `self_attn` of a
      `Seq2SeqDecoderLayer` (Informer), unless its forward takes no attention_mask, as TimeXer's does not;
    - attention whose masks differ per query: beside a `MahalanobisMask` (DUET);
    - grouped heads and rotary position embeddings, which EntropyEqualAttention does not have;
    - attention of any other class: AutoCorrelation, ProbAttention, DSAttention, subclasses of MultiHeadAttention.

    Masks are known only when a model is called. In a model of your own, one that differs per query is right in a layer
    that was replaced, but takes the quadratic path; a bias on the logits and a key-value cache are errors there.

    Args:
        model: a model built on `basicts.modules.transformer`.
        entropy, path: as in `basicts_elin.EntropyEqualAttention`.
        where: which of the layers that can be replaced; a predicate of the module's name, or names or patterns such as
            "encoder.*" (`fnmatch`). None = all.
    Raises: ValueError where a pattern or predicate chooses none of them, for a model that is nothing but the attention,
        and for an unknown entropy or path; the model is then as it was.
    """
    # before anything is changed, and where nothing is found too
    _empty_layer(1, 1, 0.0, entropy, path)
    if isinstance(model, MultiHeadAttention):
        raise ValueError(
            "model is a MultiHeadAttention itself, which cannot be replaced in place; expected a model that holds one: "
            "build an EntropyEqualAttention and load its state_dict"
        )
    # a module in two places has two names
    modules = model.named_modules(remove_duplicate=False)
    attentions = {name: module for name, module in modules if _is_attention(module)}
    left = {name: reason for name in attentions if (reason := _reason_to_leave(model, name))}
    candidates = [name for name in attentions if name not in left]
    chosen = candidates if where is None else _chosen(candidates, left, where)
    layers = {id(attentions[name]): _entropy_equal(attentions[name], entropy, path) for name in chosen}
    for name in chosen:
        holder, _, attribute = name.rpartition(".")
        setattr(model.get_submodule(holder), attribute, layers[id(attentions[name])])
    reasons = {name: left.get(name, "not chosen by where") for name in attentions if name not in chosen}
    return Linearization(tuple(chosen), reasons)


def _is_attention(module: nn.Module) -> bool:
    return hasattr(module, "q_proj") or isinstance(module, nn.MultiheadAttention)


def _reason_to_leave(model: nn.Module, name: str) -> Optional[str]:
    """Why the attention of that name cannot be replaced; None where it can."""
    attention = model.get_submodule(name)
    kind = type(attention)
    # a subclass may compute anything
    if kind is not MultiHeadAttention:
        return f"not a MultiHeadAttention but {kind.__name__}"
    if attention.kv_heads != attention.n_heads:
        return f"grouped heads: kv_heads={attention.kv_heads}, n_heads={attention.n_heads}"
    if attention.rope is not None:
        return "rotary position embedding"
    parts = name.split(".")
    holders = [model.get_submodule(".".join(parts[:depth])) for depth in range(len(parts))]
    if _is_causal(holders[-1], parts[-1]):
        return f"causal: self-attention of a {type(holders[-1]).__name__}"
    if any(isinstance(child, MahalanobisMask) for holder in holders for child in holder.children()):
        return "masks that differ per query: MahalanobisMask"
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


def _entropy_equal(attention: MultiHeadAttention, entropy: str, path: str) -> EntropyEqualAttention:
    layer = _empty_layer(attention.hidden_size, attention.n_heads, attention.dropout.p, entropy, path)
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        setattr(layer, name, getattr(attention, name))
    layer.training = attention.training
    return layer


def _empty_layer(hidden_size: int, n_heads: int, dropout: float, entropy: str, path: str) -> EntropyEqualAttention:
    # parameters of its own would draw random numbers and be thrown away
    with torch.device("meta"):
        return EntropyEqualAttention(hidden_size, n_heads, dropout, entropy=entropy, path=path)
