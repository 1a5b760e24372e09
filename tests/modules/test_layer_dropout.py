"""Dropout of EntropyEqualAttention: on the weights where the quadratic path forms them, on the output elsewhere."""

import pytest
import torch
from modules.compose import identity_output, small_layer
from ops.compare import assert_close, draw

from basicts_elin.modules import EntropyEqualAttention
from basicts_elin.modules.entropy_equal import LAYER_PATHS as PATHS
from basicts_elin.ops import ESTIMATORS

RATE = 0.4
# path, tokens (the heads are 4 wide), estimators, where dropout acts
WHERE = [
    ("quadratic", 30, ESTIMATORS, "weights"),
    ("auto", 3, ESTIMATORS, "weights"),
    ("auto", 30, ["taylor", "taylor2", "gaussian"], "output"),
    ("auto", 30, ["exact"], "weights"),  # quadratic, whatever the number of tokens
    ("linear", 30, ESTIMATORS, "output"),
    ("linear", 3, ESTIMATORS, "output"),
    ("reference", 30, ESTIMATORS, "output"),
]


@pytest.mark.parametrize(
    "path, n_tokens, entropy, where",
    [(path, n, entropy, where) for path, n, estimators, where in WHERE for entropy in estimators],
)
def test_where_it_acts(path, n_tokens, entropy, where):
    layer = identity_output(small_layer(EntropyEqualAttention, dropout=RATE, entropy=entropy, path=path))
    (hidden_states,) = draw((40, n_tokens, 12))
    output = layer(hidden_states)[0]
    expected = layer.eval()(hidden_states)[0]
    dropped = output == 0
    if where == "output":
        # 1440 draws or more: 5 deviations
        assert dropped.double().mean().item() == pytest.approx(RATE, abs=0.065)
        assert_close(output[~dropped], expected[~dropped] / (1 - RATE))
    else:
        # an output is zero when all its weights are: three of them at least
        assert dropped.double().mean().item() < 2 * RATE**3
        assert (output - expected).abs().max() > 1e-2


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_weights_that_are_handed_out_are_the_dropped_ones(entropy, path):
    layer = identity_output(small_layer(EntropyEqualAttention, dropout=RATE, entropy=entropy, path=path))
    (hidden_states,) = draw((4, 30, 12))
    output, weights, _ = layer(hidden_states, output_attentions=True)
    dropped = weights == 0
    assert dropped.double().mean().item() == pytest.approx(RATE, abs=0.03)  # 10800 draws: 6 deviations
    value = layer.v_proj(hidden_states).unflatten(-1, (3, 4)).transpose(1, 2)
    assert_close(output, (weights @ value).transpose(1, 2).flatten(2))
    expected = layer.eval()(hidden_states, output_attentions=True)[1]
    assert_close(weights[~dropped], expected[~dropped] / (1 - RATE))


def test_same_draw_with_and_without_the_weights():
    layer = small_layer(EntropyEqualAttention, dropout=RATE, path="quadratic")
    (hidden_states,) = draw((2, 7, 12))
    outputs = []
    for output_attentions in (False, True):
        torch.manual_seed(3)
        outputs.append(layer(hidden_states, output_attentions=output_attentions)[0])
    assert torch.equal(*outputs)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("n_tokens", [3, 7])
def test_none_in_evaluation_or_at_rate_zero(n_tokens, path):
    (hidden_states,) = draw((2, n_tokens, 12))
    plain = small_layer(EntropyEqualAttention, path=path)
    dropping = small_layer(EntropyEqualAttention, path=path, dropout=RATE)
    assert not torch.equal(dropping(hidden_states)[0], plain(hidden_states)[0])
    dropping.eval()
    for output_attentions in (False, True):
        expected = plain(hidden_states, output_attentions=output_attentions)[0]
        assert torch.equal(dropping(hidden_states, output_attentions=output_attentions)[0], expected)
