"""The folders of the package import one another in one direction only, so that each can be read without those above it.

Checked by the import statements, wherever in a file they are.
"""

import ast
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "basicts_elin"

# Each room may import those before it, and itself. Rooms of one entry do not import one another.
ORDER = (
    ("averages", "errors", "env_vars", "version"),
    ("compat", "files", "plugins"),
    ("record",),
    ("ops",),
    ("modules",),
    ("models",),
    ("data", "config"),
    ("training.protocol",),
    ("training.runner",),
    ("training.launch",),
    ("legacy",),
    ("zoo",),
    ("evaluation",),
    ("forecasting",),
    ("results", "integrations"),
    ("reproduce",),
    ("demo", "run_arguments"),
    ("cli",),
)
# The same for the rooms of `data`; "dataset" stands for its files of no room.
DATA_ORDER = ("catalog", "zone_names", "io", "times", "graphs", "dataset", "relations", "prepare")
PLACE = {room: place for place, rooms in enumerate(ORDER) for room in rooms}
# Only torch is needed for these, so nothing but the rooms named.
TORCH_ONLY = {
    "ops": {"ops"},
    "modules": {"ops", "modules"},
    "models": {"modules", "models"},
    "integrations": {"ops", "modules", "integrations", "errors"},
}


def room_of(parts: tuple[str, ...]) -> str:
    """The room of a module by the parts of its name below the package."""
    return ".".join(parts[:2]) if parts[0] == "training" else parts[0]


def data_room_of(parts: tuple[str, ...]) -> str:
    """The room of a module of `data`; "" for other modules."""
    if parts[0] != "data":
        return ""
    return parts[1] if len(parts) > 1 and parts[1] in DATA_ORDER else "dataset"


def imports(file: Path, room_of: Callable[[tuple[str, ...]], str] = room_of) -> Iterator[tuple[int, str]]:
    """Line and room of everything of the package that a file imports."""
    package = (PACKAGE.name, *file.relative_to(PACKAGE).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            module = (*above, *(node.module or "").split(".")) if node.module else above
            names = [(*module, alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [tuple(alias.name.split(".")) for alias in node.names]
        else:
            continue
        yield from ((node.lineno, room_of(name[1:])) for name in names if name[0] == PACKAGE.name and len(name) > 1)


FILES = [file for file in sorted(PACKAGE.rglob("*.py")) if file.parent != PACKAGE or file.stem != "__init__"]


def room_of_file(file: Path) -> str:
    return room_of(file.relative_to(PACKAGE).with_suffix("").parts)


def test_every_room_has_a_place():
    assert {room_of_file(file) for file in FILES} - {"training.__init__"} == set(PLACE)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.relative_to(PACKAGE).as_posix())
def test_imports_lead_down(file):
    own = room_of_file(file)
    upward = [
        f"{file.relative_to(PACKAGE.parent)}:{line} imports {room}"
        for line, room in imports(file)
        if room != own and PLACE[room] >= PLACE[own]
    ]
    assert not upward
    needed = {room for _, room in imports(file)}
    assert needed <= TORCH_ONLY.get(own, needed)


@pytest.mark.parametrize("file", sorted((PACKAGE / "data").rglob("*.py")), ids=lambda file: file.name)
def test_imports_lead_down_within_data(file):
    own = data_room_of(file.relative_to(PACKAGE).with_suffix("").parts)
    upward = [
        f"{file.relative_to(PACKAGE.parent)}:{line} imports {room}"
        for line, room in imports(file, data_room_of)
        if room and DATA_ORDER.index(room) > DATA_ORDER.index(own)
    ]
    assert not upward


@pytest.mark.parametrize(
    ("statement", "rooms"),
    [
        ("from ...legacy import models", ["legacy"]),
        ("from ... import zoo", ["zoo"]),
        ("from .. import runner", ["training.runner"]),
        ("def f():\n    from ..runner.loop import LoopRunner", ["training.runner"]),
        ("import basicts_elin.zoo.registry", ["zoo"]),
        ("from basicts_elin.training.launch import job", ["training.launch"]),
        ("import basicts.models\nfrom torch import nn", []),
    ],
)
def test_every_form_of_import_is_seen(statement, rooms, tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.PACKAGE", tmp_path / "basicts_elin")
    file = tmp_path / "basicts_elin" / "training" / "protocol" / "module.py"
    file.parent.mkdir(parents=True)
    file.write_text(statement)
    assert [room for _, room in imports(file)] == rooms
