"""`.npy` arrays, memory-mapped."""

from pathlib import Path

import numpy as np


def map_array(file: Path) -> np.ndarray:
    """The array in `file`, read-only and memory-mapped. The file is opened once (numpy's `open_memmap` opens it twice).

    Raises: OSError if the file cannot be opened. ValueError, or any other error, if it is damaged.
    """
    with file.open("rb") as content:
        version = np.lib.format.read_magic(content)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, is_fortran, kind = read_header(content)
        if kind.hasobject:
            raise ValueError("it holds Python objects")
        return np.memmap(content, kind, "r", content.tell(), shape, "F" if is_fortran else "C")
