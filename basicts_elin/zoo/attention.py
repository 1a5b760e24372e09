"""The attentions that a registered model can have: `<Model>_<attention>`.

This module imports neither torch nor BasicTS before a layer is built, so that names can be looked up quickly.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Optional

from ..errors import UserError
from ..plugins import load_plugins

# Linformer's K. The paper does not give its value.
PROJ_LEN = 64

# the suffix of a model's smaller size
SMALL = "small"
_FIX = "register it under another name"

# (the layer to be replaced, the configuration of the model, the number of key tokens) -> the new layer
LayerFactory = Callable[[Any, Any, Optional[int]], Any]


@dataclass(frozen=True)
class AttentionEntry:
    """An attention that can replace a model's own.

    Attributes:
        name: in the names of models: `iTransformer_<name>`.
        factory: builds the layer, see `register_attention`.
        title: in tables.
        model_fields: fields added to a model's configuration; `factory` reads them, and `--set` changes them.
        needs_num_tokens: whether a layer is built for a fixed number of key tokens.
    """

    name: str
    factory: LayerFactory
    title: str
    model_fields: Mapping[str, Any] = field(default_factory=dict)
    needs_num_tokens: bool = False


_ENTRIES: dict[str, AttentionEntry] = {}


def register_attention(
    name: str,
    factory: LayerFactory,
    title: str,
    model_fields: Optional[Mapping[str, Any]] = None,
    needs_num_tokens: bool = False,
) -> None:
    """Add an attention, so that every model whose attention can be replaced has a variant `<Model>_<name>`.

    Args:
        factory: called with the layer to be replaced (`hidden_size`, `n_heads`), the configuration of the model, and
            the number of key tokens, which is None if the model's entry does not give it. Returns a layer that is
            called like BasicTS's MultiHeadAttention. It then gets the projections, dropout and training mode of
            the old layer.
        title: in tables.
        model_fields: fields that the configuration of the model gets.
        needs_num_tokens: whether the factory needs the number of tokens.
    Raises: UserError if the name is taken or is not an identifier.
    """
    if not name.isidentifier() or name == SMALL:
        raise UserError("attention", repr(name), f"a name of letters, digits and _, not {SMALL}", _FIX)
    if name in _ENTRIES:
        raise UserError("attention", name, "a name that no other attention has", _FIX)
    _ENTRIES[name] = AttentionEntry(name, factory, title, dict(model_fields or {}), needs_num_tokens)


def attention_names() -> list[str]:
    """In the order of registration, which is that of tables."""
    load_plugins()
    return list(_ENTRIES)


def attention_entry(name: str) -> AttentionEntry:
    """Raises: UserError with the known names."""
    known = attention_names()
    if name not in known:
        raise UserError("attention", repr(name), f"one of {', '.join(known)}")
    return _ENTRIES[name]


def _matmul(attention: Any, config: Any, num_tokens: Optional[int]) -> Any:
    import torch

    from ..modules import SoftmaxAttention

    # its own parameters would draw random numbers, and then be discarded
    with torch.device("meta"):
        return SoftmaxAttention(attention.hidden_size, attention.n_heads, fused=False)


def _sdpa(attention: Any, config: Any, num_tokens: Optional[int]) -> Any:
    from ..modules import SoftmaxAttention

    # The random numbers that it draws are not used. The runs in results/ drew them too, so this keeps their numbers.
    return SoftmaxAttention(attention.hidden_size, attention.n_heads)


def _linformer(attention: Any, config: Any, num_tokens: Optional[int], *, is_tied: bool = False) -> Any:
    from ..modules import LinformerAttention

    # more mixtures than tokens would compress nothing
    proj_len = min(config.get("proj_len", PROJ_LEN), num_tokens)
    return LinformerAttention(attention.hidden_size, attention.n_heads, num_tokens, proj_len, tied_positions=is_tied)


def _inline(attention: Any, config: Any, num_tokens: Optional[int]) -> Any:
    from ..modules import InLineAttention

    return InLineAttention(attention.hidden_size, attention.n_heads)


def _entropy_equal(attention: Any, config: Any, num_tokens: Optional[int]) -> Any:
    import torch

    from ..modules import EntropyEqualAttention

    settings = {name: config[name] for name in ("entropy", "path", "eps") if name in config}
    with torch.device("meta"):
        return EntropyEqualAttention(attention.hidden_size, attention.n_heads, **settings)


register_attention("matmul", _matmul, "softmax (matmul)")
register_attention("sdpa", _sdpa, "softmax (SDPA)")
register_attention("linformer", _linformer, "Linformer", {"proj_len": PROJ_LEN}, needs_num_tokens=True)
register_attention(
    "linformer_tied",
    partial(_linformer, is_tied=True),
    "Linformer, tied positions",
    {"proj_len": PROJ_LEN},
    needs_num_tokens=True,
)
register_attention("inline", _inline, "InLine")
register_attention("linear", _entropy_equal, "entropy-equal, taylor", {"entropy": "taylor", "path": "auto"})
register_attention("gaussian", _entropy_equal, "entropy-equal, gaussian", {"entropy": "gaussian", "path": "auto"})
