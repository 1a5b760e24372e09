"""`basicts.data` of BasicTS 0.5: a class that configurations name."""

from .refuse import refuse_others


class TimeSeriesForecastingDataset:
    """Windows of a series. A run uses the dataset of BasicTS 1.1, which has the same windows."""


__getattr__ = refuse_others("data")
