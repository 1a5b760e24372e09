"""Pages and pictures of a table, made from its CSV."""

import argparse
import os
import shlex
from collections.abc import Sequence
from pathlib import Path

from ..data.catalog import how_to_get
from ..data.dataset import DATASETS, find_dataset
from ..results import table1 as datasets_table
from ..results.markdown import page
from ..results.pictures.results import by_method, by_model, draw_pictures
from ..results.schema import Result
from ..results.store import read_csv, write_csv
from .plan import DATASETS_TABLE, TABLES

PAGES = Path("docs", "tables")
TITLES = {
    "table2": "Table 2: STAEformer and ELinFormer",
    "table3": "Table 3: the models",
    "attention": "Attention methods",
    "ablation": "What each part contributes",
}


def render(arguments: argparse.Namespace, output: Path, results: Sequence[Result]) -> None:
    """Write the page and the pictures of the results in the CSV `output`."""
    file = arguments.pages / f"{output.stem}.md"
    view = by_method if arguments.table == "attention" else by_model
    pictures = [path.name for path in draw_pictures(arguments.pages, output.stem, results, view)]
    title, source = TITLES[arguments.table], _relative(output, file)
    _write(file, page(arguments.table, title, results, source, _command(arguments, output), pictures))


def describe_datasets(arguments: argparse.Namespace) -> None:
    """Collect the facts of the prepared datasets in a CSV, and write their page. The arguments choose these steps."""
    output = arguments.output or Path("results", f"{TABLES[DATASETS_TABLE].stem}.csv")
    names = arguments.datasets or TABLES[DATASETS_TABLE].datasets
    facts = {row["dataset"]: row for row in read_csv(output, datasets_table.COLUMNS)}
    if not arguments.render:
        facts |= _prepared(names, arguments.dry_run)
    if arguments.dry_run:
        return
    write_csv(output, [*facts.values()], datasets_table.COLUMNS)
    file = arguments.pages / f"{output.stem}.md"
    _write(file, datasets_table.page([*facts.values()], _relative(output, file), _command(arguments, output)))


def _prepared(names: Sequence[str], only_say: bool) -> dict[str, dict[str, str]]:
    """The facts of the datasets that are prepared. Prints how to get the others."""
    found = {}
    for name in names:
        row = datasets_table.dataset_row(name, DATASETS)
        if row is None:
            find_dataset(name)
            print(f"not prepared: {name}; {how_to_get(name)}")
        elif only_say:
            print(f"prepared: {name}")
        else:
            found[name] = row
    return found


def _command(arguments: argparse.Namespace, output: Path) -> str:
    """The command that makes the page of the CSV."""
    command = ["python", "experiments/reproduce.py", arguments.table, "--render", "--output", output.as_posix()]
    return shlex.join(command + (["--pages", arguments.pages.as_posix()] if arguments.pages != PAGES else []))


def _relative(output: Path, page_file: Path) -> str:
    return Path(os.path.relpath(output, page_file.parent)).as_posix()


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    print(f"written: {file}")
