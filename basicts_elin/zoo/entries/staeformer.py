"""STAEformer (arXiv 2308.10425): the recipe of its configurations in BasicTS 0.5."""

from typing import Any

from ..registry import ModelEntry, Size, register


def _load() -> tuple[type, type]:
    from ...models.STAEformer import STAEformer, STAEformerConfig

    return STAEformer, STAEformerConfig


def _num_tokens(name: str, config: Any) -> int:
    """Steps of the layers over time, nodes of those over space."""
    return config.input_len if name.startswith("temporal_layers.") else config.num_features


# PEMS07's is published. Those of LargeST are powers of two, so that a batch has about as many nodes: 8 x 883.
_BATCHES = {"PEMS07": 8, "SD": 8, "GBA": 4, "GLA": 2, "CA": 1}

STAEFORMER = ModelEntry(
    "STAEformer",
    _load,
    dataset_fields={name: {"train_batch_size": size} for name, size in _BATCHES.items()},
    # for a CPU: 64 wide, one temporal and one spatial layer
    small=Size(
        model_fields={
            "input_hidden_size": 16,
            "tid_hidden_size": 16,
            "diw_hidden_size": 8,
            "adaptive_hidden_size": 24,
            "intermediate_size": 128,
            "num_layers": 1,
        },
        run_fields={"num_epochs": 8},
        dataset_fields={"SyntheticTraffic": {"num_epochs": 4}},
    ),
    attention="sdpa",
    num_tokens=_num_tokens,
    sides={"temporal_attention": "temporal_layers.", "spatial_attention": "spatial_layers."},
    compared=("matmul", "sdpa", "linformer", "inline"),
    paper_name="STAEformer",
    paper_attention="matmul",
)

register(STAEFORMER)
