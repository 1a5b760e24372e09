"""A class for each model with another attention. `iTransformer_linear` is created on first use.

`ELinFormer_changed` is ELinFormer with the changes that its configuration names: see `changes.py`.

BasicTS names folders, checkpoints and records after a model's class, and other processes import it by its name.
"""

from typing import Any, Optional

from easydict import EasyDict
from torch import nn

from .attention import AttentionEntry, attention_entry
from .node_embedding import FIELD, fix_node_embedding
from .registry import ModelEntry, Variant, find
from .replace_attention import Replacement, replace_attention

_CHANGED = "_changed"


def changed(name: str) -> str:
    """The name of the class with changes, of the class `name`."""
    return name + _CHANGED


def __getattr__(name: str) -> type:
    base = name.removesuffix(_CHANGED)
    variant = None if name.startswith("_") else find(base)
    is_changed = base != name and variant is not None and bool(variant.entry.sides)
    if variant is None or variant.class_name != base or not (is_changed or (base == name and variant.attention)):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = _made_changed(variant) if is_changed else _made(variant.entry, attention_entry(variant.attention))
    made.__name__ = made.__qualname__ = name
    made.__module__ = __name__
    globals()[name] = made
    return made


# subclasses, because BasicTS reads the arguments of forward, and the callbacks that a model needs, from the class
def _made(entry: ModelEntry, attention: AttentionEntry) -> type:
    base, _ = entry.load()

    class Made(base):
        __doc__ = f"{entry.name} with another attention: {attention.title}."

        def __init__(self, config):
            super().__init__(config)
            done = _replace(self, entry, attention, config)
            if not done.replaced:
                raise ValueError(f"{type(self).__name__}: there is no attention to replace in {base.__name__} ({done})")

    return Made


def _made_changed(variant: Variant) -> type:
    base, _ = variant.load()

    class Made(base):
        __doc__ = f"{variant.class_name} with the changes that its configuration names."

        def __init__(self, config):
            super().__init__(config)
            for side, layers in variant.entry.sides.items():
                if config.get(side):
                    attention = attention_entry(config[side])
                    # two attentions may read the same field, such as entropy
                    is_own = config[side] == (variant.attention or variant.entry.attention)
                    own = config if is_own else {**config, **attention.model_fields}
                    _replace(self, variant.entry, attention, EasyDict(own), f"{layers}*")
            if config.get(FIELD):
                fix_node_embedding(self, config[FIELD])

    return Made


def _replace(
    model: nn.Module, entry: ModelEntry, attention: AttentionEntry, config: Any, where: Optional[str] = None
) -> Replacement:
    def factory(layer, name):
        # a registered attention is called like BasicTS's
        if isinstance(layer, nn.MultiheadAttention):
            return None
        return attention.factory(layer, config, entry.num_tokens(name, config) if entry.num_tokens else None)

    return replace_attention(model, factory, where)
