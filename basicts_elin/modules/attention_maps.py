"""The weights of attention layers, recorded while a model is called.

Shapes: L queries, N keys, H heads, ... leading dimensions.
"""

import contextlib
import inspect
from collections.abc import Collection, Iterator
from typing import Any, Dict, List, Optional

import torch
from torch import nn

from .linformer import LinformerAttention
from .masks import kept_keys

# arguments that make a layer return its weights by head
_REQUESTS: Dict[str, Dict[str, Any]] = {
    "output_attentions": {"output_attentions": True},
    "need_weights": {"need_weights": True, "average_attn_weights": False},
}


@contextlib.contextmanager
def attention_maps(
    model: nn.Module, names: Optional[Collection[str]] = None
) -> Iterator[Dict[str, List[torch.Tensor]]]:
    """Record the attention weights of the calls inside the `with` block.

        with attention_maps(model) as maps:
            model(inputs, inputs_timestamps)
        weights = maps["spatial_layers.0.attention"][0]  # ELinFormer: [batch, input_len, H, sensors, sensors]

    Args:
        model: holds, or is, attention layers of this package, of BasicTS or of torch (`torch.nn.MultiheadAttention`).
        names: layers to record, as in `model.named_modules()`; None = all. A model that is itself a layer has the name
            "".
    Yields: a dict that the calls fill: name of the layer -> one tensor [..., H, L, N] per call, in order, detached,
        without dropout. Every recorded layer has a key, with an empty list before its first call. Rows sum to 1.
        Weights of entropy-equal attention are signed. Those of Linformer are weights of the tokens,
        softmax(q (E k)ᵀ / sqrt(d)) F, whose rows need not sum to 1.
    Raises: ValueError if the model has no such layer, or not all of `names`; NotImplementedError for a call that uses a
        key-value cache.

    Outputs, gradients and random numbers stay the same: after each call, the layer is called a second time, in
    evaluation mode, without gradients, on the quadratic path. That takes memory for N² numbers per head. Hooks on the
    projections see the second call, too. `torch.nn.TransformerEncoderLayer` does not use its fused inference kernel
    while its attention is recorded, so its output may differ by rounding.
    """
    found = ((name, _request(layer)) for name, layer in model.named_modules())
    requests = {name: request for name, request in found if request is not None}
    wanted = list(requests) if names is None else list(names)
    unknown = [name for name in wanted if name not in requests]
    if unknown or not wanted:
        raise ValueError(
            f"names: {', '.join(map(repr, unknown)) or 'none'}; expected attention layers of the model: "
            f"{', '.join(map(repr, requests)) or 'it has none'}"
        )
    maps: Dict[str, List[torch.Tensor]] = {name: [] for name in wanted}
    handles = []
    try:
        for name in wanted:
            hook = _recorder(maps[name], requests[name])
            handles.append(model.get_submodule(name).register_forward_hook(hook, with_kwargs=True))
        yield maps
    finally:
        for handle in handles:
            handle.remove()


def _request(layer: nn.Module) -> Optional[Dict[str, Any]]:
    """The arguments that make an attention layer return its weights; None for other modules."""
    if not (hasattr(layer, "q_proj") or hasattr(layer, "in_proj_weight")):
        return None
    parameters = inspect.signature(layer.forward).parameters
    return next((request for name, request in _REQUESTS.items() if name in parameters), None)


def _recorder(recorded: List[torch.Tensor], request: Dict[str, Any]) -> Any:
    def record(layer: nn.Module, args: Any, kwargs: Dict[str, Any], output: Any) -> None:
        call = inspect.signature(layer.forward).bind(*args, **kwargs).arguments
        if call.get("use_cache"):
            raise NotImplementedError("use_cache: True; expected False: attention_maps does not read key-value caches")
        modes = {module: module.training for module in layer.modules()}
        layer.eval()
        try:
            with torch.no_grad():
                # not the hooks of the layer, of which this is one
                weights = layer.forward(**(call | request))[1]
        finally:
            for module, mode in modes.items():
                module.training = mode
        if isinstance(layer, LinformerAttention):
            weights = _token_weights(layer, weights, call.get("attention_mask"))
        recorded.append(weights)

    return record


def _token_weights(
    layer: LinformerAttention, weights: torch.Tensor, attention_mask: Optional[torch.Tensor]
) -> torch.Tensor:
    """Weights of mixtures [..., H, L, K] -> of tokens [..., H, L, N]."""
    tokens = (weights @ layer.compress_v.to(weights.dtype).expand(-1, layer.seq_len)).detach()
    return tokens if attention_mask is None else tokens.masked_fill(~kept_keys(attention_mask, layer.seq_len), 0.0)
