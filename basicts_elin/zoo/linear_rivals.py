"""BasicTS's models with entropy-equal attention, as classes that a configuration can name."""

from typing import Any

from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from basicts.models.Crossformer import Crossformer
from basicts.models.iTransformer import iTransformerForForecasting
from basicts.models.Leddam import Leddam
from basicts.models.PatchTST import PatchTSTForForecasting
from basicts.models.TimeXer import TimeXer

from ..config.overrides import with_changes
from ..errors import UserError
from .basicts_models import rival_config
from .replace_attention import linearize


class _Linearized:
    """Linearises the model that it is mixed into, by the keys `entropy` and `path` of its configuration.

    The classes are made by inheritance, because BasicTS reads the arguments of `forward` and the callbacks that a model
    requires from the class.
    """

    def __init__(self, config: BasicTSModelConfig):
        super().__init__(config)
        linearize(self, config.get("entropy", "taylor"), config.get("path", "auto"))


class CrossformerLinear(_Linearized, Crossformer):
    """Crossformer with entropy-equal attention."""


class iTransformerLinear(_Linearized, iTransformerForForecasting):
    """iTransformer with entropy-equal attention."""


class LeddamLinear(_Linearized, Leddam):
    """Leddam with entropy-equal attention over the channels; its auto-attention is left."""


class PatchTSTLinear(_Linearized, PatchTSTForForecasting):
    """PatchTST with entropy-equal attention over the patches."""


class TimeXerLinear(_Linearized, TimeXer):
    """TimeXer with entropy-equal attention."""


LINEAR_RIVALS: dict[str, type] = {
    "Crossformer": CrossformerLinear,
    "iTransformer": iTransformerLinear,
    "Leddam": LeddamLinear,
    "PatchTST": PatchTSTLinear,
    "TimeXer": TimeXerLinear,
}


def linear_rival_config(
    model: str, dataset: str, entropy: str = "taylor", path: str = "auto", **differences: Any
) -> BasicTSForecastingConfig:
    """`rival_config` of one of BasicTS's models with entropy-equal attention, everything else being equal.

    Args:
        model: a name of `LINEAR_RIVALS`, such as "iTransformer".
        dataset: a name of the catalogue.
        entropy, path: as in `basicts_elin.linearize`; they become keys of `model_config`.
        differences: see `benchmark_config`.
    Raises: UserError for another model.
    """
    if model not in LINEAR_RIVALS:
        raise UserError(
            f"model: {model!r} has no attention that linearize replaces in a model of BasicTS that can be compared; "
            f"expected one of {', '.join(LINEAR_RIVALS)}"
        )
    config = rival_config(model, dataset, **differences)
    config.model_config.update(entropy=entropy, path=path)
    return with_changes(config, {"model": f"{__name__}.{LINEAR_RIVALS[model].__name__}"})
