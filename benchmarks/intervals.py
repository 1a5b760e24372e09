"""Coverage and width of intervals on the test part: static and adaptive, by run and level.

    python benchmarks/intervals.py checkpoints/STID/*/* --output results/intervals_cpu.csv --page docs/intervals.md
    python benchmarks/intervals.py --output results/intervals_cpu.csv --page docs/intervals.md

The first command measures the runs and writes the tables into the page; the second one only writes the tables. Rows of
other runs stay in the CSV. The datasets of the runs are expected in datasets/. Nothing is written into the runs.
"""

import argparse
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from result_rows import read_rows, run_facts

from basicts_elin.files import write_atomically
from basicts_elin.forecasting.forecaster import Forecaster
from basicts_elin.forecasting.intervals import Intervals
from basicts_elin.forecasting.intervals.adaptive import default_rate
from basicts_elin.forecasting.intervals.report import ADAPTIVE, STATIC, measure, worst_hour
from basicts_elin.forecasting.intervals.scales import SCALINGS
from basicts_elin.forecasting.windows import Windows
from basicts_elin.record import RECORD_FILE
from basicts_elin.results.run_reader import read_record
from basicts_elin.results.store import write_csv

KINDS = (STATIC, ADAPTIVE)
FIGURES = ("coverage", "width", "worst_tenth", "worst_hour", "interval_score")
COLUMNS = (
    "model", "dataset", "seed", "epochs", "every", "level", "scaling", "validation_windows", "test_windows", "sensors",
    *(f"width_{name}" for name in SCALINGS), *(f"score_{name}" for name in SCALINGS),
    "validation_coverage", "lowest_block", "highest_block",
    *(f"{kind}_{figure}" for kind in KINDS for figure in FIGURES),
    "rate", "mae", "crps", "fit_seconds", "test_seconds",
    "unit", "checkpoint_commit", "hardware", "torch", "commit",
)  # fmt: skip
# Which rows are of the same measurement.
IDENTITY = ("model", "dataset", "seed", "every", "level")


