"""PDFormer computes what the public model does. It runs only with what it takes from the graph and the data."""

import copy

import numpy as np
import pytest
import torch
from models.pdformer_vectors import (
    MINIATURE,
    config_of,
    first_attention,
    own_inputs,
    own_parameters,
    public_model,
    relations,
)
from models.small import small_batch

from basicts_elin import PDFormer, PDFormerConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
NODES, STEPS = 5, 12
SIZES = {
    "input_len": STEPS,
    "output_len": STEPS,
    "num_features": NODES,
    "hidden_size": 16,
    "intermediate_size": 8,
    "skip_size": 8,
    "num_layers": 2,
    "num_laplacian": 3,
    "num_patterns": 4,
}
BUFFERS = ["geographic_mask", "semantic_mask", "pattern_keys", "laplacian_codes"]


def small_relations(seed=0):
    generator = torch.Generator().manual_seed(seed)
    chain = (torch.arange(NODES)[:, None] - torch.arange(NODES)).abs()
    return {
        "geographic_mask": chain > 1,
        "semantic_mask": chain % 2 == 1,
        "pattern_keys": torch.randn(4, 3, generator=generator),
        "laplacian_codes": torch.randn(NODES, 3, generator=generator),
    }


def small_pdformer(seed=0, **settings):
    """With its buffers, float64, without stochastic depth."""
    torch.manual_seed(seed)
    model = PDFormer(PDFormerConfig(**{**SIZES, "drop_path": 0.0, **settings})).double()
    model.load_state_dict(small_relations(), strict=False)
    return model


def test_outputs_and_gradients_of_the_public_model(pdformer_vectors):
    model = public_model(pdformer_vectors)
    values, timestamps = own_inputs(pdformer_vectors["inputs"])
    values.requires_grad_()
    outputs = model(values, timestamps)
    torch.testing.assert_close(outputs, torch.from_numpy(pdformer_vectors["outputs"][..., 0]), **CLOSE)
    outputs.square().sum().backward()
    torch.testing.assert_close(values.grad, torch.from_numpy(pdformer_vectors["grad/inputs"][..., 0]), **CLOSE)
    gradients = {name: parameter.grad for name, parameter in model.named_parameters()}
    expected = own_parameters(pdformer_vectors, "grad/")
    assert gradients.keys() == expected.keys()
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, expected[name], **CLOSE, msg=name)


def test_the_first_attention_of_the_public_model():
    """From the inputs to what the first layer's attention adds: a part of the vectors that everybody has."""
    with np.load(MINIATURE) as found:
        found = dict(found)
    model = PDFormer(config_of(found)).double().eval()
    left = model.load_state_dict({**own_parameters(found, "state/"), **relations(found)}, strict=False)
    assert not left.unexpected_keys
    attended = first_attention(model, *own_inputs(found["inputs"]))
    torch.testing.assert_close(attended[..., ::4], torch.from_numpy(found["attended"]), **CLOSE)
    attended.square().sum().backward()
    gradients = dict(model.layers[0].attention.named_parameters())
    names = [name for name in found if name.startswith("attended_grad/")]
    assert len(names) == 4
    for name in names:
        expected = torch.from_numpy(found[name])
        torch.testing.assert_close(gradients[name.removeprefix("attended_grad/")].grad, expected, **CLOSE, msg=name)


@pytest.mark.parametrize("nodes", [170, 883])
def test_parameters_of_the_published_size(nodes):
    with torch.device("meta"):
        model = PDFormer(PDFormerConfig(input_len=12, output_len=12, num_features=nodes))
    assert sum(parameter.numel() for parameter in model.parameters()) == 531_165
    assert [name for name, _ in model.named_buffers() if name in model.state_dict()] == BUFFERS


def test_a_model_with_empty_buffers_does_not_run():
    model = PDFormer(PDFormerConfig(**SIZES))
    assert not model.has_relations
    for part in (["geographic_mask", "semantic_mask"], ["pattern_keys"]):
        model.load_state_dict({name: small_relations()[name] for name in part}, strict=False)
        with pytest.raises(ValueError, match="^buffers: .* not filled; .*preparation or a checkpoint"):
            model(*small_batch(dtype=torch.float32))
    model.load_state_dict({"laplacian_codes": small_relations()["laplacian_codes"]}, strict=False)
    assert model(*small_batch(dtype=torch.float32)).shape == (3, STEPS, NODES)


def test_the_buffers_travel_with_the_parameters():
    model = small_pdformer().eval()
    other = PDFormer(PDFormerConfig(**SIZES)).double().eval()
    other.load_state_dict(model.state_dict())
    assert torch.equal(other(*small_batch()), model(*small_batch()))
    assert torch.equal(copy.deepcopy(model)(*small_batch()), model(*small_batch()))
    # an empty model's state is empty, too
    model.load_state_dict(PDFormer(PDFormerConfig(**SIZES)).state_dict())
    assert not model.has_relations


