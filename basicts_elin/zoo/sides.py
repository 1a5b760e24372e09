"""Another attention over time alone, or over space alone: `--set model_config.temporal_attention=sdpa`.

The fields are added to a model's configuration only where they are given, so every other run keeps its hash.
"""

from typing import Any

from basicts.configs import BasicTSForecastingConfig

from ..config.overrides import with_overrides
from ..errors import UserError
from . import variants
from .attention import attention_names
from .registry import entry, find, model_names

_GROUP = "model_config."


def with_changes(config: BasicTSForecastingConfig, changes: dict[str, Any]) -> BasicTSForecastingConfig:
    """`with_overrides` that also takes the fields of `ModelEntry.sides`.

    Raises: UserError as `with_overrides`, for a model without such sides, and for an unknown attention.
    """
    owners = {side: name for name in model_names() for side in entry(name).sides}
    given = {name: value for name, value in changes.items() if name.removeprefix(_GROUP) in owners}
    sides = {name.removeprefix(_GROUP): value for name, value in given.items() if value is not None}
    rest = {name: value for name, value in changes.items() if name not in given}
    if not sides:
        return with_overrides(config, rest)
    variant = find(config.model.__name__)
    for name, value in given.items():
        if variant is None or not variant.entry.sides or variant.load()[0] is not config.model:
            expected = f"one of {', '.join(other for other in model_names() if entry(other).sides)}, or a variant of it"
            raise UserError(f"--set {name}", f"model {config.model.__name__}", expected)
        if value not in (None, *attention_names()):
            raise UserError(f"--set {name}", repr(value), f"one of {', '.join(attention_names())}")
    model = f"{variants.__name__}.{variants.by_side(variant.class_name)}"
    # with_overrides refuses fields that the configuration does not have
    changed = with_overrides(config, {"model": model})
    changed.model_config.update(sides)
    return with_overrides(changed, rest)
