"""What the adaptive embedding holds: learned, a fixed code of the nodes, or nothing."""

import math

import pytest
import torch
from models.small import MODELS, NODES, STEPS, small_batch, small_model
from ops.compare import assert_close


@pytest.mark.parametrize("name", MODELS)
def test_a_stored_config_without_the_field_is_the_published_model(name):
    expected = small_model(name)
    model, config = MODELS[name]
    sizes = {"num_features": NODES, "input_len": STEPS, "output_len": STEPS, "input_hidden_size": 4, "num_layers": 1}
    sizes |= {"tid_hidden_size": 4, "diw_hidden_size": 4, "adaptive_hidden_size": 8, "n_heads": 2, "dropout": 0.0}
    stored = config(**sizes, intermediate_size=16)
    del stored["node_embedding"]
    torch.manual_seed(0)
    found = model(stored).double()
    assert torch.equal(found(*small_batch()), expected(*small_batch()))


def test_the_code_is_that_of_the_node_at_every_step():
    code = small_model("ELinFormer", node_embedding="sinusoidal", adaptive_hidden_size=8).adaptive_emb
    assert code.shape == (STEPS, NODES, 8)
    for node in range(NODES):
        for column in range(8):
            angle = node / 10000 ** (2 * (column // 2) / 8)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert code[:, node, column].tolist() == pytest.approx([expected] * STEPS, abs=1e-6)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("node_embedding", ["sinusoidal", "none"])
def test_nothing_is_learned_or_stored_for_a_node(name, node_embedding):
    learned, other = small_model(name), small_model(name, node_embedding=node_embedding)
    assert learned.state_dict().keys() - other.state_dict().keys() == {"adaptive_emb"}
    assert not other.state_dict().keys() - learned.state_dict().keys()
    other(*small_batch()).square().sum().backward()
    assert all(parameter.grad is not None for parameter in other.parameters())


@pytest.mark.parametrize("node_embedding", ["learned", "sinusoidal", "none"])
def test_without_an_embedding_the_order_of_the_nodes_says_nothing(node_embedding):
    model = small_model("ELinFormer", node_embedding=node_embedding)
    inputs, timestamps = small_batch()
    order = [3, 1, 4, 0, 2]
    found, expected = model(inputs[..., order], timestamps), model(inputs, timestamps)[..., order]
    if node_embedding == "none":
        assert_close(found, expected)
    else:
        assert (found - expected).abs().max() > 1e-4


def test_another_name_is_refused():
    with pytest.raises(ValueError, match="^node_embedding: 'fixed' .*'learned', 'sinusoidal', 'none'"):
        small_model("STAEformer", node_embedding="fixed")
