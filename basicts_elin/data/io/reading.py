"""A series from a file or folder of any supported format."""

from pathlib import Path

from ...errors import UserError
from .options import ReadOptions
from .raw import RawSeries

__all__ = ["ReadOptions", "read_series"]

_TEXT = (".csv", ".tsv", ".txt", ".dat")
_COMPRESSED = (".gz", ".bz2", ".xz", ".zip")
_HDF5 = (".h5", ".hdf5", ".hdf")
FORMATS = ".csv, .tsv, .txt (also .gz, .bz2, .xz, .zip), .parquet, .feather, .npz, .npy, .h5, or a folder"
# by their first bytes, for files with another ending
_MAGIC = ((b"PAR1", ".parquet"), (b"ARROW1", ".feather"), (b"\x93NUMPY", ".npy"), (b"\x89HDF", ".h5"))
_REFUSED = {
    **dict.fromkeys((".xlsx", ".xls", ".ods"), "save the sheet as CSV"),
    **dict.fromkeys((".pkl", ".pickle", ".pt", ".joblib"), "save the series as .parquet, .csv or .npy: a pickle runs code"),
    **dict.fromkeys((".mat", ".nc", ".json", ".rar", ".7z", ".tar", ".tgz"), "save the series as .csv, .parquet or .npy"),
}


def read_series(path: Path, options: ReadOptions = ReadOptions()) -> RawSeries:
    """The series in `path`. Its format follows from the ending of the name, or else from the first bytes.

    Nothing that the file carries is executed.

    Raises: UserError if the file is missing, damaged, of another format, or if it is not clear what is in it.
    """
    path = Path(path)
    if not path.exists():
        raise UserError("file", f"{path} does not exist", FORMATS, "correct the path")
    if path.is_dir():
        from .folder import read_folder

        return read_folder(path, options)
    return _read_file(path, options)


def _read_file(path: Path, options: ReadOptions) -> RawSeries:
    # imported here because each needs a library that is slow to start
    kind = kind_of(path)
    if kind == ".csv":
        from .text import read_text

        return read_text(path, options)
    if kind in (".parquet", ".feather"):
        from .arrow import read_arrow

        return read_arrow(path, kind, options)
    options.refuse_columns(path)
    if kind == ".npz":
        from .tmp_arrays import read_archive

        return read_archive(path, options)
    if kind == ".npy":
        from .tmp_arrays import read_array

        return read_array(path, options)
    from .h5 import read_hdf5

    return read_hdf5(path, options)


def kind_of(path: Path) -> str:
    """".csv", ".parquet", ".feather", ".npz", ".npy" or ".h5". Raises: UserError for any other file."""
    suffix = path.suffix.lower()
    inner = path.with_suffix("").suffix.lower() if suffix in _COMPRESSED else ""
    if suffix in _REFUSED:
        raise UserError("file", path, FORMATS, _REFUSED[suffix])
    if suffix in _TEXT or (suffix in _COMPRESSED and inner in ("", *_TEXT)):
        return ".csv"
    if suffix in (".pq", ".arrow"):
        return ".parquet" if suffix == ".pq" else ".feather"
    if suffix in (".parquet", ".feather", ".npz", ".npy"):
        return suffix
    if suffix in _HDF5:
        return ".h5"
    with path.open("rb") as file:
        start = file.read(8)
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    raise UserError("file", path, FORMATS, "save the series in one of these formats, with the ending in its name")
