"""The command that writes a trained model as one file for other systems."""

import argparse
import re
from pathlib import Path

from ..command import RUN

# the formats, without importing torch
CHOICES = {"onnx": ".onnx", "torch": ".pt2"}


def add_arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "folder",
        metavar="RUN",
        type=Path,
        help=RUN,
    )
    file_format = "onnx: for onnxruntime and other engines; torch: for torch.export.load"
    verb.add_argument("--format", choices=tuple(CHOICES), required=True, help=file_format)
    verb.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: MODEL_DATASET.onnx or .pt2")
    verb.add_argument("--force", action="store_true", help="replace an existing file that is not an export")


def export(arguments: argparse.Namespace) -> None:
    from ...zoo.run_name import named_run
    from ..forecaster import Forecaster
    from .exporting import export_forecaster

    forecaster = Forecaster.load(named_run(arguments.folder))
    facts = forecaster.facts
    path = arguments.output or Path(
        re.sub(r"[^\w.-]", "_", f"{facts.model}_{facts.dataset}{CHOICES[arguments.format]}")
    )
    print(f"{facts.model}, trained on {facts.dataset}", flush=True)
    print("\n".join(export_forecaster(forecaster, path, arguments.format, force=arguments.force).lines))
