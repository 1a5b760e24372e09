"""What `basicts-elin list` says of the models."""

from collections.abc import Iterable, Sequence

from ..env_vars import ROOT_VARIABLE
from ..errors import UserError
from .attention import attention_entry, attention_names
from .registry import LEGACY, ModelEntry, entry, model_names


def model_lines() -> list[str]:
    """The names, in groups."""
    from ..legacy.checkout import legacy_names, legacy_root

    entries = [entry(name) for name in model_names()]
    fit = [one for one in entries if not one.unfit and not one.is_legacy]
    try:
        root = legacy_root()
        found = ", ".join(legacy_names(root)) if root else f"none, because {ROOT_VARIABLE} names no checkout of it"
    except UserError as error:
        found = str(error)
    return [
        "models, on any dataset (-c MODEL/DATASET):",
        f"  {_names(fit)}",
        "the same with another attention (-c MODEL_ATTENTION/DATASET):",
        f"  MODEL: {_names(one for one in fit if one.attention)}",
        *(f"  {name}: {_attention(name, fit)}" for name in attention_names()),
        "the same with another attention on one side (--set temporal_attention=ATTENTION spatial_attention=ATTENTION):",
        f"  MODEL: {_names(one for one in fit if one.sides)}",
        "the same in a small size (-c MODEL_small/DATASET, -c MODEL_ATTENTION_small/DATASET):",
        f"  {_names(one for one in fit if one.small)}",
        f"models of BasicTS 0.5 (-c {LEGACY}MODEL/DATASET):",
        f"  {found}",
        "models that cannot be trained:",
        *(f"  {one.name}: {one.unfit}" for one in entries if one.unfit),
    ]


def _names(entries: Iterable[ModelEntry]) -> str:
    return ", ".join(one.name for one in entries)


def _attention(name: str, entries: Sequence[ModelEntry]) -> str:
    """The title of an attention; if it needs the number of tokens, also the models that can have it."""
    found = attention_entry(name)
    if not found.needs_num_tokens:
        return found.title
    return f"{found.title}; only {_names(one for one in entries if one.attention and one.num_tokens)}"
