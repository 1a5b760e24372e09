"""Links between the pages lead somewhere, and every page is reached from the README."""

import pytest
from docs.pages import PAGES, ROOT, anchors, links, prose

IDS = [str(page.relative_to(ROOT)) for page in PAGES]


def internal(page):
    """(file, anchor) of each link within the repository."""
    for target in links(page):
        if not target.startswith(("https://", "http://")):
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_links_lead_to_files_and_headings(page):
    missing = [file for file, _ in internal(page) if not file.exists()]
    assert not missing
    wrong = [(file, anchor) for file, anchor in internal(page) if anchor and anchor not in anchors(file)]
    assert not wrong
    outside = [file for file, _ in internal(page) if not file.is_relative_to(ROOT)]
    assert not outside


def test_every_page_is_reached_from_the_readme():
    reached, waiting = set(), [ROOT / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached:
            reached.add(page)
            waiting += [file for file, _ in internal(page) if file.suffix == ".md"]
    assert set(PAGES) <= reached


def test_the_readme_is_one_screen():
    assert len((ROOT / "README.md").read_bytes()) <= 6000


@pytest.mark.parametrize("page", PAGES, ids=IDS)
def test_code_is_fenced(page):
    """So that the tests of the snippets see it."""
    indented = [line for line in prose(page).splitlines() if line.startswith("    ")]
    assert not [line for line in indented if line.split()[:1] in (["python"], ["basicts-elin"], ["make"], ["import"])]
