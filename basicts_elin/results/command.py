"""The command that prints the metrics of finished runs as a table."""

import argparse
from pathlib import Path

BY_MODEL = "model"


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument("runs", nargs="+", metavar="RUN", help="MODEL/DATASET for the newest run, or its folder")
    verb.add_argument("--by", choices=(BY_MODEL,), help="one row per model over its seeds: mean ± standard deviation")
    verb.add_argument("--naive", action="store_true", help="add the naive forecasts on the dataset of each run")
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="print a Markdown table")
    form.add_argument("--latex", action="store_true", help="print a LaTeX table for booktabs")
    verb.add_argument("-o", "--output", metavar="CSV", help="also write a CSV, one row per run, or per model with --by")


def report(arguments: argparse.Namespace) -> None:
    from ..data.dataset import DATASETS, open_dataset
    from ..zoo.run_name import named_run
    from .latex import latex_table
    from .report import deviation_line, mape_warnings, markdown_table, naive_results, text_table
    from .run_reader import read_runs
    from .store import check_replaced, write_results, write_summaries

    by_model = arguments.by == BY_MODEL
    if arguments.output:
        check_replaced(Path(arguments.output), by_model)
    results = read_runs([named_run(Path(folder)) for folder in arguments.runs])
    if arguments.naive:
        windows = {(result.dataset, result.input_len, result.output_len): result for result in results}
        datasets = {name: open_dataset(DATASETS / name) for name in {result.dataset for result in results}}
        results += [naive for like in windows.values() for naive in naive_results(like, datasets[like.dataset])]
    table = latex_table if arguments.latex else markdown_table if arguments.markdown else text_table
    lines = [table(results, by_model)]
    if by_model and not arguments.latex:
        # in Markdown a paragraph of its own
        lines += ["", deviation_line(results)] if deviation_line(results) else []
    lines += [f"% {line}" if arguments.latex else line for line in mape_warnings(results)]
    print("\n".join(lines))
    if arguments.output:
        write = write_summaries if by_model else write_results
        write(Path(arguments.output), results)
