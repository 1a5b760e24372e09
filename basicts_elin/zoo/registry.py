"""The registry: every model by its name, with what it needs to run on any dataset.

A name is `<Model>[_<attention>][_small]`, or `legacy/<Model>` for a model of BasicTS 0.5. The entries are in the other
modules of this package, one for each of our own models, and in plugins. This module imports neither torch nor
BasicTS before a configuration is built, so that names can be looked up quickly.
"""

import copy
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from ..errors import UserError, nearest
from ..plugins import load_plugins
from .attention import attention_entry, attention_names

if TYPE_CHECKING:
    from basicts.configs import BasicTSForecastingConfig

LEGACY = "legacy/"
SMALL = "small"

# the modules that register the models of this package and of BasicTS
_MODULES = ("staeformer", "elinformer", "stid", "basicts_models", "legacy_models")

Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Size:
    """A smaller size of a model: the fields of the model and of the run that it changes."""

    model_fields: Fields
    run_fields: Fields = field(default_factory=dict)
    dataset_fields: Mapping[str, Fields] = field(default_factory=dict)


@dataclass(frozen=True)
class ModelEntry:
    """A model.

    Attributes:
        name: as in `-c <name>/<Dataset>`.
        load: imports the model. Returns its class and the class of its configuration. None = there is no such code.
        model_fields: fields of the model's configuration that differ from their defaults.
        run_fields: fields of the run that differ from the benchmark's recipe, see `benchmark_config`.
        dataset_fields: dataset -> fields of the run that differ on that dataset.
        callbacks: makes the callbacks that the model needs beside the protocol's.
        small: its smaller size, `<name>_small`; None = it has none.
        attention: the name, in `attention.py`, of its own attention; "" = its attention cannot be replaced.
        num_tokens: the number of key tokens of the attention layer of a name, from the model's configuration; None =
            not known, so that the model cannot have an attention that is built for a number of tokens.
        backbone: the model that it differs from in its attention alone; "" = it is a backbone itself.
        compared: the attentions that it contributes to the comparison of attentions.
        paper_name: in the paper's tables; "" = not there.
        paper_attention: the attention that the paper measured memory and time with; "" = its own.
        unfit: why it cannot be trained; "" = it can.
    """

    name: str
    load: Optional[Callable[[], tuple[type, type]]] = None
    model_fields: Fields = field(default_factory=dict)
    run_fields: Fields = field(default_factory=dict)
    dataset_fields: Mapping[str, Fields] = field(default_factory=dict)
    callbacks: Callable[[], list[Any]] = list
    small: Optional[Size] = None
    attention: str = ""
    num_tokens: Optional[Callable[[str, Any], int]] = None
    backbone: str = ""
    compared: tuple[str, ...] = ()
    paper_name: str = ""
    paper_attention: str = ""
    unfit: str = ""

    @property
    def is_legacy(self) -> bool:
        return self.name.startswith(LEGACY)


@dataclass(frozen=True)
class Variant:
    """What a name stands for: a model, with another attention unless `attention` is "", in its small size or not."""

    entry: ModelEntry
    attention: str = ""
    is_small: bool = False

    @property
    def class_name(self) -> str:
        """The name without the size, which is not a matter of the class."""
        return "_".join(filter(None, (self.entry.name, self.attention)))

    @property
    def name(self) -> str:
        return f"{self.class_name}_{SMALL}" if self.is_small else self.class_name

    @property
    def backbone(self) -> str:
        return self.entry.backbone or self.entry.name

    @property
    def attention_title(self) -> str:
        """In tables; "" where the attention cannot be replaced."""
        name = self.attention or self.entry.attention
        return attention_entry(name).title if name else ""

    def load(self) -> tuple[type, type]:
        """The class of the model, with this attention, and the class of its configuration."""
        model, config = self.entry.load()
        if self.attention:
            from . import variants

            model = getattr(variants, self.class_name)
        return model, config


_ENTRIES: dict[str, ModelEntry] = {}


def register(entry: ModelEntry) -> None:
    """Add a model. Raises: UserError where the name is taken, or cannot be part of a path."""
    if not entry.name.removeprefix(LEGACY).isidentifier():
        raise UserError(f"model {entry.name!r}", "not usable as a name", "letters, digits and _")
    if entry.name in _ENTRIES:
        raise UserError(f"model {entry.name}", "registered twice", "another name")
    _ENTRIES[entry.name] = entry


def model_names() -> list[str]:
    """The names of all entries, also of those that are unfit."""
    return sorted(_entries(), key=str.lower)


def entry(name: str) -> ModelEntry:
    """The entry of that very name. Raises: UserError with the nearest names."""
    known = _entries()
    if name not in known:
        raise _unknown(name)
    return known[name]


def find(name: str) -> Optional[Variant]:
    """What a name stands for; None where it is not known.

    The size may also come before the attention. A model with its own attention is the model itself. The paper's name of
    a legacy model stands for that model.
    """
    known = _entries()
    if name.startswith(LEGACY):
        return Variant(known.get(name) or legacy_entry(name))
    # the longest first: "A_b" may be a model of its own
    for other in sorted(known, key=len, reverse=True):
        if name == other or name.startswith(f"{other}_"):
            variant = _variant(known[other], name.removeprefix(other).removeprefix("_"))
            if variant:
                return variant
    return next((Variant(other) for other in known.values() if other.is_legacy and other.paper_name == name), None)


