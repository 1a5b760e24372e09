"""Fields that change a model beyond its configuration: `--set model_config.temporal_attention=sdpa`.

`temporal_attention` and `spatial_attention` give the layers of one side another attention, and `node_embedding` fixes
the embedding of the nodes. The fields are added to a configuration only where they are given, so every other run keeps
its hash.
"""

from typing import Any

from basicts.configs import BasicTSForecastingConfig

from ..config.overrides import with_overrides
from ..errors import UserError
from . import variants
from .attention import attention_names
from .node_embedding import FIELD, NODE_EMBEDDINGS
from .registry import entry, find, model_names

_GROUP = "model_config."


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """`with_overrides` that also takes `node_embedding` and the fields of `ModelEntry.sides`.

    Raises: UserError as `with_overrides`, for a model that does not take these fields, and for an unknown value.
    """
    sides = {side for name in model_names() for side in entry(name).sides}
    choices = {**dict.fromkeys(sides, attention_names()), FIELD: [*NODE_EMBEDDINGS]}
    given = {name: value for name, value in changes.items() if name.removeprefix(_GROUP) in choices}
    added = {name.removeprefix(_GROUP): value for name, value in given.items() if value is not None}
    rest = {name: value for name, value in changes.items() if name not in given}
    if not added:
        return with_overrides(config, rest)
    variant = find(config.model.__name__)
    for name, value in given.items():
        if variant is None or not variant.entry.sides or variant.load()[0] is not config.model:
            expected = f"one of {', '.join(other for other in model_names() if entry(other).sides)}, or a variant of it"
            raise UserError(f"--set {name}", f"model {config.model.__name__}", expected)
        known = choices[name.removeprefix(_GROUP)]
        if value not in (None, *known):
            raise UserError(f"--set {name}", repr(value), f"one of {', '.join(known)}")
    model = f"{variants.__name__}.{variants.changed(variant.class_name)}"
    # with_overrides refuses fields that the configuration does not have
    made = with_overrides(config, {"model": model})
    made.model_config.update(added)
    return with_overrides(made, rest)
