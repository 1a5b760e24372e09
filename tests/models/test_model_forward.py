"""What goes in, what comes out, and in what the two models differ."""

import pytest
import torch
from models.small import MODELS, NODES, STEPS, small_batch, small_model
from ops.compare import assert_close, draw
from ops.memory_meter import MemoryMeter

from basicts_elin.modules import EntropyEqualAttention, SoftmaxAttention

NAMES = list(MODELS)
PATHS = ["auto", "reference", "quadratic", "linear"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("batch_size, steps, horizon, nodes", [(1, 12, 12, 5), (3, 12, 12, 1), (2, 96, 24, 7)])
def test_shapes(name, batch_size, steps, horizon, nodes):
    model = small_model(name, input_len=steps, output_len=horizon, num_features=nodes, dtype=torch.float32)
    inputs, timestamps = small_batch(batch_size, steps, nodes, dtype=torch.float32)
    output = model(inputs, timestamps)
    assert output.shape == (batch_size, horizon, nodes) and output.dtype == torch.float32
    # BasicTS calls by name
    assert torch.equal(model(inputs=inputs, inputs_timestamps=timestamps), output)


@pytest.mark.parametrize("name", NAMES)
def test_unfit_inputs(name):
    model = small_model(name)
    inputs, timestamps = small_batch()
    expected = rf"\[batch, input_len={STEPS}, num_features={NODES}\]"
    for shape in ((3, STEPS, 7), (3, 24, NODES), (3, STEPS, NODES, 1), (STEPS, NODES)):
        found = ", ".join(map(str, shape))
        with pytest.raises(ValueError, match=rf"^inputs: shape \[{found}\]; .*{expected}.*{name}"):
            model(torch.zeros(shape).double(), timestamps)
    for shape in ((3, STEPS, 1), (3, 24, 2), (2, STEPS, 2), (3, STEPS)):
        found = ", ".join(map(str, shape))
        with pytest.raises(ValueError, match=rf"^inputs_timestamps: shape \[{found}\]; .*\[3, {STEPS}, 2\]"):
            model(inputs, torch.zeros(shape).double())


@pytest.mark.parametrize("name", NAMES)
def test_samples_do_not_mix(name):
    model = small_model(name)
    inputs, timestamps = small_batch(4)
    output = model(inputs, timestamps)
    for i in range(4):
        assert_close(model(inputs[i : i + 1], timestamps[i : i + 1]), output[i : i + 1])


@pytest.mark.parametrize("name", NAMES)
def test_permuted_nodes_give_permuted_outputs(name):
    """Nodes are told apart by their adaptive embedding alone."""
    model = small_model(name)
    inputs, timestamps = small_batch()
    order = torch.tensor([3, 0, 4, 1, 2])
    output = model(inputs, timestamps)
    with torch.no_grad():
        model.adaptive_emb.copy_(model.adaptive_emb[:, order])
    assert_close(model(inputs[..., order], timestamps), output[..., order])
    assert (model(inputs, timestamps) - output).abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_steps_and_nodes_see_each_other(name):
    """Every output depends on every input: temporal, then spatial attention."""
    model = small_model(name)
    inputs, timestamps = small_batch(1)
    inputs.requires_grad_()
    output = model(inputs, timestamps)
    for node in range(NODES):
        (gradient,) = torch.autograd.grad(output[0, 0, node], inputs, retain_graph=True)
        assert (gradient != 0).all()


def test_attention_is_what_differs():
    softmax, linear = small_model("STAEformer"), small_model("ELinFormer")
    linear.load_state_dict(softmax.state_dict())
    batch = small_batch()
    assert (softmax(*batch) - linear(*batch)).abs().max() > 1e-5
    kinds = {"STAEformer": (softmax, SoftmaxAttention), "ELinFormer": (linear, EntropyEqualAttention)}
    for model, kind in kinds.values():
        attentions = [layer.attention for layer in [*model.temporal_layers, *model.spatial_layers]]
        assert [type(attention) for attention in attentions] == [kind] * 2
        # queries of zero: both attend uniformly
        for attention in attentions:
            torch.nn.init.zeros_(attention.q_proj.weight)
            torch.nn.init.zeros_(attention.q_proj.bias)
    assert_close(linear(*batch), softmax(*batch))


@pytest.mark.parametrize("entropy", ["taylor", "taylor2", "gaussian", "exact"])
def test_paths_agree_and_estimators_differ(entropy):
    batch = small_batch()
    outputs = [small_model("ELinFormer", entropy=entropy, path=path)(*batch) for path in PATHS]
    for output in outputs[1:]:
        assert_close(output, outputs[0])
    other = small_model("ELinFormer", entropy="taylor2" if entropy != "taylor2" else "taylor")(*batch)
    assert (other - outputs[0]).abs().max() > 1e-9
    eps = small_model("ELinFormer", entropy=entropy, eps=0.5)(*batch)
    assert (eps - outputs[0]).abs().max() > 1e-6


def test_memory_is_linear_in_the_nodes():
    inputs, timestamps = small_batch(1, nodes=128)
    all_pairs = STEPS * 2 * 128 * 128
    for path, linear in (("auto", True), ("linear", True), ("quadratic", False)):
        model = small_model("ELinFormer", num_features=128, path=path)
        with MemoryMeter() as meter:
            model(inputs, timestamps).sum().backward()
        assert (meter.largest < all_pairs) == linear, path


@pytest.mark.parametrize("name", NAMES)
def test_dropout_acts_in_training_alone(name):
    model = small_model(name, dropout=0.3)
    batch = small_batch()
    assert not torch.equal(model(*batch), model(*batch))
    assert_close(model.eval()(*batch), small_model(name)(*batch))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("silent", ["attention.out_proj", "ffn.fc2"])
@pytest.mark.parametrize("stage", ["temporal_layers", "spatial_layers"])
def test_dropout_acts_on_both_residual_branches(stage, silent, name):
    """With one branch of a layer silenced, what differs between two passes is the other's dropout."""
    model = small_model(name, dropout=0.3)
    layer = getattr(model, stage)[0]
    for parameter in layer.get_submodule(silent).parameters():
        torch.nn.init.zeros_(parameter)
    (hidden_states,) = draw((2, 3, 7, 20))
    assert not torch.equal(layer(hidden_states), layer(hidden_states))
    layer.eval()
    assert torch.equal(layer(hidden_states), layer(hidden_states))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stage", ["temporal_layers", "spatial_layers"])
def test_layers_are_post_norm(stage, name):
    layer = getattr(small_model(name), stage)[0]
    (hidden_states,) = draw((2, 3, 7, 20))
    attended = layer.attention_norm(hidden_states + layer.attention(hidden_states)[0])
    forwarded = layer.ffn.fc2(layer.ffn.fc1(attended).relu())
    assert_close(layer(hidden_states), layer.ffn_norm(attended + forwarded))


@pytest.mark.parametrize("name", NAMES)
def test_a_small_model_learns(name):
    """Fifty steps on a periodic signal that the last value alone does not tell."""
    model = small_model(name, dtype=torch.float32)
    hours = torch.arange(0, 600, dtype=torch.float32)[:, None] / 12 + torch.arange(NODES)
    series = torch.sin(hours)
    starts = torch.randint(0, 570, (50, 16), generator=torch.Generator().manual_seed(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    losses = []
    for batch in starts:
        window = torch.stack([series[start : start + 24] for start in batch])
        timestamps = torch.stack([(batch[:, None] + torch.arange(STEPS)) % 288 / 288, torch.zeros(16, STEPS)], dim=-1)
        loss = (model(window[:, :STEPS], timestamps) - window[:, STEPS:]).abs().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert sum(losses[-5:]) < 0.4 * sum(losses[:5])
