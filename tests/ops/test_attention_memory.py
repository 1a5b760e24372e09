"""The linear path is linear in memory too, and the meter that says so finds the quadratic one quadratic."""

import pytest
import torch
from ops.compare import draw
from ops.memory_meter import MemoryMeter

from basicts_elin.ops import ESTIMATORS, attention_entropy, entropy_equal_attention

WIDTH = 16
LINEAR = [name for name in ESTIMATORS if name != "exact"]


def measure(n_tokens, masked=False, **settings):
    query, key, value = (t.requires_grad_() for t in draw(*[(2, n_tokens, WIDTH)] * 3, dtype=torch.float32))
    key_mask = torch.arange(n_tokens) % 3 > 0 if masked else None
    with MemoryMeter() as meter:
        entropy_equal_attention(query, key, value, key_mask=key_mask, **settings).sum().backward()
    return meter


@pytest.mark.parametrize("masked", [False, True], ids=["", "masked"])
@pytest.mark.parametrize("path", ["linear", "auto"])
@pytest.mark.parametrize("entropy", LINEAR)
def test_linear_doubles_with_the_tokens(entropy, path, masked):
    one, two = (measure(n, masked, entropy=entropy, path=path) for n in (256, 512))
    assert two.peak_bytes <= 2.05 * one.peak_bytes
    assert two.largest < 512 * 512  # 2 * 512 * 16 is what q, k and v have


@pytest.mark.parametrize("path, entropy", [*(("quadratic", name) for name in ESTIMATORS), ("linear", "exact")])
def test_quadratic_quadruples(entropy, path):
    one, two = (measure(n, entropy=entropy, path=path) for n in (256, 512))
    assert two.peak_bytes >= 3.5 * one.peak_bytes
    assert two.largest >= 512 * 512


def test_linear_peak_is_a_few_times_the_inputs():
    inputs = 3 * 2 * 512 * WIDTH * 4
    for entropy in LINEAR:
        assert measure(512, entropy=entropy, path="linear").peak_bytes < 5 * inputs


@pytest.mark.parametrize("entropy", ESTIMATORS)
def test_entropy_forms_no_matrix_of_all_pairs(entropy):
    query, key = (t.requires_grad_() for t in draw((512, WIDTH), (512, WIDTH)))
    with MemoryMeter() as meter:
        attention_entropy(query, key, entropy=entropy).sum().backward()
    assert (meter.largest >= 512 * 512) == (entropy == "exact")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
def test_linear_doubles_on_cuda():
    for entropy in LINEAR:
        peaks = []
        for n_tokens in (8192, 16384):
            tensors = [t.cuda().requires_grad_() for t in draw(*[(2, n_tokens, 64)] * 3, dtype=torch.float32)]
            before = torch.cuda.memory_allocated()
            torch.cuda.reset_peak_memory_stats()
            entropy_equal_attention(*tensors, entropy=entropy, path="linear").sum().backward()
            peaks.append(torch.cuda.max_memory_allocated() - before)
        assert peaks[1] <= 2.2 * peaks[0], entropy
