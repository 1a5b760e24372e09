"""STLAformer computes what the public model does, and says what it cannot be built with."""

import numpy as np
import pytest
import torch
from models.stlaformer_vectors import (  # noqa: F401  two fixtures
    MINIATURE,
    SIZES,
    moments,
    own_timestamps,
    pems08,
    public_miniature,
    published_name,
    unpacked_state,
    vectors,
)

from basicts_elin import STLAformer, STLAformerConfig

CLOSE = {"rtol": 1e-10, "atol": 1e-10}
# rows of the embedding that the published weights were trained with one too low
LOW = [255, 509, 510, 511, *range(1017, 1024)]


def built(**settings):
    torch.manual_seed(0)
    return STLAformer(STLAformerConfig(**{**SIZES, "num_time_in_day": 288, "num_day_in_week": 7, **settings}))


def timestamps(slots):
    return torch.stack([slots % 288 / 288, slots // 288 / 7], dim=-1)


def test_outputs_and_gradients_of_the_public_model(vectors):  # noqa: F811
    state = {name.removeprefix("state/"): array for name, array in vectors.items() if name.startswith("state/")}
    model, inputs = public_miniature(state), torch.from_numpy(vectors["inputs"])
    outputs = model(inputs[..., 0], own_timestamps(inputs[:, :, 0, 1]))
    torch.testing.assert_close(outputs, torch.from_numpy(vectors["outputs"][..., 0]), **CLOSE)
    outputs.square().sum().backward()
    for name, parameter in model.named_parameters():
        expected = torch.from_numpy(vectors[f"grad/{published_name(name)}"])
        torch.testing.assert_close(parameter.grad, expected, **CLOSE, msg=name)


def test_codes_are_those_of_the_published_tables(vectors):  # noqa: F811
    model = built(num_features=1000, input_len=96)
    for table, codes in (("node", model.node_codes), ("time", model.step_codes)):
        published = torch.from_numpy(vectors[f"state/{table}_position_encoding.pe"][0]).float()
        assert torch.equal(codes, published)


def test_outputs_and_gradients_of_the_miniature():
    model = public_miniature(unpacked_state())
    with np.load(MINIATURE) as found:
        outputs = model(torch.from_numpy(found["values"]), own_timestamps(found["fractions"]))
        torch.testing.assert_close(outputs, torch.from_numpy(found["outputs"]), **CLOSE)
        outputs.square().sum().backward()
        for parameter, expected in zip(model.parameters(), found["gradients"], strict=True):
            np.testing.assert_allclose(moments(parameter.grad.numpy()), expected, rtol=1e-9, atol=1e-9)


def test_forecasts_of_the_published_weights(pems08):  # noqa: F811
    with np.load(pems08) as found:
        model = STLAformer(
            STLAformerConfig(input_len=12, output_len=12, num_features=170, slot_rule="float32", dropout=0.0)
        )
        names = {name: f"state/{published_name(name)}" for name in model.state_dict()}
        model.load_state_dict({name: torch.from_numpy(found[other]) for name, other in names.items()})
        inputs, (mean, deviation) = torch.from_numpy(found["inputs"]), found["mean_std"]
        slots = torch.from_numpy(found["starts"])[:, None] + 10713 + torch.arange(12)
        expected = torch.from_numpy(found["outputs"])
    with torch.no_grad():
        outputs = model.eval()(inputs[..., 0], timestamps(slots % 2016)) * deviation + mean
    # vehicles, up to 800
    torch.testing.assert_close(outputs.float(), expected, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(("nodes", "parameters"), [(170, 605038), (883, 605038), (8600, 605038)])
def test_nothing_is_learned_per_node(nodes, parameters):
    with torch.device("meta"):
        model = STLAformer(STLAformerConfig(input_len=12, output_len=12, num_features=nodes))
    assert sum(parameter.numel() for parameter in model.parameters()) == parameters
    assert len(list(model.state_dict())) == len(list(model.parameters()))


def test_rows_of_the_embedding():
    exact, published = built().rows, built(slot_rule="float32").rows
    assert torch.equal(exact, torch.arange(2016))
    assert (exact - published).nonzero().flatten().tolist() == LOW
    assert (exact - published).max() == 1


@pytest.mark.parametrize("rule", ["exact", "float32"])
def test_every_slot_of_the_week_has_the_row_of_the_rule(rule):
    model = built(slot_rule=rule)
    slots = torch.arange(2016).reshape(-1, 12)
    with torch.no_grad():
        model.time_in_week_emb.weight.copy_(torch.arange(2016.0)[:, None].expand(-1, 8))
        embedded = model._embed(torch.zeros(168, 12, 9), timestamps(slots))
    assert torch.equal(embedded[:, 0, :, -1].flatten().long(), model.rows)


def test_no_node_shares_the_code_of_a_step():
    model = built(num_features=1200)
    codes = torch.cat([model.node_codes, model.step_codes])
    distances = torch.cdist(codes.double(), codes.double()) + torch.eye(len(codes)) * 9
    assert distances.min() > 0.1
    few, many = built(num_features=999), built(num_features=1000)
    assert torch.equal(few.step_codes, many.step_codes)
    assert not torch.equal(many.step_codes, model.step_codes)


@pytest.mark.parametrize("steps", [4, 36, 288])
def test_any_input_length(steps):
    model = built(input_len=steps, output_len=3).eval()
    inputs, stamps = torch.randn(2, steps, 9), timestamps(torch.arange(2 * steps).reshape(2, steps))
    output = model(inputs=inputs, inputs_timestamps=stamps)
    assert output.shape == (2, 3, 9)
    torch.testing.assert_close(model(inputs[1:], stamps[1:]), output[1:])


def test_dropout_acts_in_training_alone():
    model, batch = built(dropout=0.3), (torch.randn(2, 12, 9), timestamps(torch.arange(24).reshape(2, 12)))
    assert not torch.equal(model(*batch), model(*batch))
    assert torch.equal(model.eval()(*batch), built(dropout=0.0).eval()(*batch))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("input_len", 3),
        ("num_features", 3),
        ("output_len", 0),
        ("num_layers", None),
        ("n_heads", 2.5),
        ("hidden_size", 4),
        ("hidden_size", 15),
        ("num_time_in_day", -1),
        ("slot_rule", "float16"),
    ],
)
def test_values_that_it_cannot_be_built_with(field, value):
    with pytest.raises(ValueError, match=f"^{field}: {value!r} .*STLAformer; expected"):
        built(**{field: value})


@pytest.mark.parametrize(
    ("inputs", "stamps", "field"), [((2, 12, 8), (2, 12, 2), "inputs"), ((2, 12, 9), (2, 12, 1), "inputs_timestamps")]
)
def test_shapes_that_it_was_not_built_for(inputs, stamps, field):
    with pytest.raises(ValueError, match=rf"^{field}: shape \["):
        built()(torch.zeros(inputs), torch.zeros(stamps))
