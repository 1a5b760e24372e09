"""What the registry knows about a model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Optional, Union

from .attention import SMALL, attention_entry

LEGACY = "legacy/"

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
        load: imports the model. Returns its class and the class of its configuration. None = the model has no code.
        model_fields: fields of the model's configuration that differ from their defaults.
        window_fields: (input_len, output_len) -> fields of the model's configuration that must fit the window.
        run_fields: fields of the run that differ from the benchmark's recipe, see `benchmark_config`; or a function
            that makes them, for objects that need torch.
        dataset_fields: dataset -> fields of the run that differ on that dataset.
        dataset_model_fields: dataset -> fields of the model's configuration that differ on that dataset.
        callbacks: makes the callbacks that the model needs besides the protocol's.
        dataset_callbacks: (dataset, whether it is the smaller size) -> callbacks that depend on these.
        prepare: (dataset, configuration of the model) -> the buffers of the model that come from the training part and
            the graph, by their names, see `training.protocol.prepared`.
        small: its smaller size, `<name>_small`; None = it has none.
        attention: the name, in `attention.py`, of its own attention; "" = its attention cannot be replaced.
        num_tokens: (layer name, model's configuration) -> number of key tokens of that attention layer. None = not
            known: the model cannot have an attention that is built for a fixed number of tokens.
        sides: field -> how the names of the attention layers begin that it gives another attention, see `changes.py`.
        backbone: the model that differs from it only in the attention; "" = it is a backbone itself.
        compared: its attentions in the comparison of attention methods.
        paper_name: in the paper's tables; "" = not there.
        title: in rendered pages, for a model that is in both generations of BasicTS; "" = its name.
        paper_attention: the attention with which the paper measured memory and time; "" = its own.
        unfit: why it cannot be trained; "" = it can.
        unfit_window: (input_len, output_len) -> why it cannot be trained on such windows; "" = it can.
    """

    name: str
    load: Optional[Callable[[], tuple[type, type]]] = None
    model_fields: Fields = field(default_factory=dict)
    window_fields: Optional[Callable[[int, int], Fields]] = None
    run_fields: Union[Fields, Callable[[], Fields]] = field(default_factory=dict)
    dataset_fields: Mapping[str, Fields] = field(default_factory=dict)
    dataset_model_fields: Mapping[str, Fields] = field(default_factory=dict)
    callbacks: Callable[[], list[Any]] = list
    dataset_callbacks: Optional[Callable[[str, bool], list[Any]]] = None
    prepare: Optional[Callable[[Any, Any], Mapping[str, Any]]] = None
    small: Optional[Size] = None
    attention: str = ""
    num_tokens: Optional[Callable[[str, Any], int]] = None
    sides: Mapping[str, str] = field(default_factory=dict)
    backbone: str = ""
    compared: tuple[str, ...] = ()
    paper_name: str = ""
    title: str = ""
    paper_attention: str = ""
    unfit: str = ""
    unfit_window: Optional[Callable[[int, int], str]] = None

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
        """The name without the size. Both sizes have the same class."""
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
