"""ELinFormer and entropy-equal linear attention (arXiv 2511.03190) for BasicTS."""

import importlib

from .version import __version__

# Loaded on first use: the functions and layers need torch alone, the rest BasicTS too.
_HOMES = {
    "ELinFormer": ".models.ELinFormer",
    "ELinFormerConfig": ".models.ELinFormer",
    "PDFormer": ".models.PDFormer",
    "PDFormerConfig": ".models.PDFormer",
    "STAEformer": ".models.STAEformer",
    "STAEformerConfig": ".models.STAEformer",
    "STLAformer": ".models.STLAformer",
    "STLAformerConfig": ".models.STLAformer",
    "EntropyEqualAttention": ".modules",
    "EntropyEqualMultiheadAttention": ".modules",
    "SoftmaxAttention": ".modules",
    "LinformerAttention": ".modules",
    "InLineAttention": ".modules",
    "entropy_equal_attention": ".ops",
    "attention_entropy": ".ops",
    "replace_attention": ".zoo.replace_attention",
    "linearize": ".zoo.replace_attention",
    "Forecaster": ".forecasting.forecaster",
    "PreparedBuffers": ".training.protocol.prepared",
    "pdformer_relations": ".data.relations.pdformer",
    "benchmark_config": ".training.protocol.recipe",
    "HuberLoss": ".training.protocol.losses",
    "PlateauLR": ".training.protocol.schedules",
    "WarmupCosineLR": ".training.protocol.schedules",
    "HorizonCurriculum": ".training.protocol.curriculum",
}

__all__ = ["__version__", *_HOMES]


def __getattr__(name: str):
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(__all__)}")
    if _HOMES[name].startswith((".models", ".zoo", ".training", ".forecasting")):
        from .compat import require_basicts

        require_basicts()
    return getattr(importlib.import_module(_HOMES[name], __name__), name)


def __dir__():
    return sorted(__all__)
