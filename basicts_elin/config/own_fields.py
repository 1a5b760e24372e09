"""The fields of a run that this package adds to BasicTS's. A run that does not set them keeps the hash of BasicTS's."""

import math
from collections.abc import MutableMapping
from typing import Any

# The number formats of matrix products during training. Weights, loss and evaluation are always float32.
PRECISIONS = ("fp32", "tf32", "bf16")

# What a model sees in place of a missing input, see `training.protocol.missing_inputs`.
MISSING_INPUTS = ("zero", "mean", "last")

# `accumulate`: batches per optimizer step, see `training.runner.accumulation`.
OWN_FIELDS = ("precision", "missing_inputs", "init_from", "accumulate")


def missing_inputs_of(config: MutableMapping[str, Any]) -> str:
    """The rule for missing inputs: by default the benchmark's where a number marks them, the mean where NaN does."""
    return config.get("missing_inputs") or ("mean" if math.isnan(config["null_val"]) else "zero")


def remove_defaults(fields: MutableMapping[str, Any]) -> None:
    """Remove the fields of ours that say what holds without them, so that the hash does not depend on saying it."""
    default = missing_inputs_of({"null_val": fields["null_val"]})
    defaults = {"precision": "fp32", "missing_inputs": default, "init_from": None, "accumulate": 1}
    for name, same in defaults.items():
        if name in fields and fields[name] in (None, same):
            del fields[name]
