"""The public STLAformer's numbers: from the developers' folder, and the committed miniature cut from them."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from basicts_elin import STLAformer, STLAformerConfig
from basicts_elin.zoo.weights.stlaformer import published_name

VARIABLE = "STLAFORMER_VECTORS"
MINIATURE = Path(__file__).with_name("stlaformer_miniature.npz")
# of the vectors: 9 nodes, 50 slots of the week, here as those of one day
SIZES = {
    "input_len": 12,
    "output_len": 12,
    "num_features": 9,
    "num_time_in_day": 50,
    "num_day_in_week": 1,
    "hidden_size": 16,
    "intermediate_size": 24,
    "n_heads": 4,
    "num_layers": 2,
}


def public_miniature(tensors):
    """Our model with the published tensors (a mapping by their names), float64, in evaluation."""
    model = STLAformer(STLAformerConfig(**SIZES)).double().eval()
    state = {name: torch.as_tensor(tensors[published_name(name)]).double() for name in model.state_dict()}
    model.load_state_dict(state, strict=True)
    return model


def own_timestamps(fractions):
    """BasicTS's timestamps [B, T, 2] for fractions of the week [B, T]: those of the day, in a week of one day."""
    fractions = torch.as_tensor(fractions)
    return torch.stack([fractions, torch.zeros_like(fractions)], dim=-1)


def moments(gradient):
    """What the miniature keeps of a gradient: its sum and its sum of squares. float64 [2]."""
    return np.array([gradient.sum(), (gradient**2).sum()])


def unpacked_state():
    """The published tensors of the miniature, by their names."""
    with np.load(MINIATURE) as found:
        flat, first, tensors = found["state"], 0, {}
    for name, tensor in STLAformer(STLAformerConfig(**SIZES)).state_dict().items():
        tensors[published_name(name)] = flat[first : first + tensor.numel()].reshape(tensor.shape)
        first += tensor.numel()
    assert first == len(flat)
    return tensors


@pytest.fixture(scope="module")
def vectors(request):
    """From the file that the variable names, else from the developers' folder."""
    path = os.environ.get(VARIABLE) or request.getfixturevalue("shared") / "reference" / "stlaformer_vectors.npz"
    if not Path(path).is_file():
        pytest.skip(f"needs the public model's vectors, {path}")
    with np.load(path) as found:
        return dict(found)


@pytest.fixture(scope="module")
def pems08(shared):
    """The published weights of PEMS08, with four windows and their forecasts."""
    return shared / "reference" / "stlaformer_pems08.npz"
