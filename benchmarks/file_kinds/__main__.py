"""Prepares every kind of file in this folder, and writes the tables of the results.

python -m benchmarks.file_kinds --markdown docs/file-kinds.md
"""

import argparse
import tempfile
from pathlib import Path

from .kind import Kind, describe, kinds, outcome

ROOT = Path(__file__).resolve().parents[2]

PAGE = """# File kinds

What `prepare` makes of {count} kinds of file: it reads {taken}, and refuses {refused} with an error. The tables are
written by

<!-- not run: tests -->
```bash
python -m benchmarks.file_kinds --markdown docs/file-kinds.md
```

which makes each file and prepares it. Unless the row says otherwise, a file has 240 hourly rows of three sensors from
Monday, 2024-03-04, with 4 missing values; in the last table, four sensors and 5 missing values.

A result is rows × sensors, interval, first row, missing values, and the nonzero entries of the graph. For a file that
is refused, it is the error: the field, what was found, what was expected, and the fix.

{tables}"""


def page() -> str:
    groups: dict[str, list[str]] = {}
    for kind in kinds():
        groups.setdefault(kind.group, []).append(_row(kind))
    tables = [
        "\n".join([f"## {group}", "", "| file | options | result |", "|---|---|---|", *rows, ""])
        for group, rows in groups.items()
    ]
    refused = sum(bool(kind.refused) for kind in kinds())
    return PAGE.format(count=len(kinds()), taken=len(kinds()) - refused, refused=refused, tables="\n".join(tables))


def _row(kind: Kind) -> str:
    with tempfile.TemporaryDirectory() as folder:
        code, _, error = outcome(kind, Path(folder))
        result = error.removeprefix("error: ") if code else describe(Path(folder))
    options = f"`{' '.join(map(_quoted, kind.options))}`" if kind.options else ""
    cells = (kind.name, options, result)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _quoted(option: str) -> str:
    return f'"{option}"' if " " in option else option


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--markdown", type=Path, help="write the page here; otherwise it is printed")
    arguments = parser.parse_args()
    text = page()
    if arguments.markdown:
        arguments.markdown.write_text(text, encoding="utf-8")
    else:
        print(text)


if __name__ == "__main__":
    main()
