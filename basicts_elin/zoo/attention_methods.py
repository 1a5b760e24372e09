"""The paper's comparison of attention methods: STAEformer and iTransformer with another attention, all else equal.

A configuration of this kind needs no file: it is another one's run with the changes of `METHODS`, found by name,
`-c baselines_cfg/STAEformer_linformer/PEMS08.py`.
"""

from dataclasses import dataclass, field
from typing import Any, Optional, Union

from basicts.configs import BasicTSForecastingConfig, BasicTSModelConfig
from basicts.models.iTransformer import iTransformerForForecasting
from basicts.modules.transformer import MultiHeadAttention
from torch import nn

from ..config.overrides import with_changes
from ..models.STAEformer import STAEformer, STAEformerConfig
from ..modules import LinformerAttention, SoftmaxAttention
from ..modules.matmul import MatmulAttention
from ..modules.projections import ProjectedAttention

# Linformer's K: the paper does not say which it took
PROJ_LEN = 64

# time of day and day of week, which iTransformer takes as tokens beside the nodes
TIMESTAMPS = 2


class STAEformerMatmul(STAEformer):
    """STAEformer with softmax attention that forms the weights, as published."""

    def _build_attention(self, config: STAEformerConfig) -> nn.Module:
        return MatmulAttention(self.hidden_size, config.n_heads)


class STAEformerLinformer(STAEformer):
    """STAEformer with Linformer attention, over the steps and over the nodes."""

    def __init__(self, config: STAEformerConfig):
        super().__init__(config)
        for layers, tokens in ((self.temporal_layers, self.input_len), (self.spatial_layers, self.num_features)):
            for layer in layers:
                layer.attention = _linformer(layer.attention, tokens, config)


class iTransformerSDPA(iTransformerForForecasting):
    """iTransformer with softmax attention through torch's scaled_dot_product_attention."""

    def __init__(self, config: BasicTSModelConfig):
        super().__init__(config)
        for layer in self.backbone.encoder.layers:
            sizes = layer.self_attn.hidden_size, layer.self_attn.n_heads, layer.self_attn.dropout.p
            layer.self_attn = _around(layer.self_attn, SoftmaxAttention(*sizes))


class iTransformerLinformer(iTransformerForForecasting):
    """iTransformer with Linformer attention over nodes and timestamps."""

    def __init__(self, config: BasicTSModelConfig):
        super().__init__(config)
        for layer in self.backbone.encoder.layers:
            layer.self_attn = _linformer(layer.self_attn, config.num_features + TIMESTAMPS, config)


@dataclass(frozen=True)
class Method:
    """A run that differs from that of the configuration `base` by another model, or by fields of the model's."""

    base: str
    model: Optional[type] = None
    fields: dict[str, Any] = field(default_factory=dict)

    def applied_to(self, config: BasicTSForecastingConfig) -> BasicTSForecastingConfig:
        # a field that the model's own configuration need not have
        config.model_config.update(self.fields)
        path = f"{self.model.__module__}.{self.model.__name__}" if self.model else None
        return with_changes(config, {"model": path} if path else {})


METHODS: dict[str, Method] = {
    "STAEformer_matmul": Method("STAEformer", STAEformerMatmul),
    "STAEformer_linformer": Method("STAEformer", STAEformerLinformer, {"proj_len": PROJ_LEN}),
    "ELinFormer_gaussian": Method("ELinFormer", fields={"entropy": "gaussian"}),
    "iTransformer_sdpa": Method("iTransformer", iTransformerSDPA),
    "iTransformer_linformer": Method("iTransformer", iTransformerLinformer, {"proj_len": PROJ_LEN}),
    "iTransformer_gaussian": Method("iTransformer_linear", fields={"entropy": "gaussian"}),
}


def _linformer(
    attention: Union[MultiHeadAttention, SoftmaxAttention], tokens: int, config: BasicTSModelConfig
) -> ProjectedAttention:
    # more mixtures than tokens would be no compression at all
    proj_len = min(config.get("proj_len", PROJ_LEN), tokens)
    dropout = getattr(attention.dropout, "p", attention.dropout)
    return _around(attention, LinformerAttention(attention.hidden_size, attention.n_heads, tokens, proj_len, dropout))


def _around(attention: nn.Module, layer: ProjectedAttention) -> ProjectedAttention:
    """`layer` with the projections of `attention`, so that all methods start from the same weights."""
    for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
        setattr(layer, name, getattr(attention, name))
    return layer
