"""Draws, gradients and comparisons that the tests share."""

import torch

# Relative to the largest entry. Rounding costs 1e-16, 6e-8 and 4e-3 per number: sums of up to ten thousand products
# that cancel in part leave a hundred times that in float32, about ten times in bfloat16, whose sums run in float32. In
# float64 the largest seen is 3e-14; nothing but rounding is that small.
TOLERANCE = {torch.float64: 1e-12, torch.float32: 1e-5, torch.bfloat16: 4e-2}


def draw(*shapes, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(shape, generator=generator, dtype=torch.float64).to(dtype) for shape in shapes]


def value_and_gradients(function, *tensors):
    """[output, gradient of every tensor], for one fixed random cotangent that every dtype holds exactly."""
    leaves = [tensor.detach().clone().requires_grad_() for tensor in tensors]
    output = function(*leaves)
    cotangent = draw(output.shape, seed=99, dtype=torch.bfloat16)[0].to(output)
    return [output.detach(), *torch.autograd.grad(output, leaves, cotangent)]


def assert_close(got, expected, tolerance=None, what=""):
    """Largest difference within `tolerance` of the largest expected entry; None = what the dtype of `got` allows.

    Numbers below the smallest normal one of the dtype have few digits and count as zero.
    """
    tolerance = TOLERANCE[got.dtype] if tolerance is None else tolerance
    assert got.shape == expected.shape, f"{what}: shape {list(got.shape)}, expected {list(expected.shape)}"
    assert got.isfinite().all(), f"{what}: not finite"
    difference = (got.double() - expected.double()).abs().max().item()
    allowed = tolerance * expected.abs().max().item() + torch.finfo(got.dtype).tiny
    assert difference <= allowed, f"{what}: differs by {difference:.2e}, allowed {allowed:.2e}"


def assert_all_close(got, expected, tolerance=None, what=""):
    """For what `value_and_gradients` returns."""
    names = ["output", *(f"gradient {i}" for i in range(len(got) - 1))]
    for name, left, right in zip(names, got, expected, strict=True):
        assert_close(left, right, tolerance, f"{what} {name}")
