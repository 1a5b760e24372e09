"""Small files with times, for the tests of this folder."""

import numpy as np

from basicts_elin.data.io.raw import RawSeries
from basicts_elin.data.times.filling import on_grid
from basicts_elin.data.times.options import TimeOptions
from basicts_elin.data.times.placing import place


def every(minutes, start, stop):
    return np.arange(start, stop, minutes, dtype="datetime64[m]")


def texts(*values):
    return np.array(values, dtype=object)


def wide(times, zone=None):
    """A file with two sensors; the first one's value is the number of the row."""
    rows = np.arange(len(times), dtype=np.float32)
    return RawSeries(np.stack([rows, -rows], axis=1), times=np.asarray(times), zone=zone)


def placed(series, after=None, **options):
    """The placement of a series, or of the wide file with these times; and its values on the grid."""
    series = series if isinstance(series, RawSeries) else wide(series)
    placement = place(series, TimeOptions(**options), after)
    return placement, on_grid(series, placement)[0]


def dates(placement):
    return placement.timeline.dates()


def gaps(placement):
    return [(str(gap.first).replace("T", " "), gap.steps) for gap in placement.gaps]
