"""What the pages consist of: fenced blocks with their marks, shell commands, headings and links.

Every block of shell lines carries a mark, an HTML comment on the line above it:

    <!-- run -->            its lines are run, in the order of the page, in one folder for the page
    <!-- scratch -->        they are run with the files of the page as a package outside the repository
    <!-- not run: WHY -->   they are parsed; WHY is one of `REASONS`

Blocks of Python are run too, in that order, unless they are a file of the scratch package: <!-- file: PATH -->.
"""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    ROOT / "results" / "README.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
SHELL = "bash"
REASONS = {"checkout", "checkpoint", "download", "GPU", "hours", "installation", "tests"}

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_MARK = re.compile(r"<!-- ([^>]+) -->\n$")
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the mark above it ("" = none), its text, and the line it begins at."""

    page: Path
    language: str
    mark: str
    text: str
    line: int

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def reason(self) -> str:
        """Why the block is not run; "" if it is."""
        return self.mark.removeprefix("not run: ") if self.mark.startswith("not run: ") else ""

    @property
    def file(self) -> str:
        """The file of the scratch package that the block is; "" if it is none."""
        return self.mark.removeprefix("file: ") if self.mark.startswith("file: ") else ""

    @property
    def commands(self) -> list[list[str]]:
        """The words of each shell command, without comments and assignments of environment variables."""
        lines = self.text.replace("\\\n", " ").splitlines()
        commands = [part for line in lines for part in _split(shlex.split(line, comments=True))]
        return [words for words in commands if words]


def _split(words: list[str]) -> list[list[str]]:
    """The commands of a line, which && joins."""
    commands: list[list[str]] = [[]]
    for word in words:
        if word == "&&":
            commands.append([])
        elif commands[-1] or not re.match(r"[A-Z_]+=", word):
            commands[-1].append(word)
    return commands


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        mark = _MARK.search(text[: match.start()])
        line = text[: match.start()].count("\n") + 2
        found.append(Block(page, match[1], mark[1] if mark else "", match[2], line))
    return found


def prose(page: Path) -> str:
    """The page without its fenced blocks."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page: Path) -> set[str]:
    """The anchors of the headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: Path) -> list[str]:
    """The targets of the links and pictures."""
    return _LINK.findall(re.sub(r"`[^`\n]*`", "", prose(page)))
