"""The registry: every model by its name, with what it needs to run on any dataset.

A name is `<Model>[_<attention>][_small]`, or `legacy/<Model>` for a model of BasicTS 0.5. The entries are in
`entries/`, one file for each of our own models, and in plugins. This module imports neither torch nor
BasicTS before a configuration is built, so that names can be looked up quickly.
"""

import copy
import functools
import importlib
import pkgutil
from dataclasses import MISSING, Field, fields
from functools import partial
from typing import TYPE_CHECKING, Any, Optional

from ..config.lengths import INPUT_LEN, OUTPUT_LEN, is_count
from ..errors import UserError, nearest
from ..plugins import load_plugins
from . import entries
from .attention import attention_entry, attention_names
from .entry import LEGACY, SMALL, ModelEntry, Size, Variant

if TYPE_CHECKING:
    from basicts.configs import BasicTSForecastingConfig

__all__ = [
    "LEGACY",
    "ModelEntry",
    "Size",
    "Variant",
    "absent_models",
    "base_name",
    "compared_models",
    "config_for",
    "entry",
    "find",
    "legacy_entry",
    "model_names",
    "paper_entry",
    "paper_name",
    "register",
    "resolve",
    "suggestion",
    "title",
    "variant_names",
]

_ENTRIES: dict[str, ModelEntry] = {}
_LENGTHS = {"input_len": INPUT_LEN, "output_len": OUTPUT_LEN}


def register(entry: ModelEntry) -> None:
    """Add a model. Raises: UserError where the name is taken, or cannot be part of a path."""
    if not entry.name.removeprefix(LEGACY).isidentifier():
        raise UserError("model", repr(entry.name), "a name of letters, digits and _", "register it under another name")
    if entry.name in _ENTRIES:
        raise UserError("model", entry.name, "a name that no other model has", "register it under another name")
    _ENTRIES[entry.name] = entry


def model_names() -> list[str]:
    """The names of all entries, including those that cannot be trained."""
    return sorted(_entries(), key=str.lower)


def entry(name: str) -> ModelEntry:
    """The entry with exactly this name. Raises: UserError with the nearest names."""
    known = _entries()
    if name not in known:
        raise _unknown(name)
    return known[name]


def find(name: str) -> Optional[Variant]:
    """The variant that a name stands for; None if it is unknown.

    The size may also come before the attention. A model with its own attention is the model itself. The paper's name of
    a legacy model stands for that model.
    """
    known = _entries()
    if name.startswith(LEGACY):
        absent = known.get(name.removeprefix(LEGACY))
        return Variant(absent if absent and absent.load is None else known.get(name) or legacy_entry(name))
    # the longest first: "A_b" may be a model of its own
    for other in sorted(known, key=len, reverse=True):
        variant = _variant(known[other], name.removeprefix(other)) if name.startswith(other) else None
        if variant:
            return variant
    return next((Variant(other) for other in known.values() if other.is_legacy and other.paper_name == name), None)


def resolve(name: str) -> Variant:
    """The variant that a name stands for. Raises: UserError with the nearest names."""
    found = find(name)
    if found is None:
        raise _unknown(name)
    return found


def variant_names() -> list[str]:
    """All names that can be trained, with each attention and size. Legacy models are left out: they need a checkout."""
    names = []
    for other in _entries().values():
        if not other.unfit and not other.is_legacy:
            attentions = ["", *_replaceable(other)]
            sizes = (False, True) if other.small else (False,)
            names += [_named(other, attention, size).name for attention in attentions for size in sizes]
    return sorted(set(names), key=str.lower)


def suggestion(name: str, suffix: str = "") -> str:
    """ " (did you mean A or B?)" with the names most like an unknown one, each with the suffix; "" if there is none."""
    legacy = [other.paper_name for other in _entries().values() if other.is_legacy]
    return nearest(name, [*variant_names(), *legacy], suffix)


def compared_models() -> dict[str, Variant]:
    """The models of the comparison of attentions, by name, in the order of the table."""
    order = attention_names()
    found = []
    for other in _entries().values():
        found += [_named(other, attention, False) for attention in other.compared]
    found.sort(key=lambda one: (one.backbone, order.index(one.attention or one.entry.attention)))
    return {variant.name: variant for variant in found}


def base_name(name: str) -> str:
    """The name without the size; any other name as it is."""
    found = find(name)
    return found.class_name if found else name


def title(name: str) -> str:
    """The model as rendered pages name it. STID is two models: "STID (BasicTS 1.1)" and "STID (BasicTS 0.5)"."""
    found = find(name)
    return found.entry.title if found and found.name == name and found.entry.title else name


def paper_entry(paper_name: str) -> Optional[ModelEntry]:
    """The model that has this name in the paper's tables."""
    return next((other for other in _entries().values() if other.paper_name == paper_name), None)


def absent_models() -> dict[str, str]:
    """The models in the paper's tables that have no code, each with the reason."""
    return {other.paper_name: other.unfit for other in _entries().values() if other.paper_name and other.unfit}


def paper_name(name: str, costs: bool = False) -> str:
    """The model in the paper's tables to compare one of ours with; "" if there is none.

    costs: of memory and time, which depend on how the attention is computed.
    """
    found = find(name)
    if found is None or found.is_small:
        return ""
    measured = found.entry.paper_attention or found.entry.attention
    attention = found.attention or found.entry.attention
    same = (measured,) if costs else (measured, found.entry.attention)
    return found.entry.paper_name if attention in same else ""


