import torch
from torch import nn

from basicts.modules import MLPLayer

from ....modules import SoftmaxAttention
from ..config.staeformer_config import STAEformerConfig


class STAEformerLayer(nn.Module):
    """
    Attention over the tokens, then a feed-forward network. Each has a residual connection with dropout, then LayerNorm.
    """

    def __init__(self, attention: nn.Module, hidden_size: int, config: STAEformerConfig):
        super().__init__()
        self.attention = attention
        self.ffn = MLPLayer(hidden_size, config.intermediate_size, hidden_act=config.hidden_act)
        self.attention_norm = nn.LayerNorm(hidden_size)
        self.ffn_norm = nn.LayerNorm(hidden_size)
        self.dropout = nn.Dropout(config.dropout)

    def forward(self, hidden_states: torch.Tensor) -> torch.Tensor:
        """Feed forward.

        Args:
            hidden_states (torch.Tensor): shape [..., tokens, hidden_size]

        Returns:
            torch.Tensor: shape [..., tokens, hidden_size]
        """
        attended, _, _ = self.attention(hidden_states)
        hidden_states = self.attention_norm(hidden_states + self.dropout(attended))
        return self.ffn_norm(hidden_states + self.dropout(self.ffn(hidden_states)))


class STAEformer(nn.Module):
    """
    Paper: Spatio-Temporal Adaptive Embedding Makes Vanilla Transformer SOTA for Traffic Forecasting
    Link: https://arxiv.org/abs/2308.10425
    Official Code: https://github.com/XDZhelheim/STAEformer
    Venue: CIKM 2023
    Task: Spatial-Temporal Forecasting

    Raises:
        ValueError: a size in the config is not a positive integer.
    """

    def __init__(self, config: STAEformerConfig):
        super().__init__()
        for name in ("input_len", "output_len", "num_features", "num_layers", "n_heads", "intermediate_size"):
            if not isinstance(config[name], int) or config[name] < 1:
                raise ValueError(f"{name}: {config[name]!r} in the config of {type(self).__name__}; "
                                 "expected a positive integer")
        self.input_len = config.input_len
        self.output_len = config.output_len
        self.num_features = config.num_features
        self.num_time_in_day = config.num_time_in_day
        self.num_day_in_week = config.num_day_in_week
        self.hidden_size = config.input_hidden_size + config.tid_hidden_size + config.diw_hidden_size \
            + config.adaptive_hidden_size

        # value, time of day and day of week of each (step, node)
        self.input_layer = nn.Linear(3, config.input_hidden_size)
        self.time_in_day_emb = nn.Embedding(config.num_time_in_day, config.tid_hidden_size)
        self.day_in_week_emb = nn.Embedding(config.num_day_in_week, config.diw_hidden_size)
        self.adaptive_emb = nn.Parameter(
            torch.empty(config.input_len, config.num_features, config.adaptive_hidden_size))
        nn.init.xavier_uniform_(self.adaptive_emb)

        self.temporal_layers = self._build_layers(config)
        self.spatial_layers = self._build_layers(config)
        self.output_layer = nn.Linear(config.input_len * self.hidden_size, config.output_len)

    def _build_layers(self, config: STAEformerConfig) -> nn.ModuleList:
        return nn.ModuleList(
            STAEformerLayer(self._build_attention(config), self.hidden_size, config) for _ in range(config.num_layers))

    def _build_attention(self, config: STAEformerConfig) -> nn.Module:
        """The only part in which models on this backbone differ."""
        return SoftmaxAttention(self.hidden_size, config.n_heads)

    def forward(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> torch.Tensor:
        """Feed forward of STAEformer.

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
        inputs_timestamps = inputs_timestamps[..., :2]
        hidden_states = self._embed(inputs, inputs_timestamps) # [batch_size, num_features, input_len, hidden_size]
        for layer in self.temporal_layers:
            hidden_states = layer(hidden_states)
        hidden_states = hidden_states.transpose(1, 2) # [batch_size, input_len, num_features, hidden_size]
        for layer in self.spatial_layers:
            hidden_states = layer(hidden_states)
        hidden_states = hidden_states.transpose(1, 2).flatten(2)
        return self.output_layer(hidden_states).transpose(1, 2)

    def _embed(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> torch.Tensor:
        batch_size = inputs.shape[0]
        shape = (batch_size, self.num_features, self.input_len, -1)
        timestamps = inputs_timestamps.unsqueeze(1).expand(shape)
        values = self.input_layer(torch.cat([inputs.transpose(1, 2).unsqueeze(-1), timestamps], dim=-1))
        # rounded: a time computed in float32, as hour / 24 + minute / 1440, may lie just below its slot
        time_in_day = (inputs_timestamps[..., 0] * self.num_time_in_day).round().long()
        day_in_week = (inputs_timestamps[..., 1] * self.num_day_in_week).round().long()
        return torch.cat([
            values,
            self.time_in_day_emb(time_in_day).unsqueeze(1).expand(shape),
            self.day_in_week_emb(day_in_week).unsqueeze(1).expand(shape),
            self.adaptive_emb.transpose(0, 1).expand(shape),
        ], dim=-1)

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
