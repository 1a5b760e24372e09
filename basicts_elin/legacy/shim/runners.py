"""`basicts.runners` of BasicTS 0.5: the classes that configurations name and custom runners inherit from.

None of them runs anything. `legacy.runners` does what the supported ones did.
"""

from .refuse import refuse_others


class BaseEpochRunner:
    """Base of all runners."""


class BaseTimeSeriesForecastingRunner(BaseEpochRunner):
    """Runner of forecasting tasks."""


class SimpleTimeSeriesForecastingRunner(BaseTimeSeriesForecastingRunner):
    """The runner of nearly all legacy models."""


__getattr__ = refuse_others("runners")