def config_for(name: str, dataset: str, **differences: Any) -> "BasicTSForecastingConfig":
    """The configuration of a model on a dataset: the published one, or the model's recipe if none was published.

    Args:
        name: `<Model>[_<attention>][_small]`, or `legacy/<Model>`.
        dataset: its name.
        differences: see `benchmark_config`.
    Raises: UserError for an unknown name, and for a model that cannot be trained.
    """
    variant = resolve(name)
    if variant.entry.unfit:
        raise UserError(f"model {variant.entry.name}", variant.entry.unfit, "a model that `basicts-elin list` offers")
    if variant.entry.is_legacy:
        from ..legacy.checkout import named_source
        from ..legacy.translation import legacy_config

        return legacy_config(*named_source(variant.entry.name.removeprefix(LEGACY), dataset), **differences)
    from ..training.protocol.recipe import benchmark_config

    model, config_type = variant.load()
    # None: the run or the dataset gives the value. Some have a default that is not the number of nodes.
    open_fields = {one.name: None for one in fields(config_type) if one.name == "num_features" or _is_required(one)}
    model_config = config_type(**open_fields)
    # the configuration may not declare these fields
    model_config.update(_model_fields(variant, dataset))
    lengths = [differences.get(name, default) for name, default in _LENGTHS.items()]
    # other lengths are refused before the run starts
    if all(map(is_count, lengths)):
        model_config.update(_window_fields(variant.entry, *lengths))
    callbacks = [*_callbacks(variant, dataset), *differences.pop("callbacks", [])]
    run_fields = {**_run_fields(variant, dataset), **differences}
    return benchmark_config(model, model_config, dataset, callbacks=callbacks, **run_fields)


def _is_required(one: Field) -> bool:
    return one.default is MISSING and one.default_factory is MISSING


def _entries() -> dict[str, ModelEntry]:
    _load_entries()
    load_plugins()
    return _ENTRIES


@functools.cache
def _load_entries() -> None:
    for module in pkgutil.iter_modules(entries.__path__):
        importlib.import_module(f"{entries.__name__}.{module.name}")


def legacy_entry(name: str, paper_name: str = "") -> ModelEntry:
    """The entry of a model of BasicTS 0.5, `legacy/<Model>`."""
    model = name.removeprefix(LEGACY)
    title = "" if paper_name else f"{model} (BasicTS 0.5)"
    return ModelEntry(name, partial(_load_legacy, model), paper_name=paper_name, title=title)


def _load_legacy(model: str) -> tuple[type, type]:
    from ..legacy import models
    from ..legacy.model import LegacyConfig

    return getattr(models, f"{models.PREFIX}{model}"), LegacyConfig


def _replaceable(other: ModelEntry) -> list[str]:
    """The attentions that can replace the model's own."""
    if not other.attention:
        return []
    found = (attention_entry(name) for name in attention_names() if name != other.attention)
    return [attention.name for attention in found if other.num_tokens or not attention.needs_num_tokens]


def _variant(other: ModelEntry, rest: str) -> Optional[Variant]:
    """The variant that `rest`, what follows the name of the model, stands for."""
    for attention in ("", other.attention, *_replaceable(other)):
        suffix = f"_{attention}" if attention else ""
        if rest == suffix:
            return _named(other, attention, False)
        if other.small and rest in (f"{suffix}_{SMALL}", f"_{SMALL}{suffix}"):
            return _named(other, attention, True)
    return None


def _named(other: ModelEntry, attention: str, is_small: bool) -> Variant:
    """One name for each variant: STAEformer with entropy-equal attention is ELinFormer.

    Any other attention is one of the backbone.
    """
    backbone = _ENTRIES[other.backbone or other.name]
    same = (one for one in _ENTRIES.values() if (one.backbone or one.name) == backbone.name)
    owner = next((one for one in same if attention in one.compared), backbone if attention else other)
    return Variant(owner, "" if attention == owner.attention else attention, is_small)


def _model_fields(variant: Variant, dataset: str) -> dict[str, Any]:
    found = {**variant.entry.model_fields, **variant.entry.dataset_model_fields.get(dataset, {})}
    if variant.is_small:
        found.update(variant.entry.small.model_fields)
    if variant.attention:
        found.update(attention_entry(variant.attention).model_fields)
    return copy.deepcopy(found)


def _window_fields(entry: ModelEntry, input_len: int, output_len: int) -> dict[str, Any]:
    reason = entry.unfit_window(input_len, output_len) if entry.unfit_window else ""
    if reason:
        raise UserError(f"model {entry.name}", f"input_len={input_len}, output_len={output_len}", fix=reason)
    return dict(entry.window_fields(input_len, output_len)) if entry.window_fields else {}


def _run_fields(variant: Variant, dataset: str) -> dict[str, Any]:
    own = variant.entry.run_fields
    found = {**(own() if callable(own) else own), **variant.entry.dataset_fields.get(dataset, {})}
    if variant.is_small:
        found |= {**variant.entry.small.run_fields, **variant.entry.small.dataset_fields.get(dataset, {})}
    return copy.deepcopy(found)


def _callbacks(variant: Variant, dataset: str) -> list[Any]:
    entry, found = variant.entry, []
    if entry.prepare:
        from ..training.protocol.prepared import PreparedBuffers

        found.append(PreparedBuffers(entry.prepare))
    found += entry.callbacks()
    return found + (entry.dataset_callbacks(dataset, variant.is_small) if entry.dataset_callbacks else [])


def _unknown(name: str) -> UserError:
    return UserError("model", repr(name), f"a model that `basicts-elin list` offers{suggestion(name)}")
