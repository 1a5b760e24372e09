"""A forecaster as one file for other systems."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UserError
from ...files import check_place, replacing
from ...version import __version__
from . import onnx_file
from .formats import FORMATS
from .loaded import Loaded
from .parity import Parity, check_parity, check_repeatable, parity
from .program import exported_program, refusing, unused_inputs

if TYPE_CHECKING:
    from ..forecaster import Forecaster

# of the text that travels with a file
_VERSION = 1


@dataclass(frozen=True)
class Export:
    """A file, and what it was found to be when it was loaded again.

    Attributes:
        unused: the inputs that the model does not use.
    """

    path: Path
    loaded: Loaded
    parity: Parity
    unused: frozenset[str]

    @property
    def lines(self) -> list[str]:
        """Inputs, outputs, parity and file, for a person."""
        notes = {name: "   not used by this model" for name in self.unused}
        lines = [f"input   {one}{notes.get(one.name, '')}" for one in self.loaded.inputs]
        lines += [f"output  {one}" for one in self.loaded.outputs]
        lines.append(
            f"parity  largest difference {self.parity.relative:.1e} of the largest forecast ({self.loaded.by}; "
            "1 and 3 random windows, some values missing)"
        )
        size = self.path.stat().st_size / 2**20
        return [*lines, f"written: {self.path} ({size:.1f} MiB, {self.loaded.written_for})"]


def export_forecaster(forecaster: "Forecaster", path: Path, file_format: str, *, force: bool = False) -> Export:
    """Write the forecaster's network into one file: original units in and out, any number of windows.

    The file is loaded again and compared with the forecaster before it gets its name.

    Args:
        file_format: "onnx" or "torch".
        force: replace a file that is no earlier export.
    Raises: UserError if the model cannot be exported, or the file would replace another one; FailedRunError if the file
        forecasts something else than the forecaster.
    """
    check_path(path, file_format, force=force)
    facts, kind = forecaster.facts, FORMATS[file_format]
    check_repeatable(forecaster.network, facts)
    program = exported_program(forecaster.network, facts)
    text = {"format": _VERSION, "basicts_elin": __version__, "facts": facts.json()}
    # torch wants its own suffix
    with replacing(path, path.suffix) as temporary:
        with refusing(facts):
            kind.write(program, temporary, json.dumps(text, ensure_ascii=False))
            loaded = kind.load(temporary)
        found = parity(loaded.run, forecaster.network, facts)
        check_parity(found, facts.model, file_format)
    return Export(path, loaded, found, frozenset(unused_inputs(program)))


def check_path(path: Path, file_format: str, *, force: bool) -> None:
    """Raises: UserError for an unknown format, a name of another kind, and a file that is not to be replaced."""
    if file_format not in FORMATS:
        raise UserError("format", file_format, " or ".join(FORMATS))
    if file_format == "onnx":
        onnx_file.check_installed()
    suffix = FORMATS[file_format].suffix
    if path.suffix != suffix:
        raise UserError("output", path, f"a {suffix} file", f"--output {path.with_suffix(suffix)}")
    check_place(path, "output")
    if path.exists() and not force and FORMATS[file_format].metadata(path) is None:
        found = f"{path} exists, and is no export"
        raise UserError("output", found, "a new file", "name another file, or --force replaces it")
