"""Small files in the layout of LargeST's: a frame of pandas in the fixed format, the table of sensors, the matrix."""

import numpy as np
import pandas as pd

# in the order of the table, in which the columns of the frame and the rows of the matrix are not
IDS = ["1114091", "400001", "717001", "1108148", "1201054", "312010", "801230", "1122720", "1000110"]
DISTRICTS = [11, 4, 7, 11, 12, 3, 8, 11, 10]
ROWS = [4, 0, 7, 2, 8, 1, 6, 3, 5]
COLUMNS = IDS[::-1]
DAYS = 3
STEPS = DAYS * 96


def raw_frame(start="2019-01-01", days=DAYS, columns=COLUMNS):
    """Whole numbers every 5 minutes, with missing values: single ones, a whole step, and a sensor's first day."""
    dates = pd.date_range(start, periods=days * 288, freq="5min")
    values = np.random.default_rng(5).integers(0, 600, (len(dates), len(columns))).astype(float)
    values[np.random.default_rng(6).random(values.shape) < 0.1] = np.nan
    values[30:33] = np.nan
    values[:288, 2] = np.nan
    return pd.DataFrame(values, dates, columns)


def published_means(frame):
    """What LargeST's own notebook makes of a frame, by a name of the interval that today's pandas has."""
    return frame.resample("15min").mean().round(0).fillna(0)


def sensor_table(ids=IDS):
    places = [IDS.index(name) for name in ids]
    numbers = np.arange(len(IDS))
    table = {
        "ID": IDS,
        "ID2": ROWS,
        "Lat": 32.5 + numbers / 10,
        "Lng": -117.25 - numbers / 10,
        "District": DISTRICTS,
        "County": "San Diego",
        "Fwy": "I5-N",
        "Lane": 4,
        "Type": "Mainline",
        "Direction": "N",
    }
    return pd.DataFrame(table).iloc[places]


def matrix():
    """Weights with 1 on the diagonal; that of rows i and j tells which they are."""
    size = len(IDS)
    rows, columns = np.indices((size, size))
    weights = (10 * rows + columns) / 100
    weights[(rows + columns) % 3 == 0] = 0
    np.fill_diagonal(weights, 1)
    return weights


def matrix_of(ids):
    rows = [ROWS[IDS.index(name)] for name in ids]
    return matrix()[np.ix_(rows, rows)]


def save(folder, name="ca", frame=None, ids=IDS, raw=True):
    """The files as LargeST names them. Returns the options of `prepare_dataset`."""
    folder.mkdir(exist_ok=True)
    frame = raw_frame() if frame is None else frame
    series = folder / f"{name}_his_{'raw_' if raw else ''}2019.h5"
    frame.to_hdf(series, key="t", mode="w")
    sensor_table(ids).to_csv(folder / f"{name}_meta.csv", index=False)
    np.save(folder / f"{name}_rn_adj.npy", matrix() if len(ids) == len(IDS) else matrix_of(ids))
    return {"raw": series, "meta": folder / f"{name}_meta.csv", "adjacency": folder / f"{name}_rn_adj.npy"}
