"""`.h5` files: frames that pandas wrote in its fixed or table format, or plain arrays.

They are read with h5py, because pandas unpickles attributes of the file. Unpickling runs code, and fails for files of
other pandas versions.
"""

from .file import dated_frame, read_h5, read_h5_series

__all__ = ["dated_frame", "read_h5", "read_h5_series"]
