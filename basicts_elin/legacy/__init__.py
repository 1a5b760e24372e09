"""Baselines of BasicTS 0.5, unchanged, from the user's own checkout, as runs of BasicTS 1.1."""

from .reader import baseline_names, legacy_root, named_source, source_of_path
from .translation import legacy_config

__all__ = [
    "baseline_names",
    "legacy_config",
    "legacy_root",
    "named_source",
    "source_of_path",
]
