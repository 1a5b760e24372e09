"""docs/basicts-defects.md against the code that cites it, and the tests that it names."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "basicts-defects.md").read_text(encoding="utf-8")
SECTIONS = {int(number): text for number, text in re.findall(r"^## (\d+)\. (.*?)(?=^## |\Z)", PAGE, re.M | re.S)}
CITATION = re.compile(r"\bdefects? (\d+)(?: and (\d+))?")


def cited(text):
    return {int(number) for pair in CITATION.findall(text) for number in pair if number}


CITED = {file: cited(file.read_text(encoding="utf-8")) for file in (ROOT / "basicts_elin").rglob("*.py")}


def test_the_numbers_are_without_gaps():
    assert list(SECTIONS) == list(range(1, len(SECTIONS) + 1))


def test_every_number_that_is_cited_is_on_the_page_and_vice_versa():
    assert set().union(*CITED.values()) == set(SECTIONS)


def test_every_citation_has_a_number():
    for file in CITED:
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"\bDefects?:|Remedy \(", text), file


def test_every_remedy_cites_its_number():
    for number, text in SECTIONS.items():
        remedy = text.partition("- Remedy:")[2].partition("- Test:")[0]
        files = re.findall(r"`(basicts_elin/[\w/]+\.py)`", remedy)
        assert files, number
        for file in files:
            assert number in CITED[ROOT / file], (number, file)
            # what is named there is defined there
        names = [name.rpartition(".")[2] for name in re.findall(r"`(\w+(?:\.\w+)?)`", remedy)]
        sources = "".join((ROOT / file).read_text(encoding="utf-8") for file in files)
        assert all(re.search(rf"(def|class) {name}\b|^{name} =", sources, re.M) for name in names), (number, names)


def test_every_section_names_its_test():
    tests = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "tests").rglob("test_*.py"))
    for number, text in SECTIONS.items():
        named = re.findall(r"`(test_\w+)`", text.partition("- Test:")[2])
        assert named, number
        assert all(f"def {name}(" in tests for name in named), (number, named)


def test_the_overview_lists_every_defect_once():
    rows = re.findall(r"^\| [a-z ]+ \| ([\d, ]+) \|$", PAGE, re.M)
    assert sorted(int(number) for row in rows for number in row.split(", ")) == list(SECTIONS)
