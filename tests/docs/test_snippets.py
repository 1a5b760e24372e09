"""The code of the pages: Python runs, and shell lines are run or at least understood by our own parsers."""

import ast
import glob
import json
import re
from pathlib import Path

import pytest
from docs.pages import PAGES, REASONS, ROOT, SHELL, blocks
from tiny import forget_loggers

from basicts_elin import cli
from basicts_elin.zoo.registry import model_names

ALL = [block for page in PAGES for block in blocks(page)]
SHELLS = [block for block in ALL if block.language == SHELL]
PARSED = [block for block in SHELLS if block.reason]
# commands of others, which are not ours to check
OTHERS = {"cd", "cp", "curl", "export", "git", "pip", "pre-commit", "source", "uvicorn"}


def our_arguments(words):
    """The arguments of our command line in the words of a shell command; None if it is not ours."""
    if words[0] == "basicts-elin":
        return words[1:]
    script = next((word for word in words if word.startswith("experiments/")), None)
    if words[0] in ("python", "torchrun") and script:
        assert (ROOT / script).is_file(), script
        return [Path(script).stem, *words[words.index(script) + 1 :]]
    return None


def options_of(script):
    """Every option that a script, or a module beside it that it imports, declares for its parser."""
    nodes = list(ast.walk(ast.parse(script.read_text(encoding="utf-8"))))
    added = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "add_argument"]
    found = {argument.value for call in added for argument in call.args if isinstance(argument, ast.Constant)}
    imported = {node.module for node in nodes if isinstance(node, ast.ImportFrom)}
    beside = [path for path in script.parent.glob("*.py") if path.stem in imported]
    return found.union(*map(options_of, beside))


def check_other(words):
    """A shell command that is none of our command line."""
    program, *arguments = words
    if program == "make":
        targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
        assert {word for word in arguments if "=" not in word} <= targets
    elif words[:3] == ["python", "-m", "pytest"]:
        assert all((ROOT / word).exists() for word in words[3:] if not word.startswith("-"))
    elif words[:2] == ["python", "-c"]:
        ast.parse(arguments[1])
    elif program == "python":
        script = ROOT / arguments[0]
        if arguments[0] == "-m":
            script = ROOT / arguments[1].replace(".", "/") / "__main__.py"
            arguments = arguments[2:]
        assert script.is_file()
        assert {word for word in arguments if re.match(r"--?[a-z]", word)} <= options_of(script)
    else:
        assert program in OTHERS


@pytest.mark.parametrize("block", SHELLS, ids=str)
def test_shell_blocks_are_marked(block):
    assert block.mark in ("run", "scratch") or block.reason in REASONS


@pytest.mark.parametrize("block", [block for block in ALL if block.language != SHELL], ids=str)
def test_other_blocks_are_run_or_files_of_the_scratch_package(block):
    assert block.language in ("python", "toml", "bibtex", "")
    assert block.file if block.language == "toml" else not block.reason


@pytest.mark.parametrize("block", PARSED, ids=str)
def test_shell_lines_that_are_not_run_are_understood(block, monkeypatch, capsys):
    """Arguments are parsed, scripts exist, and every configuration that is named can be printed."""
    monkeypatch.chdir(ROOT)
    prepared = set()
    for words in block.commands:
        arguments = our_arguments(words)
        if arguments is None:
            check_other(words)
            continue
        parsed = cli._parser().parse_args(arguments)
        if parsed.verb == "prepare":
            prepared.add(parsed.name)
        elif parsed.verb == "train" and parsed.cfg.rpartition("/")[2] in prepared:
            # a dataset of the user's own, which is not here
            assert parsed.cfg.partition("/")[0].removesuffix("_small") in model_names()
        elif parsed.verb in ("train", "evaluate") and not parsed.legacy_root and "0.5" not in parsed.cfg:
            # the last --gpus counts, and there may be none here
            assert cli.main([*arguments, "--gpus", "cpu", "--print-config"]) == 0
        elif parsed.verb == "reproduce" and parsed.table != "table1" and not parsed.legacy_root:
            assert cli.main([*arguments, "--gpus", "cpu", "--dry-run"]) == 0
        capsys.readouterr()


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch, capsys):
    """Python and the shell lines marked "run", in their order, in one folder."""
    monkeypatch.chdir(tmp_path)
    names = {"__name__": "page"}
    for block in blocks(page):
        if block.language == "python" and not block.file:
            exec(compile("\n" * (block.line - 1) + block.text, str(page), "exec"), names)
        elif block.language == SHELL and block.mark == "run":
            for words in block.commands:
                arguments = [path for word in our_arguments(words) for path in sorted(glob.glob(word)) or [word]]
                forget_loggers()
                assert cli.main(arguments) == 0, capsys.readouterr().err
    forget_loggers()
    if page.name == "training.md":
        metrics = names["path"].with_name("test_metrics.json")
        assert names["mae"] == pytest.approx(json.loads(metrics.read_text())["overall"]["MAE"], rel=1e-5)


def test_a_shell_line_that_is_not_understood_fails(monkeypatch):
    for words in (["make", "everything"], ["python", "benchmarks/attention.py", "--no-such-option"], ["wget", "x"]):
        with pytest.raises(AssertionError):
            check_other(words)
    with pytest.raises(AssertionError):
        our_arguments(["python", "experiments/no_such_script.py"])
    with pytest.raises(SystemExit):
        cli._parser().parse_args(["train", "-c", "x", "--no-such-option"])
