"""Both models hold exactly the published parameters, and share them."""

import pytest
import torch
from models.small import MODELS, small_batch, small_model

KNOWN = {
    ("PEMS08", 170): 1_223_460,
    ("PEMS04", 307): 1_354_980,
    ("PEMS-BAY", 325): 1_372_260,
    ("PEMS03", 358): 1_403_940,
    ("PEMS07", 883): 1_907_940,
}
NAMES = list(MODELS)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dataset, parameters", KNOWN.items(), ids=str)
def test_counts(name, dataset, parameters):
    model, config = MODELS[name]
    with torch.device("meta"):
        built = model(config(input_len=12, output_len=12, num_features=dataset[1]))
    assert sum(p.numel() for p in built.parameters()) == parameters
    assert all(p.requires_grad for p in built.parameters())


@pytest.mark.parametrize("name", NAMES)
def test_no_buffers(name):
    model = small_model(name)
    assert list(model.buffers()) == []
    assert list(model.state_dict()) == [parameter for parameter, _ in model.named_parameters()]


@pytest.mark.parametrize("source, target", [NAMES, NAMES[::-1]])
def test_state_dict_moves(source, target):
    state = small_model(source, seed=1).state_dict()
    model = small_model(target, seed=2)
    model.load_state_dict(state, strict=True)
    moved = model.state_dict()
    assert list(moved) == list(state) and all(torch.equal(moved[name], state[name]) for name in state)
    # and back: the source computes what it did
    back = small_model(source, seed=3)
    back.load_state_dict(moved, strict=True)
    batch = small_batch()
    assert torch.equal(back(*batch), small_model(source, seed=1)(*batch))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("settings", [{}, {"num_layers": 2, "n_heads": 4}, {"dropout": 0.5}], ids=str)
def test_every_parameter_gets_a_gradient(name, settings):
    model = small_model(name, **settings)
    model(*small_batch()).square().sum().backward()
    for parameter, p in model.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        # a shift of all keys changes no attention
        assert parameter.endswith("k_proj.bias") or p.grad.abs().max() > 1e-8, parameter


@pytest.mark.parametrize("path", ["auto", "reference", "quadratic", "linear"])
@pytest.mark.parametrize("entropy", ["taylor", "taylor2", "gaussian", "exact"])
def test_every_path_and_estimator_reaches_every_parameter(entropy, path):
    model = small_model("ELinFormer", entropy=entropy, path=path)
    model(*small_batch()).square().sum().backward()
    for parameter, p in model.named_parameters():
        assert p.grad is not None and p.grad.isfinite().all(), parameter
        assert parameter.endswith("k_proj.bias") or p.grad.abs().max() > 1e-8, parameter


@pytest.mark.parametrize("name", NAMES)
def test_deterministic_under_a_seed(name):
    batch = small_batch()

    def train_step(seed):
        model = small_model(name, seed=seed, dropout=0.3)
        output = model(*batch)
        output.sum().backward()
        return [output.detach(), *(p.detach() for p in model.parameters()), *(p.grad for p in model.parameters())]

    one, same, other = train_step(7), train_step(7), train_step(8)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])