@pytest.mark.parametrize("batch_size, steps, horizon", [(1, 12, 12), (2, 24, 6), (3, 2, 3)])
def test_shapes(batch_size, steps, horizon):
    model = small_pdformer(input_len=steps, output_len=horizon)
    assert model(*small_batch(batch_size, steps)).shape == (batch_size, horizon, NODES)


def test_unfit_inputs():
    model = small_pdformer()
    values, timestamps = small_batch()
    with pytest.raises(ValueError, match=r"^inputs: shape \[3, 12, 7\]; .*num_features=5"):
        model(torch.zeros(3, 12, 7).double(), timestamps)
    with pytest.raises(ValueError, match=r"^inputs_timestamps: shape \[3, 12, 1\]; "):
        model(values, timestamps[..., :1])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("num_layers", 0),
        ("hidden_size", 12),
        ("hidden_size", "64"),
        ("n_semantic_heads", 0),
        ("drop_path", 1.0),
        # without a neighbor, attention is NaN
        ("max_hops", 0),
        ("num_semantic", 0),
        ("pattern_days", 0),
    ],  # fmt: skip
)
def test_unfit_sizes(field, value):
    with pytest.raises(ValueError, match=f"^{field}: {value!r}"):
        PDFormer(PDFormerConfig(**{**SIZES, field: value}))


@pytest.mark.parametrize("minutes", [1, 5, 60])
def test_times_are_minutes_whatever_the_interval(minutes):
    model = small_pdformer().eval()
    values, timestamps = small_batch(1)
    rows = model.embedding.time_in_day_emb.weight
    for slot in (0, 1, 1440 // minutes - 1):
        timestamps[..., 0] = torch.tensor(slot * minutes / 1440, dtype=torch.float32).double()
        rows.grad = None
        model(values, timestamps).sum().backward()
        assert rows.grad.abs().sum(dim=1).nonzero().flatten().tolist() == [slot * minutes]


def test_only_neighbours_are_attended_to():
    """Without other ways from node to node, an output depends on the neighbours of neighbours for two layers."""
    model = small_pdformer().eval()
    chain = (torch.arange(NODES)[:, None] - torch.arange(NODES)).abs()
    model.load_state_dict({"semantic_mask": chain > 0}, strict=False)
    values, timestamps = small_batch(1)
    values.requires_grad_()
    for node in range(NODES):
        (gradient,) = torch.autograd.grad(model(values, timestamps)[0, :, node].sum(), values)
        assert torch.equal(gradient[0].abs().sum(dim=0) > 0, chain[node] <= 2)


def test_the_codes_have_a_sign_by_chance_in_training_alone():
    model = small_pdformer()
    batch = small_batch()
    flips = set()
    for seed in range(20):
        torch.manual_seed(seed)
        codes = model._laplacian_codes()
        signs = codes / model.laplacian_codes
        assert torch.equal(signs, signs[:1].expand_as(signs)) and torch.equal(signs.abs(), torch.ones_like(signs))
        flips.add(tuple(signs[0].tolist()))
    assert len(flips) == 8
    assert not torch.equal(model(*batch), model(*batch)) or not torch.equal(model(*batch), model(*batch))
    model.eval()
    assert torch.equal(model(*batch), model(*batch))


def test_stochastic_depth_rises_over_the_layers():
    model = small_pdformer(num_layers=4, drop_path=0.3)
    assert [layer.drop_path.rate for layer in model.layers] == pytest.approx([0, 0.1, 0.2, 0.3])
    torch.manual_seed(0)
    last = model.layers[-1].drop_path
    branch = last(torch.ones(5000, 2, 3))
    kept = branch[:, 0, 0] > 0
    # whole samples, with the same mean
    assert torch.equal(branch, kept[:, None, None] * torch.ones(1, 2, 3) / 0.7)
    assert kept.float().mean().item() == pytest.approx(0.7, abs=0.03)
    assert torch.equal(last.eval()(branch), branch)


def test_every_parameter_gets_a_gradient():
    model = small_pdformer()
    model(*small_batch()).square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        # a shift of all keys changes no attention
        assert name.endswith(("k_proj.bias", "delays.v_proj.bias")) or parameter.grad.abs().max() > 1e-9, name


def test_deterministic_under_a_seed():
    def step(seed):
        model = small_pdformer(seed, drop_path=0.5)
        output = model(*small_batch())
        output.sum().backward()
        return [output.detach(), *(parameter.grad for parameter in model.parameters())]

    one, same, other = step(7), step(7), step(8)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not torch.equal(one[0], other[0])
