import math

import torch
from torch import nn

from basicts.modules import MLPLayer

from ....modules import InLineAttention
from ..config.stlaformer_config import STLAformerConfig
from .fusion import GatedFusion

_COUNTS = ("input_len", "output_len", "num_features", "num_layers", "n_heads", "hidden_size", "intermediate_size",
           "num_time_in_day", "num_day_in_week")
# The fusion pads 3 steps and 3 nodes by reflection, which needs at least 4 of each.
_FEWEST = 4
_REDUCTION = 8
_SLOT_RULES = ("exact", "float32")
# position of the first step, after those of the nodes
_FIRST_STEP = 1000


class STLAformerLayer(nn.Module):
    """
    Attention over the nodes and, beside it, over the steps. A gate mixes the two. A feed-forward network follows.
    """

    def __init__(self, config: STLAformerConfig):
        super().__init__()
        hidden_size = config.hidden_size
        self.spatial_attention = InLineAttention(hidden_size, config.n_heads)
        self.temporal_attention = InLineAttention(hidden_size, config.n_heads)
        self.spatial_norm = nn.LayerNorm(hidden_size)
        self.temporal_norm = nn.LayerNorm(hidden_size)
        self.fusion = GatedFusion(hidden_size, _REDUCTION)
        self.ffn = MLPLayer(hidden_size, config.intermediate_size, hidden_act=config.hidden_act)
        self.ffn_norm = nn.LayerNorm(hidden_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(
        self, hidden_states: torch.Tensor, node_codes: torch.Tensor, step_codes: torch.Tensor
    ) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [batch_size, num_features, input_len, hidden_size]
            node_codes (torch.Tensor): shape [num_features, hidden_size]
            step_codes (torch.Tensor): shape [input_len, hidden_size]

        Returns:
            torch.Tensor: shape [batch_size, num_features, input_len, hidden_size]
        """
        nodes = hidden_states.transpose(1, 2) + node_codes
        steps = hidden_states + step_codes
        nodes = self.spatial_norm(nodes + self.dropout(self.spatial_attention(nodes)[0]))
        steps = self.temporal_norm(steps + self.dropout(self.temporal_attention(steps)[0]))
        fused = self.fusion(nodes.transpose(1, 2), steps)
        return self.ffn_norm(fused + self.dropout(self.ffn(fused)))


class STLAformer(nn.Module):
    """
    Paper: STLAformer (Transportation Research Part C, 2026)
    Link: https://doi.org/10.1016/j.trc.2025.105423
    Official Code: https://github.com/laibajiu/STLAformer
    Venue: Transportation Research Part C 2026
    Task: Spatial-Temporal Forecasting

    Nothing is learned per node: a node is identified only by the sinusoidal code of its index. The published tables of
    codes end at 1,000 nodes and 96 steps, and the code of step t is that of position 1000 + t. Here there are codes for
    any number of both. With more than 1,000 nodes the codes of the steps follow that of the last node, so that no node
    has the code of a step.

    Raises:
        ValueError: a value in the config that the model cannot be built with.
    """

    node_codes: torch.Tensor
    step_codes: torch.Tensor
    rows: torch.Tensor

    def __init__(self, config: STLAformerConfig):
        super().__init__()
        self._check_config(config)
        self.input_len = config.input_len
        self.output_len = config.output_len
        self.num_features = config.num_features
        self.num_time_in_day = config.num_time_in_day
        self.num_day_in_week = config.num_day_in_week
        half = config.hidden_size // 2

        # value and time of week of each (step, node)
        self.input_layer = nn.Linear(2, half)
        self.time_in_week_emb = nn.Embedding(config.num_time_in_day * config.num_day_in_week, half)
        self.shortcut = MLPLayer(config.hidden_size, config.hidden_size)
        self.layers = nn.ModuleList(STLAformerLayer(config) for _ in range(config.num_layers))
        self.output_layer = nn.Linear(config.input_len * config.hidden_size, config.output_len)

        first_step = max(_FIRST_STEP, config.num_features)
        steps = torch.arange(first_step, first_step + config.input_len)
        self.register_buffer(
            "node_codes", _sinusoids(torch.arange(config.num_features), config.hidden_size), persistent=False)
        self.register_buffer("step_codes", _sinusoids(steps, config.hidden_size), persistent=False)
        self.register_buffer(
            "rows", _embedding_rows(self.time_in_week_emb.num_embeddings, config.slot_rule), persistent=False)

    def forward(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> torch.Tensor:
        """Feed forward of STLAformer.

        Args:
            inputs (torch.Tensor): scaled history data with shape [batch_size, input_len, num_features]
            inputs_timestamps (torch.Tensor): shape [batch_size, input_len, 2 or more]; for each step the time of day
                in [0, 1), a multiple of 1 / num_time_in_day, and the day of week / num_day_in_week; further columns
                are not used

        Returns:
            torch.Tensor: scaled prediction with shape [batch_size, output_len, num_features]

        Raises:
            ValueError: inputs or inputs_timestamps have another shape.
        """
        self._check_shapes(inputs, inputs_timestamps)
        embedded = self._embed(inputs, inputs_timestamps) # [batch_size, num_features, input_len, hidden_size]
        shortcut = self.shortcut(embedded)
        hidden_states = embedded - shortcut
        for layer in self.layers:
            hidden_states = layer(hidden_states, self.node_codes, self.step_codes)
        return self.output_layer((hidden_states + shortcut).flatten(2)).transpose(1, 2)

    def _embed(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> torch.Tensor:
        day_in_week = (inputs_timestamps[..., 1] * self.num_day_in_week).round()
        time_in_week = (day_in_week + inputs_timestamps[..., 0]) / self.num_day_in_week
        # rounded: a time computed in float32 may lie just below its slot
        slots = (time_in_week * self.time_in_week_emb.num_embeddings).round().long()
        times = self.time_in_week_emb(self.rows[slots])
        inputs = inputs.transpose(1, 2)
        values = torch.stack([inputs, time_in_week.to(inputs.dtype).unsqueeze(1).expand_as(inputs)], dim=-1)
        return torch.cat([self.input_layer(values), times.unsqueeze(1).expand(*inputs.shape, -1)], dim=-1)

    def _check_config(self, config: STLAformerConfig) -> None:
        name = type(self).__name__
        least = {"input_len": _FEWEST, "num_features": _FEWEST, "hidden_size": _REDUCTION}
        for field in _COUNTS:
            fewest = least.get(field, 1)
            if not isinstance(config[field], int) or config[field] < fewest:
                raise ValueError(
                    f"{field}: {config[field]!r} in the config of {name}; expected an integer of {fewest} or more")
        if config.hidden_size % 2:
            raise ValueError(f"hidden_size: {config.hidden_size} in the config of {name}; expected an even number")
        if config.slot_rule not in _SLOT_RULES:
            raise ValueError(f"slot_rule: {config.slot_rule!r} in the config of {name}; "
                             f"expected one of {', '.join(_SLOT_RULES)}")

    def _check_shapes(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> None:
        if inputs.dim() != 3 or tuple(inputs.shape[1:]) != (self.input_len, self.num_features):
            raise ValueError(
                f"inputs: shape {list(inputs.shape)}; expected [batch, input_len={self.input_len}, "
                f"num_features={self.num_features}], for which this {type(self).__name__} was built")
        expected = (inputs.shape[0], self.input_len)
        shape = tuple(inputs_timestamps.shape)
        if len(shape) != 3 or shape[:2] != expected or shape[2] < 2:
            raise ValueError(
                f"inputs_timestamps: shape {list(shape)}; expected {[*expected, 2]}, the time of day and day of week "
                "of each step, or more columns")


def _sinusoids(positions: torch.Tensor, hidden_size: int) -> torch.Tensor:
    """Sines in even columns, cosines in odd ones: [positions, hidden_size].

    In float32 whatever the model's format, as the tables that the published weights were trained with.
    """
    # rounded as in those tables: another order of operations moves codes near position 1000 by 1e-5
    frequencies = torch.exp(torch.arange(0, hidden_size, 2, dtype=torch.float32) * (-math.log(10000.0) / hidden_size))
    angles = positions.to(torch.float32)[:, None] * frequencies
    return torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)


def _embedding_rows(num_slots: int, slot_rule: str) -> torch.Tensor:
    """The row of the embedding for each slot of the week: [num_slots]."""
    slots = torch.arange(num_slots)
    if slot_rule == "exact":
        return slots
    return (slots.to(torch.float32) / num_slots * num_slots).long()
