"""Reference vectors in float64, made independently of the package; see select_vectors.py."""

from pathlib import Path

import numpy as np
import torch

CASES = [f"{size}_{sharpness}" for size in ("tiny", "short", "mid", "long") for sharpness in ("mild", "sharp")]


def read_vectors(case):
    """Tensors of a case by name: query, key, value [B, N, d], softmax, entropy_softmax, and out_, theta_, deficit_
    followed by an estimator."""
    with np.load(Path(__file__).with_name("attention_vectors.npz")) as file:
        return {name.partition("/")[2]: torch.from_numpy(file[name]) for name in file.files if name.startswith(case)}
