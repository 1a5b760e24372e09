"""The rows of the ablation. Each is ELinFormer with one change, to measure what the changed part contributes.

`reproduce ablation` plans its runs by them, and its page explains them.
"""

from dataclasses import dataclass
from typing import Optional

from ..config.assignments import assignments_text
from ..zoo import registry


@dataclass(frozen=True)
class Row:
    """A model with its assignments, as for `--set`, and the row's name and explanation on the page."""

    model: str
    title: str
    explanation: str
    changes: tuple[str, ...] = ()


ROWS = (
    Row("ELinFormer", "ELinFormer", "as published: constant sharpness, learned embedding of each step and node"),
    Row(
        "ELinFormer",
        "sharpness 1",
        "the correct constant in place of 1/√2; the query projection can absorb it, so only the start differs",
        ("model_config.entropy=taylor2",),
    ),
    Row("ELinFormer_gaussian", "adaptive sharpness", "one sharpness for each query, from its estimated entropy"),
    Row(
        "STAEformer_inline",
        "local residual",
        "InLine attention: sharpness 1 and a convolution of each token with its two neighbours in the order of the "
        "tokens; compare it with sharpness 1",
    ),
    Row(
        "ELinFormer",
        "node codes",
        "fixed sinusoids of the node's index in place of the learned embedding: they identify the nodes, but nothing "
        "is learned per node",
        ("model_config.node_embedding=sinusoidal",),
    ),
    Row(
        "ELinFormer",
        "no node embedding",
        "zeros in its place: only their values distinguish the nodes",
        ("model_config.node_embedding=none",),
    ),
    Row("STAEformer", "softmax", "softmax attention, by torch's fused kernel"),
    Row(
        "STAEformer_linformer",
        "Linformer",
        "softmax over learned mixtures of the tokens; each mixture has a weight for each position, so it knows which "
        "token is which node",
    ),
    Row(
        "STAEformer_linformer_tied",
        "Linformer, tied positions",
        "one weight for all tokens of a mixture, which removes that knowledge; compare it with Linformer",
    ),
)


def row_of(model: str, differences: str) -> Optional[Row]:
    """The row of a result, whatever its size; None if it is not part of the ablation."""
    base = registry.base_name(model)
    found = (row for row in ROWS if (row.model, assignments_text(row.changes)) == (base, differences))
    return next(found, None)
