"""`basicts.runners` of BasicTS 0.5: what a configuration names, and custom runners inherit from.

Nothing of a runner runs here; `calls` knows what those that are honoured do.
"""

from .refuse import refuse_others


class BaseEpochRunner:
    """Root of the runners."""


class BaseTimeSeriesForecastingRunner(BaseEpochRunner):
    """Runner of forecasting tasks."""


class SimpleTimeSeriesForecastingRunner(BaseTimeSeriesForecastingRunner):
    """The runner of nearly all baselines."""


__getattr__ = refuse_others("runners")
