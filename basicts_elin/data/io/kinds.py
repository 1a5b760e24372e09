"""The endings of the names of files."""

TEXT = (".csv", ".tsv", ".txt", ".tab", ".dat", ".psv")
PACKED = (".gz", ".bz2", ".xz", ".zip")
PARQUET = (".parquet", ".pq")
FEATHER = (".feather", ".arrow", ".ftr")
HDF5 = (".h5", ".hdf5", ".hdf")
NPY, NPZ = ".npy", ".npz"
SERIES = (*TEXT, *PARQUET, *FEATHER, *HDF5, NPY, NPZ)
