"""A class for each model with another attention. `iTransformer_linear` is created on first use.

BasicTS names folders, checkpoints and records after a model's class, and other processes import it by its name.
"""

from torch import nn

from .attention import AttentionEntry, attention_entry
from .registry import ModelEntry, find
from .replace_attention import Replacement, replace_attention


def __getattr__(name: str) -> type:
    variant = None if name.startswith("_") else find(name)
    if variant is None or not variant.attention or variant.class_name != name:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    made = _made(name, variant.entry, attention_entry(variant.attention))
    globals()[name] = made
    return made


def _made(name: str, entry: ModelEntry, attention: AttentionEntry) -> type:
    base, _ = entry.load()

    # a subclass, because BasicTS reads the arguments of forward, and the callbacks that a model needs, from the class
    class Variant(base):
        def __init__(self, config):
            super().__init__(config)
            done = _replace(self, entry, attention, config)
            if not done.replaced:
                raise ValueError(f"{name}: there is no attention to replace in {base.__name__} ({done})")

    Variant.__name__ = Variant.__qualname__ = name
    Variant.__module__ = __name__
    Variant.__doc__ = f"{entry.name} with another attention: {attention.title}."
    return Variant


def _replace(model, entry: ModelEntry, attention: AttentionEntry, config) -> Replacement:
    def factory(layer, name):
        # a registered attention is called like BasicTS's
        if isinstance(layer, nn.MultiheadAttention):
            return None
        return attention.factory(layer, config, entry.num_tokens(name, config) if entry.num_tokens else None)

    return replace_attention(model, factory)
