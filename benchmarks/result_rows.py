"""Rows of measurements: on the screen with their ratios, and as CSV with what they were made with."""

import csv
from collections.abc import Sequence
from pathlib import Path

from basicts_elin.record import environment
from basicts_elin.results.store import write_csv

FACTS = ("hardware", "torch", "commit")


def run_facts(device: str) -> dict[str, str]:
    facts = environment(on_gpu=device == "cuda")
    return {"hardware": facts["hardware"], "torch": facts["versions"]["torch"], "commit": facts["commit"]}


def write_rows(path: Path, rows: Sequence[dict], facts: dict[str, str]) -> None:
    columns = list(dict.fromkeys(name for row in rows for name in row))
    write_csv(path, [{**row, **facts} for row in rows], [*columns, *FACTS])


def print_ratios(rows: Sequence[dict], references: Sequence[str]) -> None:
    """The rows of one size, each with its time and its saved bytes as parts of those it is compared with."""
    by_name = {row["variant"]: row for row in rows}
    references = [name for name in references if name in by_name]
    first = rows[0]
    print(f"\n{first['tokens']} tokens, batch {first['batch']}, {first['precision']}")
    titles = " ".join(f"{'/ ' + name.rpartition(', ')[2]:>17}" for name in references)
    print(f"{'variant':<26} {'ms':>9} {titles}  saved MiB {'/ ' + references[0] if references else '':>17}  peak MiB")
    for row in rows:
        times = " ".join(f"{row['milliseconds'] / by_name[name]['milliseconds']:>17.3f}" for name in references)
        saved = f"{row['saved_mib'] / by_name[references[0]]['saved_mib']:>17.3f}" if references else ""
        peak = row.get("peak_mib", "")
        line = f"{row['variant']:<26} {row['milliseconds']:>9.1f} {times} {row['saved_mib']:>10.1f} {saved} {peak:>9}"
        print(line, flush=True)


def scaling(rows: Sequence[dict], fewer: int, more: int) -> str:
    """How time and saved bytes of each variant grow with the tokens at batch 1, against the tokens' own growth."""
    found = {(row["tokens"], row["variant"]): row for row in rows if row["batch"] == 1}
    if not {fewer, more} <= {tokens for tokens, _ in found}:
        return ""
    lines = [f"\nfrom {fewer} to {more} tokens, batch 1 (tokens: {more / fewer:.2f} times)"]
    for tokens, variant in found:
        if tokens == more and (fewer, variant) in found:
            one, other = found[fewer, variant], found[more, variant]
            time, saved = (other[name] / one[name] for name in ("milliseconds", "saved_mib"))
            parts = (f"{name} {growth:6.2f} ({growth * fewer / more:.2f})" for name, growth in
                     (("time", time), ("saved", saved)))  # fmt: skip
            lines.append(f"{variant:<22} {'  '.join(parts)}")
    return "\n".join(lines)


def markdown(rows: Sequence[dict]) -> str:
    """One line per variant, one column per size: "milliseconds / MiB kept for the gradients"."""
    sizes = list(dict.fromkeys((row["tokens"], row["batch"]) for row in rows))
    titles = " | ".join(f"{tokens} × {batch}" for tokens, batch in sizes)
    lines = [f"| | {titles} |", "|---" * (len(sizes) + 1) + "|"]
    for variant in dict.fromkeys(row["variant"] for row in rows):
        own = {(row["tokens"], row["batch"]): row for row in rows if row["variant"] == variant}
        cells = [
            f"{float(own[size]['milliseconds']):.0f} / {float(own[size]['saved_mib']):.0f}" if size in own else ""
            for size in sizes
        ]
        lines.append(f"| {variant} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
