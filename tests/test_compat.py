"""compat.PRIVATE against the code of the package, and against the installed BasicTS and easy-torch."""

import ast
import importlib
import inspect
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from basicts.runners import BasicTSRunner
from basicts.runners.callback import BasicTSCallback
from refusal import refuses

import basicts_elin
from basicts_elin import compat
from basicts_elin.compat import PRIVATE, require_basicts

PACKAGE = Path(basicts_elin.__file__).parent
THEIRS = ("basicts", "easytorch")


@cache
def owner(path):
    """The class or module of a dotted path."""
    try:
        return importlib.import_module(path)
    except ModuleNotFoundError:
        module, _, name = path.rpartition(".")
        return getattr(importlib.import_module(module), name)


def assigned_to_self(tree) -> set[str]:
    """Names n of every `self.n = ...`."""
    targets = (node for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store))
    return {node.attr for node in targets if isinstance(node.value, ast.Name) and node.value.id == "self"}


def names_of(path) -> set[str]:
    """All names of a class or module of theirs, with the attributes that its instances get."""
    found = owner(path)
    names = set(dir(found))
    for kind in found.__mro__ if inspect.isclass(found) else ():
        if kind.__module__.split(".")[0] in THEIRS:
            names |= assigned_to_self(ast.parse(textwrap.dedent(inspect.getsource(kind))))
    return names


def is_dunder(name) -> bool:
    return name.startswith("__")


class Code:
    """The source files of a package, and what they take from theirs."""

    def __init__(self, sources: dict[str, str]):
        self.trees = {name: ast.parse(text) for name, text in sources.items()}
        self.imports = {name: dict(self._imports(tree)) for name, tree in self.trees.items()}
        self.classes = {
            node.name: (name, node)
            for name, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef)
        }

    def used(self) -> set[tuple[str, str]]:
        """(class or module of theirs, name) of what is overridden or assigned there, and of private names."""
        overridden = {pair for _, node in self.classes.values() for pair in self._overridden(node)}
        bases = {base for _, node in self.classes.values() for base in self._bases(node)}
        return overridden | set(self._private(bases)) | set(self._assigned_to_modules())

    @staticmethod
    def _imports(tree) -> Iterator[tuple[str, str]]:
        """Local name and dotted path of what is imported from theirs."""
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and not node.level and node.module.split(".")[0] in THEIRS:
                yield from ((alias.asname or alias.name, f"{node.module}.{alias.name}") for alias in node.names)

    def _bases(self, node) -> set[str]:
        """The classes of theirs that a class of ours derives from, also by other classes of ours."""
        file, _ = self.classes[node.name]
        found = set()
        for base in node.bases:
            name = base.id if isinstance(base, ast.Name) else ""
            if name in self.imports[file]:
                found.add(self.imports[file][name])
            elif name in self.classes and self.classes[name][1] is not node:
                found |= self._bases(self.classes[name][1])
        return found

    def _overridden(self, node) -> Iterator[tuple[str, str]]:
        ours = assigned_to_self(node)
        for part in node.body:
            targets = part.targets if isinstance(part, ast.Assign) else [getattr(part, "target", None)]
            ours |= {target.id for target in targets if isinstance(target, ast.Name)}
            ours |= {part.name} if isinstance(part, ast.FunctionDef) else set()
        for base in self._bases(node):
            yield from ((base, name) for name in ours & names_of(base) if not is_dunder(name))

    def _private(self, bases) -> Iterator[tuple[str, str]]:
        """Private names that are imported or read."""
        for name, tree in self.trees.items():
            for path in self.imports[name].values():
                module, _, imported = path.rpartition(".")
                if imported.startswith("_"):
                    yield module, imported
            for node in ast.walk(tree):
                if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not is_dunder(node.attr):
                    yield from ((base, node.attr) for base in bases if node.attr in names_of(base))

    def _assigned_to_modules(self) -> Iterator[tuple[str, str]]:
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                is_stored = isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
                if is_stored and isinstance(node.value, ast.Name) and node.value.id in self.imports[name]:
                    yield self.imports[name][node.value.id], node.attr


def package() -> Code:
    files = PACKAGE.rglob("*.py")
    return Code({str(file.relative_to(PACKAGE)): file.read_text(encoding="utf-8") for file in files})


def listed() -> set[tuple[str, str]]:
    return {(path, name) for path, names in PRIVATE.items() for name in names}


def absent() -> set[tuple[str, str]]:
    """What is listed and not there in the installed BasicTS and easy-torch."""
    return {(path, name) for path, name in listed() if name not in names_of(path)}


def test_the_list_is_what_the_code_uses():
    used = package().used()
    assert used - listed() == set(), "used, but not in compat.PRIVATE"
    assert listed() - used == set(), "in compat.PRIVATE, but not used"


def test_what_is_listed_is_installed():
    assert absent() == set()


def test_a_name_that_a_new_release_has_moved_is_noticed(monkeypatch):
    monkeypatch.delattr(BasicTSRunner, "_forward")
    monkeypatch.delattr(BasicTSCallback, "on_compute_loss")
    assert ("basicts.runners.BasicTSRunner", "_forward") in absent()
    assert ("basicts.runners.callback.BasicTSCallback", "on_compute_loss") in absent()
    assert ("basicts.runners.BasicTSRunner", "_train_loop") not in absent()


def test_a_name_that_is_not_listed_is_noticed(monkeypatch):
    path = "basicts.runners.BasicTSRunner"
    monkeypatch.setitem(compat.PRIVATE, path, PRIVATE[path] - {"_forward"})
    assert package().used() - listed() == {(path, "_forward")}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("class A(Base):\n def _forward(self): pass", "_forward"),
        ("class A(Base):\n def f(self): self.meter_pool = 0", "meter_pool"),
        ("class A(Base): pass\nclass B(A):\n def on_epoch_end(self): pass", "on_epoch_end"),
        ("class A(Base): pass\ndef f(runner): return runner._metric_forward", "_metric_forward"),
        ("Base.train = 0", "train"),
        ("class A(Base):\n def _own(self): return self._own", None),
        ("class A:\n def _forward(self): pass", None),
    ],
)
def test_what_counts_as_used(source, expected):
    found = Code({"a.py": f"from basicts.runners import BasicTSRunner as Base\n{source}"}).used()
    assert found == ({("basicts.runners.BasicTSRunner", expected)} if expected else set())


def test_a_private_import_is_used():
    found = Code({"a.py": "from easytorch.utils.dist import _x as y"}).used()
    assert found == {("easytorch.utils.dist", "_x")}


def test_without_basicts_the_way_to_it_is_named(monkeypatch):
    def missing(name):
        raise compat.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(compat.metadata, "version", missing)
    with refuses("basicts", found="not installed", expected="1.1", fix=("make setup", "basicts==1.1.0")):
        require_basicts()


@pytest.mark.parametrize("version", ["1.0.9", "1.10.0", "2.0", "1.1"])
def test_another_basicts_is_refused(monkeypatch, version):
    monkeypatch.setattr(compat.metadata, "version", lambda name: version)
    with refuses("basicts", found=version, expected="1.1", fix="basicts==1.1.0"):
        require_basicts()


def test_the_supported_basicts_is_accepted(monkeypatch):
    monkeypatch.setattr(compat.metadata, "version", lambda name: "1.1.7")
    require_basicts()
