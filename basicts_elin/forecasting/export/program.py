"""A forecaster's network as a graph of torch. B batch, L steps in, O steps ahead, N sensors."""

import contextlib
import logging
import re
import warnings
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.export import Dim, ExportedProgram

from ...errors import UserError
from ..facts import Facts
from ..network import ScaledNetwork
from .parity import OTHERWISE
from .windows import random_windows

INPUTS = ("inputs", "inputs_timestamps", "targets_timestamps")
OUTPUT = "forecast"
BATCH = "batch"
# a size that no model treats in a way of its own, as some do 1
_EXAMPLES = 2
_LONGEST_REASON = 300
_COLOUR = re.compile(r"\x1b\[\d*m")


def exported_program(network: ScaledNetwork, facts: Facts) -> ExportedProgram:
    """The graph of the network, for a batch of any size.

    Raises: UserError with torch's reason if torch cannot export the model.
    """
    examples = random_windows(network, facts, _EXAMPLES, seed=0)
    batch = Dim(BATCH, min=1)
    with refusing(facts), torch.no_grad():
        program = torch.export.export(network, examples, dynamic_shapes=tuple({0: batch} for _ in INPUTS))
        # the windows need not travel with the model
        program.example_inputs = None
    return program


def unused_inputs(program: ExportedProgram) -> set[str]:
    """The inputs whose values the forecast does not depend on; some of them give the number of windows."""
    sizes = torch.ops.aten.sym_size.int
    nodes = {node.name: node for node in program.graph.nodes if node.op == "placeholder"}
    return {name for name in INPUTS if all(user.target is sizes for user in nodes[name].users)}


def running_maximum(values: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """`torch.cummax` by maxima of pairs, in log2(size) steps; ONNX has no such operator. The indices are left at 0."""
    size, distance = values.shape[dim], 1
    while distance < size:
        first = values.narrow(dim, 0, distance)
        pairs = torch.maximum(values.narrow(dim, distance, size - distance), values.narrow(dim, 0, size - distance))
        values = torch.cat([first, pairs], dim)
        distance *= 2
    return values, torch.zeros_like(values, dtype=torch.int64)


@contextlib.contextmanager
def refusing(facts: Facts) -> Iterator[None]:
    """Turns what torch raises for a model that it cannot export into a UserError, and hides its notes."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except UserError as error:
        # torch has a class of this name too, which is none of ours
        raise error
    except Exception as error:
        found = f"cannot be exported: {reason(error)}"
        raise UserError(f"model {facts.model}", found, fix=OTHERWISE) from error
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def reason(error: BaseException) -> str:
    """What an error of torch says, in a line: the first sentences of what caused it."""
    while error.__cause__ is not None:
        error = error.__cause__
    lines = [line.strip() for line in _COLOUR.sub("", str(error)).splitlines()]
    text = " ".join(filter(None, _without_advice(lines))) or type(error).__name__
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 4].rpartition(" ")[0] + " ..."


def _without_advice(lines: Sequence[str]) -> Sequence[str]:
    """The lines before torch's advice on debugging."""
    for number, line in enumerate(lines):
        if number and line.startswith(("For more information", "The error above", "User code", "For C++", "While ")):
            return lines[:number]
    return lines
