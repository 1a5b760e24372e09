"""Checks of arguments. Each raises a ValueError that names the argument, the value found and the values expected."""

from collections.abc import Mapping, Sequence
from typing import Optional

import torch
from torch import Tensor


def check_choice(field: str, given: str, allowed: Sequence[str]) -> None:
    """Raise ValueError unless `given` is one of `allowed`."""
    if given not in allowed:
        raise ValueError(f"{field}: {given!r}; expected one of {', '.join(map(repr, allowed))}")


def check_shapes(query: Tensor, key: Tensor, value: Optional[Tensor] = None, key_mask: Optional[Tensor] = None) -> None:
    """Raise ValueError unless query [..., Nq, d], key [..., N, d], value [..., N, dv] and key_mask [..., N] fit."""
    named = {"query": query, "key": key, "value": value}
    given = {name: tensor for name, tensor in named.items() if tensor is not None}
    for name, tensor in given.items():
        if tensor.dim() < 2:
            raise ValueError(f"{name}: shape {list(tensor.shape)}; expected at least 2 dimensions [..., N, d]")
        if not tensor.is_floating_point():
            raise ValueError(f"{name}: dtype {tensor.dtype}; expected a floating point dtype")
        if tensor.dtype != query.dtype:
            raise ValueError(f"{name}: dtype {tensor.dtype}; expected {query.dtype}, the dtype of query")
    if query.shape[-1] != key.shape[-1] or key.shape[-1] == 0:
        raise ValueError(
            f"query and key: {_shapes(given)}; expected query [..., Nq, d] and key [..., N, d] with one d >= 1"
        )
    if key.shape[-2] == 0:
        raise ValueError(f"key: {_shapes(given)}; expected N >= 1 keys; drop keys with key_mask")
    if value is not None and value.shape[-2] != key.shape[-2]:
        raise ValueError(f"key and value: {_shapes(given)}; expected key [..., N, d] and value [..., N, dv] with one N")
    leading = [tensor.shape[:-2] for tensor in given.values()]
    if key_mask is not None:
        if key_mask.dtype != torch.bool:
            raise ValueError(f"key_mask: dtype {key_mask.dtype}; expected torch.bool, True = keep")
        if key_mask.dim() < 1 or key_mask.shape[-1] != key.shape[-2]:
            expected = f"[..., {key.shape[-2]}] for {_shapes(given)}"
            raise ValueError(f"key_mask: shape {list(key_mask.shape)}; expected {expected}")
        leading.append(key_mask.shape[:-1])
    try:
        torch.broadcast_shapes(*leading)
    except RuntimeError:
        names = [*given, "key_mask"][: len(leading)]
        listed = ", ".join(f"{name} {list(shape)}" for name, shape in zip(names, leading, strict=True))
        raise ValueError(f"leading dimensions: {listed}; expected shapes that broadcast") from None


def _shapes(given: Mapping[str, Tensor]) -> str:
    return ", ".join(f"{name} {list(tensor.shape)}" for name, tensor in given.items())


def check_mask_shape(field: str, mask: Tensor, target: Sequence[int]) -> None:
    """Raise ValueError unless `mask` broadcasts to the shape `target` of the weights, [..., Nq, N]."""
    try:
        fits = mask.dim() >= 1 and torch.broadcast_shapes(mask.shape, target)[-2:] == tuple(target[-2:])
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(f"{field}: shape {list(mask.shape)}; expected a shape that broadcasts to {list(target)}")
