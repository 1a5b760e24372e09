"""Citation, pre-commit and CI: they can be read, and say what the rest of the project says."""

import configparser
import re

import pytest
import yaml
from docs.pages import ROOT

from basicts_elin.version import __version__

CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
WORKFLOW = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8"))


def setup_cfg():
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", encoding="utf-8")
    return parser


def test_the_citation_is_that_of_the_readme():
    cited = CITATION["preferred-citation"]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"{{{cited['title']}}}" in readme
    names = [f"{author['family-names']}, {author['given-names']}" for author in cited["authors"]]
    assert f"{{{' and '.join(names)}}}" in readme
    assert (str(CITATION["version"]), CITATION["license"]) == (__version__, setup_cfg()["metadata"]["license"])


def test_the_citation_has_what_its_format_requires():
    assert {"cff-version", "message", "title", "authors"} <= CITATION.keys()
    for work in (CITATION["preferred-citation"], *CITATION["references"]):
        assert {"type", "title", "authors"} <= work.keys()
        assert all(author.keys() in ({"name"}, {"family-names", "given-names"}) for author in work["authors"])


def test_inline_attention_is_cited():
    assert "https://arxiv.org/abs/2412.06590" in [work.get("url") for work in CITATION["references"]]


def test_hooks_are_those_of_make_lint():
    found = {hook["id"] for repository in HOOKS["repos"] for hook in repository["hooks"]}
    assert {"ruff-check", "ruff-format"} <= found
    lint = re.search(r"^lint:.*\n((?:\t.+\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)[1]
    assert [line.split("/")[-1] for line in lint.splitlines()] == ["ruff check .", "ruff format --check .", "mypy"]


def test_the_workflow_runs_the_tests_of_ci_on_every_python_that_is_supported():
    jobs = WORKFLOW["jobs"]
    classifiers = re.findall(r"Python :: (3\.\d+)$", setup_cfg()["metadata"]["classifiers"], re.MULTILINE)
    assert jobs["test"]["strategy"]["matrix"]["python"] == classifiers == ["3.10", "3.11", "3.12", "3.13"]
    assert any(step.get("run", "").endswith(".ci/run") for step in jobs["test"]["steps"])
    assert "make lint" in (ROOT / ".ci" / "run").read_text()
    assert (ROOT / ".ci" / "run").read_text().splitlines()[-1] == "make test"


@pytest.mark.parametrize("name", ["README.md", "LICENSE", "CHANGELOG.md"])
def test_what_setup_cfg_and_others_name_exists(name):
    assert (ROOT / name).is_file()


def test_every_file_that_is_no_module_is_in_the_package():
    patterns = setup_cfg()["options.package_data"]["basicts_elin"].split()
    assert "py.typed" in patterns
    package = ROOT / "basicts_elin"
    packed = {file for pattern in patterns for file in package.glob(pattern)}
    files = {file for file in package.rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    assert {file for file in files if file.suffix != ".py"} == packed
