"""Fixed node embeddings in place of the learned one."""

import math

import pytest
import torch
from ops.compare import assert_close
from refusal import refuses

from basicts_elin.zoo.changes import with_changes
from basicts_elin.zoo.node_embedding import NODE_EMBEDDINGS
from basicts_elin.zoo.registry import config_for

NODES, STEPS = 5, 12
SIZES = {"num_features": NODES, "num_layers": 1, "n_heads": 2, "intermediate_size": 16, "dropout": 0.0}
SIZES |= dict.fromkeys(("input_hidden_size", "tid_hidden_size", "diw_hidden_size"), 4) | {"adaptive_hidden_size": 8}


def built(name, **changes):
    config = with_changes(
        config_for(name, "PEMS08"), {f"model_config.{key}": to for key, to in (SIZES | changes).items()}
    )
    torch.manual_seed(0)
    return config.model(config.model_config).double()


def batch():
    generator = torch.Generator().manual_seed(1)
    return torch.randn(3, STEPS, NODES, generator=generator, dtype=torch.float64), torch.zeros(3, STEPS, 2).double()


def test_the_code_is_that_of_the_node_at_every_step():
    code = built("ELinFormer", node_embedding="sinusoidal").adaptive_emb
    assert code.shape == (STEPS, NODES, 8)
    for node in range(NODES):
        for column in range(8):
            angle = node / 10000 ** (2 * (column // 2) / 8)
            expected = math.cos(angle) if column % 2 else math.sin(angle)
            assert code[:, node, column].tolist() == pytest.approx([expected] * STEPS, abs=1e-6)


@pytest.mark.parametrize("name", ["STAEformer", "ELinFormer", "ELinFormer_gaussian"])
@pytest.mark.parametrize("node_embedding", NODE_EMBEDDINGS)
def test_nothing_is_learned_or_stored_for_a_node_and_the_rest_begins_alike(name, node_embedding):
    learned, fixed = built(name), built(name, node_embedding=node_embedding)
    expected = learned.state_dict()
    assert expected.keys() - fixed.state_dict().keys() == {"adaptive_emb"}
    assert all(torch.equal(value, expected[key]) for key, value in fixed.state_dict().items())
    fixed(*batch()).square().sum().backward()
    assert all(parameter.grad is not None for parameter in fixed.parameters())


@pytest.mark.parametrize("node_embedding", NODE_EMBEDDINGS)
def test_processes_can_receive_it_in_place(node_embedding):
    config = with_changes(config_for("ELinFormer", "PEMS08"), {**SIZES, "node_embedding": node_embedding})
    code = config.model(config.model_config).adaptive_emb
    code.copy_(code.clone())


@pytest.mark.parametrize("changes", [{}, {"node_embedding": "sinusoidal"}, {"node_embedding": "none"}])
def test_without_an_embedding_the_order_of_the_nodes_says_nothing(changes):
    model = built("ELinFormer", **changes)
    inputs, timestamps = batch()
    order = [3, 1, 4, 0, 2]
    found, expected = model(inputs[..., order], timestamps), model(inputs, timestamps)[..., order]
    if changes.get("node_embedding") == "none":
        assert_close(found, expected)
    else:
        assert (found - expected).abs().max() > 1e-4


def test_other_names_and_models_are_refused():
    with refuses("--set node_embedding", found="'fixed'", expected=("sinusoidal", "none")):
        with_changes(config_for("STAEformer", "PEMS08"), {"node_embedding": "fixed"})
    with refuses("--set node_embedding", found="model STID", expected="STAEformer"):
        with_changes(config_for("STID", "PEMS08"), {"node_embedding": "none"})
