"""Random layers for the functions that are a whole attention layer, and their gradients."""

import torch

from basicts_elin.ops.gram import Projections

# no powers of two
HEADS, WIDTH = 3, 21


def projections(hidden_size=WIDTH, seed=0, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    shapes = [(hidden_size, hidden_size), (hidden_size,)] * 4
    tensors = (torch.randn(shape, generator=generator, dtype=dtype) / hidden_size**0.5 for shape in shapes)
    return Projections(*(tensor.requires_grad_() for tensor in tensors))


def tokens(*shape, seed=1, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=generator, dtype=dtype) + 0.5).requires_grad_()


def output_and_gradients(function, *inputs):
    """The output and the gradient of each input, None where there is none."""
    output = function(*inputs)
    weighting = torch.linspace(-1, 1, output.numel(), dtype=output.dtype).view(output.shape)
    gradients = torch.autograd.grad((output * weighting).sum(), inputs, allow_unused=True)
    return output.detach(), gradients


def relative_error(found, expected):
    found, expected = found.detach(), expected.detach()
    return float((found - expected).norm() / expected.norm().clamp(min=1e-12))