def rows_of(run: Path, levels: Sequence[float], every: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The rows of a run: its best checkpoint, with all test windows and with every k-th one."""
    forecaster = Forecaster.load(run)
    dataset, record = forecaster.dataset(), read_record(run)
    validation, test = (forecaster.part_windows(dataset, part) for part in ("val", "test"))
    started = time.perf_counter()
    intervals = Intervals.fit(validation, forecaster.facts.input_len)
    seconds = time.perf_counter() - started
    facts = {
        "model": forecaster.facts.model,
        "dataset": forecaster.facts.dataset,
        "seed": record.get("seed"),
        "epochs": record["epochs"][-1]["epoch"],
        "sensors": forecaster.facts.num_nodes,
        "unit": forecaster.facts.unit,
        "fit_seconds": round(seconds, 1),
        "checkpoint_commit": record.get("commit"),
        **run_facts("cpu"),
    }
    for step in every:
        windows = test.part(slice(None, None, step))
        yield from (facts | {"every": step} | row for row in measured(intervals, windows, levels, forecaster))


def measured(
    intervals: Intervals, windows: Windows, levels: Sequence[float], forecaster: Forecaster
) -> Iterator[dict[str, Any]]:
    """A row for each level."""
    started = time.perf_counter()
    found = measure(intervals, windows, levels, adaptive=True, clip=forecaster.clipped)
    seconds = time.perf_counter() - started
    for level, entry in found["levels"].items():
        blocks = entry["validation"]
        row = {
            "level": level,
            "scaling": found["scaling"],
            "validation_windows": found["validation_windows"],
            "test_windows": len(windows.rows),
            "rate": round(default_rate(windows.rows), 4),
            "mae": _rounded(found["mae"]),
            "crps": _rounded(found["crps"]),
            "test_seconds": round(seconds, 1),
        }
        for kind in ("width", "score"):
            row |= {f"{kind}_{name}": _rounded(value) for name, value in found[f"{kind}s"].get(level, {}).items()}
        if blocks:
            found_blocks = (np.mean(blocks), min(blocks), max(blocks))
            row |= zip(
                ("validation_coverage", "lowest_block", "highest_block"), map(_rounded, found_blocks), strict=True
            )
        for kind in KINDS:
            one, hour = entry[kind], worst_hour(entry[kind])
            values = {
                **one["overall"],
                "worst_tenth": one["worst_tenth"]["coverage"],
                "worst_hour": one["hours"][hour]["coverage"] if hour else None,
            }
            row |= {f"{kind}_{name}": _rounded(values[name]) for name in FIGURES}
        yield row


def coverage_table(rows: Sequence[dict[str, str]], every: str) -> str:
    """One line for each run and level: the level held on validation and test, the worst sensors, the width."""
    lines = [
        "| model, dataset | level | validation | static | worst tenth | width | adaptive | worst tenth | width |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row["every"] == every:
            span = (
                f"{float(row['lowest_block']):.1f} to {float(row['highest_block']):.1f}" if row["lowest_block"] else ""
            )
            figures = [
                _figure(row[f"{kind}_{name}"]) for kind in KINDS for name in ("coverage", "worst_tenth", "width")
            ]
            cells = [f"{row['model']}, {row['dataset']}", row["level"], span, *figures]
            lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def widths_table(rows: Sequence[dict[str, str]]) -> str:
    """One line for each run and level: mean width / mean interval score by each scaling, the chosen one in bold."""
    lines = [f"| model, dataset | level | {' | '.join(SCALINGS)} |", "|---" * (2 + len(SCALINGS)) + "|"]
    for row in rows:
        if row["every"] == "1":
            cells = {name: f"{_short(row[f'width_{name}'])} / {_short(row[f'score_{name}'])}" for name in SCALINGS}
            cells[row["scaling"]] = f"**{cells[row['scaling']]}**"
            lines.append(f"| {row['model']}, {row['dataset']} | {row['level']} | {' | '.join(cells.values())} |")
    return "\n".join(lines)


def scores_table(rows: Sequence[dict[str, str]]) -> str:
    """One line for each run and level: interval scores, worst hours, MAE and CRPS."""
    lines = [
        "| model, dataset | level | score static | adaptive | worst hour static | adaptive | MAE | CRPS |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        if row["every"] == "1":
            names = (*(f"{kind}_interval_score" for kind in KINDS), *(f"{kind}_worst_hour" for kind in KINDS))
            figures = [_figure(row[name]) for name in (*names, "mae", "crps")]
            lines.append(f"| {row['model']}, {row['dataset']} | {row['level']} | " + " | ".join(figures) + " |")
    return "\n".join(lines)


def with_tables(page: str, rows: Sequence[dict[str, str]]) -> str:
    """The page with its tables, each between `<!-- table: NAME -->` and `<!-- end -->`, made from the rows."""
    tables = {
        "coverage": coverage_table(rows, "1"),
        "hourly": coverage_table(rows, "12"),
        "widths": widths_table(rows),
        "scores": scores_table(rows),
    }
    for name, table in tables.items():
        pattern = rf"(<!-- table: {name} -->\n).*?(\n<!-- end -->)"
        page = re.sub(pattern, lambda match, table=table: match[1] + table + match[2], page, flags=re.DOTALL)
    return page


def _figure(text: str) -> str:
    return f"{float(text):.2f}" if text else ""


def _short(text: str) -> str:
    """Three digits or more."""
    return f"{float(text):#.3g}".rstrip(".") if text and float(text) < 1000 else text.partition(".")[0]


def _rounded(value: Optional[float]) -> Optional[float]:
    return None if value is None else round(float(value), 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=Path, metavar="RUN", help="folder of a run; none: only make the page")
    parser.add_argument("--level", nargs="+", type=float, default=[80, 90], help="in per cent (default: 80 90)")
    parser.add_argument("--every", nargs="+", type=int, default=[1, 12], help="rows between windows (default: 1 12)")
    parser.add_argument("--output", type=Path, metavar="CSV", required=True, help="where the rows are written")
    parser.add_argument("--page", type=Path, metavar="MD", help="page whose tables are made again")
    arguments = parser.parse_args()
    rows = read_rows(arguments.output) if arguments.output.is_file() else []
    for run in arguments.runs:
        if not (run / RECORD_FILE).is_file():
            parser.error(f"{run}: no folder of a run")
        for row in rows_of(run, arguments.level, arguments.every):
            same = [{name: str(row[name]) for name in IDENTITY}]
            rows = [old for old in rows if {name: str(old[name]) for name in IDENTITY} not in same] + [row]
            print({name: row.get(name) for name in (*IDENTITY, "scaling", *COLUMNS[25:38])}, flush=True)
        write_csv(arguments.output, rows, COLUMNS)
    if arguments.page:
        text = with_tables(arguments.page.read_text(encoding="utf-8"), read_rows(arguments.output))
        write_atomically(arguments.page, text.encode())


if __name__ == "__main__":
    main()
