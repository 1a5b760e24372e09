# Made the files in this folder, with Python 2.7.18, numpy 1.16.6, pandas 0.24.2 and PyTables 3.5.2: the public files
# are as old. Pandas 3.1 cannot read the frames.
import pickle

import numpy as np
import pandas as pd

SENSORS = ["773869", "767541"]
index = pd.date_range("2012-03-01", periods=100, freq="5min", name="timestamp")
values = np.arange(200.0).reshape(100, 2)
for name, columns in (("strings", SENSORS), ("integers", map(int, SENSORS))):
    pd.DataFrame(values, index=index, columns=list(columns)).to_hdf(name + ".h5", "df")
with open("adj_mx.pkl", "wb") as file:
    matrix = np.arange(4, dtype="float32").reshape(2, 2)
    pickle.dump([SENSORS, {"773869": 0, "767541": 1}, matrix], file, protocol=2)
