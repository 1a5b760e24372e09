"""The series in a file of any kind. The content decides what kind it is; its name helps where the content cannot."""

from collections.abc import Callable
from pathlib import Path

from ...errors import UserError
from .damage import refusing_damage
from .kinds import FEATHER, HDF5, NPY, NPZ, PACKED, PARQUET, TEXT
from .options import NO_OPTIONS, ReadOptions
from .raw import RawSeries

__all__ = ["ReadOptions", "read_series"]

_KINDS = ".csv, .txt, .tsv (also .gz, .bz2, .xz, .zip), .parquet, .feather, .npz, .npy, .h5, or a folder of such files"
_REFUSED = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".ods": "save the sheet as CSV",
    ".pkl": "save it as Parquet, CSV or .npz; a pickle may run code, so it is not opened",
    ".pickle": "save it as Parquet, CSV or .npz; a pickle may run code, so it is not opened",
    ".mat": "save the array as .npz: np.savez(path, data=array)",
    ".nc": "save the array as .npz: np.savez(path, data=array)",
    ".pt": "save the array as .npz: np.savez(path, data=array)",
    ".json": "save it as CSV or Parquet",
}


def read_series(path: Path, options: ReadOptions = NO_OPTIONS) -> RawSeries:
    """The series in `path`: a text table, Parquet, Feather, `.npz`, `.npy`, `.h5`, or a folder of such files.

    Nothing that the file carries is executed.

    Raises: UserError if the file is missing, damaged or of another kind, or if it is not certain what in it is the
        series.
    """
    path = Path(path)
    if not path.exists():
        raise UserError("file", f"{path} does not exist", _KINDS, "correct the path")
    if path.is_dir():
        from .folders import read_folder

        return read_folder(path, options)
    return read_file(path, options)


def read_file(path: Path, options: ReadOptions) -> RawSeries:
    """`read_series` of a single file."""
    if path.stat().st_size == 0:
        raise UserError("file", f"{path} is empty", _KINDS, "copy it again")
    reader = _reader(path)
    with refusing_damage(path, "an undamaged file"):
        return reader(path, options)


def _reader(path: Path) -> Callable[[Path, ReadOptions], RawSeries]:
    with path.open("rb") as file:
        start = file.read(8)
    suffix = path.suffix.lower()
    if start.startswith(b"PK\x03\x04"):
        return _zip_reader(path, suffix)
    by_content = {b"\x89HDF": _h5, b"PAR1": _parquet, b"ARROW1": _feather, b"\x93NUMPY": _npy}
    for magic, reader in by_content.items():
        if start.startswith(magic):
            return reader
    if suffix in _REFUSED:
        raise UserError("file", f"{path} is a {suffix} file", _KINDS, _REFUSED[suffix])
    if start.startswith(b"FEA1"):
        fix = "save it again: pandas.read_feather(path).to_feather(path)"
        raise UserError("file", f"{path} is of the first version of Feather", "version 2", fix)
    by_name = {
        **dict.fromkeys(HDF5, _h5),
        **dict.fromkeys(PARQUET, _parquet),
        **dict.fromkeys(FEATHER, _feather),
        NPY: _npy,
        NPZ: _npz,
        **dict.fromkeys((*TEXT, *PACKED), _text),
    }
    return by_name.get(suffix, _unknown)


def _zip_reader(path: Path, suffix: str) -> Callable[[Path, ReadOptions], RawSeries]:
    import zipfile

    with refusing_damage(path, "a whole archive"), zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    if suffix == NPZ or (names and all(name.endswith(NPY) for name in names)):
        return _npz
    if "[Content_Types].xml" in names or "mimetype" in names:
        raise UserError("file", f"{path} is a spreadsheet or another office file", _KINDS, "save the sheet as CSV")
    if any(name.endswith("data.pkl") for name in names):
        raise UserError("file", f"{path} is a PyTorch file", _KINDS, _REFUSED[".pt"])
    return _text


def _text(path: Path, options: ReadOptions) -> RawSeries:
    from .tables.table import read_table
    from .text.csv import CsvTable

    _refuse_key(path, options)
    return read_table(CsvTable(path), options)


def _unknown(path: Path, options: ReadOptions) -> RawSeries:
    """A file whose name says nothing is read as text if it is a table of several columns."""
    from .text.csv import CsvTable

    try:
        is_table = len(CsvTable(path).columns) > 1
    except (UserError, OSError, EOFError, ValueError):
        is_table = False
    if not is_table:
        raise UserError("file", f"{path}, whose kind is unknown", _KINDS, "save it as one of these")
    return _text(path, options)


def _parquet(path: Path, options: ReadOptions) -> RawSeries:
    return _arrow(path, options, "Parquet")


def _feather(path: Path, options: ReadOptions) -> RawSeries:
    return _arrow(path, options, "Feather")


def _arrow(path: Path, options: ReadOptions, kind: str) -> RawSeries:
    from .tables.arrow import ArrowTable
    from .tables.table import read_table

    _refuse_key(path, options)
    return read_table(ArrowTable(path, kind), options)


def _npy(path: Path, options: ReadOptions) -> RawSeries:
    from .arrays.series import read_npy_series

    return read_npy_series(path, options)


def _npz(path: Path, options: ReadOptions) -> RawSeries:
    from .arrays.series import read_npz_series

    return read_npz_series(path, options)


def _h5(path: Path, options: ReadOptions) -> RawSeries:
    from .h5 import read_h5_series

    return read_h5_series(path, options)


def _refuse_key(path: Path, options: ReadOptions) -> None:
    if options.key is not None:
        raise UserError("key", f"{options.key!r}, but {path} is a single table", fix="omit --key")
