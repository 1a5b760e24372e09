"""The published weights of STLAformer: their names, and the sizes that follow from their shapes."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from ...data.catalog import DAYS_PER_WEEK
from ...errors import UserError

MODEL = "STLAformer"
# 11 of the 2016 slots of the week were one row low when the published weights were trained
FIELDS = {"slot_rule": "float32"}

# Ours -> published. The first that fits is taken.
_NAMES = (
    ("input_layer.", "input_proj."),
    ("time_in_week_emb.", "tow_embedding."),
    ("output_layer.", "output_proj."),
    ("shortcut.fc1.", "MLP.0."),
    ("shortcut.fc2.", "MLP.2."),
)
_NAMES_OF_LAYER = (
    ("spatial_attention.", "attns."),
    ("temporal_attention.", "attnt."),
    ("spatial_norm.", "lns."),
    ("temporal_norm.", "lnt."),
    ("ffn_norm.", "ln."),
    ("ffn.fc1.", "feed_forward.0."),
    ("ffn.fc2.", "feed_forward.2."),
    ("fusion.channel_gate.1.", "cgf.ca.ca.0."),
    ("fusion.channel_gate.3.", "cgf.ca.ca.2."),
    ("fusion.spatial_gate.", "cgf.sa.sa."),
    ("fusion.pixel_gate.", "cgf.pa.pa2."),
    ("fusion.output_layer.", "cgf.conv."),
)
_PROJECTIONS = (("q_proj.", "FC_Q."), ("k_proj.", "FC_K."), ("v_proj.", "FC_V."))
_LAYERS = "attn_layers_st."
# the tables of the codes, which the model computes, and what its forward pass does not read
_TABLES = re.compile(r"(node|time)_position_encoding\.pe")
_UNUSED = re.compile(r"gru\.\w+")


def published_name(name: str) -> str:
    """The published name of a parameter of ours."""
    layer = re.fullmatch(r"layers\.(\d+)\.(.*)", name)
    if layer is None:
        return _replaced(name, _NAMES)
    rest = _replaced(layer[2], _NAMES_OF_LAYER)
    attention, dot, inner = rest.partition(".")
    return f"{_LAYERS}{layer[1]}.{attention}{dot}{_replaced(inner, _PROJECTIONS)}"


def is_unused(name: str) -> bool:
    """Whether a published tensor is known not to be part of the model."""
    return bool(_UNUSED.fullmatch(name))


def is_computed(name: str) -> bool:
    """Whether a published tensor is a constant that our model computes."""
    return bool(_TABLES.fullmatch(name))


def fields_of(tensors: Mapping[str, torch.Tensor], path: Path) -> dict[str, Any]:
    """Fields of the model's configuration, and `input_len` and `output_len`, by the shapes of published tensors.

    Raises: UserError if a tensor is missing or has too few dimensions.
    """

    def shape(name: str, dimensions: int) -> torch.Size:
        if name not in tensors or tensors[name].dim() != dimensions or 0 in tensors[name].shape:
            found = f"{list(tensors[name].shape)}" if name in tensors else "missing"
            raise UserError(path, f"{name}: {found}", f"{dimensions} dimensions, as in published weights of {MODEL}")
        return tensors[name].shape

    hidden_size = shape("MLP.0.weight", 2)[0]
    output_len, flat = shape("output_proj.weight", 2)
    numbers = (re.match(rf"{re.escape(_LAYERS)}(\d+)\.", name) for name in tensors)
    return {
        "input_len": flat // hidden_size,
        "output_len": output_len,
        "hidden_size": hidden_size,
        "num_layers": 1 + max((int(number[1]) for number in numbers if number), default=0),
        # grouped by head
        "n_heads": hidden_size // shape(f"{_LAYERS}0.attns.residual.0.weight", 3)[1],
        "intermediate_size": shape(f"{_LAYERS}0.feed_forward.0.weight", 2)[0],
        "num_time_in_day": shape("tow_embedding.weight", 2)[0] // DAYS_PER_WEEK,
        "num_day_in_week": DAYS_PER_WEEK,
    }


def _replaced(name: str, names: tuple[tuple[str, str], ...]) -> str:
    for ours, published in names:
        if name.startswith(ours):
            return published + name.removeprefix(ours)
    return name
