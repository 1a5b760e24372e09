"""`basicts.data` of BasicTS 0.5: names that a configuration mentions."""

from .refuse import refuse_others


class TimeSeriesForecastingDataset:
    """Windows of a series; here BasicTS 1.1's dataset, which has the same ones."""


__getattr__ = refuse_others("data")