def resolve(name: str) -> Variant:
    """What a name stands for. Raises: UserError with the nearest names."""
    found = find(name)
    if found is None:
        raise _unknown(name)
    return found


def variant_names() -> list[str]:
    """All names that can be trained, with each attention and size; those of legacy models depend on a checkout."""
    names = []
    for other in _entries().values():
        if not other.unfit and not other.is_legacy:
            attentions = ["", *_replaceable(other)]
            sizes = (False, True) if other.small else (False,)
            names += [_named(other, attention, size).name for attention in attentions for size in sizes]
    return sorted(set(names), key=str.lower)


def compared_models() -> dict[str, Variant]:
    """The models of the comparison of attentions, by name, in the order of the table."""
    order = attention_names()
    found = []
    for other in _entries().values():
        found += [_variant(other, attention) for attention in other.compared]
    found.sort(key=lambda one: (one.backbone, order.index(one.attention or one.entry.attention)))
    return {variant.name: variant for variant in found}


def base_name(name: str) -> str:
    """The name without the size; any other name as it is."""
    found = find(name)
    return found.class_name if found else name


def paper_entry(paper_name: str) -> Optional[ModelEntry]:
    """The model that has this name in the paper's tables."""
    return next((other for other in _entries().values() if other.paper_name == paper_name), None)


def absent_models() -> dict[str, str]:
    """The models of the paper's tables that there is no code of, with the reason."""
    return {other.paper_name: other.unfit for other in _entries().values() if other.paper_name and other.unfit}


def paper_name(name: str, costs: bool = False) -> str:
    """The model of the paper's tables that one of ours is to be compared with; "" where there is none.

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
    """The published setting of a model on a dataset, or the recipe of the model on any other one.

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
    model_config = config_type()
    if "num_features" in model_config:
        # some have a default that is not the number of nodes
        model_config.num_features = None
    # which may be none of the configuration's declared fields
    model_config.update(copy.deepcopy(_model_fields(variant)))
    callbacks = [*variant.entry.callbacks(), *differences.pop("callbacks", [])]
    fields = {**_run_fields(variant, dataset), **differences}
    return benchmark_config(model, model_config, dataset, callbacks=callbacks, **fields)


def _entries() -> dict[str, ModelEntry]:
    for module in _MODULES:
        importlib.import_module(f"{__package__}.{module}")
    load_plugins()
    return _ENTRIES


def legacy_entry(name: str, paper_name: str = "") -> ModelEntry:
    """The entry of a model of BasicTS 0.5, `legacy/<Model>`."""

    def load() -> tuple[type, type]:
        from ..legacy import models
        from ..legacy.model import LegacyConfig

        return getattr(models, f"{models.PREFIX}{name.removeprefix(LEGACY)}"), LegacyConfig

    return ModelEntry(name, load, paper_name=paper_name)


def _replaceable(other: ModelEntry) -> list[str]:
    """The attentions that a model can be built with instead of its own."""
    if not other.attention:
        return []
    found = (attention_entry(name) for name in attention_names() if name != other.attention)
    return [attention.name for attention in found if other.num_tokens or not attention.needs_num_tokens]


def _variant(other: ModelEntry, rest: str) -> Optional[Variant]:
    """The variant that `rest`, what follows the name of the model, stands for."""
    for attention in ("", other.attention, *_replaceable(other)):
        if rest == attention:
            return _named(other, attention, False)
        if other.small and rest in (f"{attention}_{SMALL}".lstrip("_"), f"{SMALL}_{attention}".rstrip("_")):
            return _named(other, attention, True)
    return None


def _named(other: ModelEntry, attention: str, is_small: bool) -> Variant:
    """One name for each variant: STAEformer with entropy-equal attention is ELinFormer."""
    same = (one for one in _ENTRIES.values() if (one.backbone or one.name) == (other.backbone or other.name))
    owner = next((one for one in same if attention in one.compared), other)
    return Variant(owner, "" if attention == owner.attention else attention, is_small)


def _model_fields(variant: Variant) -> dict[str, Any]:
    fields = dict(variant.entry.model_fields)
    if variant.is_small:
        fields.update(variant.entry.small.model_fields)
    if variant.attention:
        fields.update(attention_entry(variant.attention).model_fields)
    return fields


def _run_fields(variant: Variant, dataset: str) -> dict[str, Any]:
    fields = {}
    for size in (variant.entry, variant.entry.small if variant.is_small else None):
        if size is not None:
            fields |= {**size.run_fields, **size.dataset_fields.get(dataset, {})}
    return copy.deepcopy(fields)


def _unknown(name: str) -> UserError:
    like = nearest(name, [*variant_names(), *(other for other in _ENTRIES if other.startswith(LEGACY))])
    return UserError("model", repr(name), "a model that `basicts-elin list` offers", like.strip(" ()"))
