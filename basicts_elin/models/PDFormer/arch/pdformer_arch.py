from typing import Any

import torch
from torch import nn
from torch.nn.functional import pad

from ..config.pdformer_config import PDFormerConfig
from .block import PDFormerLayer
from .embedding import PDFormerEmbedding


class PDFormer(nn.Module):
    """
    Paper: PDFormer: Propagation Delay-Aware Dynamic Long-Range Transformer for Traffic Flow Prediction
    Link: https://arxiv.org/abs/2301.07945
    Official Code: https://github.com/BUAABIGSCity/PDFormer
    Venue: AAAI 2023
    Task: Spatial-Temporal Forecasting

    What is computed from the graph and the training data is in four buffers, which are part of the state_dict:
    geographic_mask and semantic_mask (True = blocked), shape [num_features, num_features]; pattern_keys, shape
    [num_patterns, pattern_len]; laplacian_codes, shape [num_features, num_laplacian]. They are empty in a new model,
    until load_state_dict loads them, with the parameters or alone (strict=False).

    Attributes:
        has_relations (bool): whether the buffers are filled.

    Raises:
        ValueError: a size in the config is not a positive integer, or the widths do not fit each other.
    """

    geographic_mask: torch.Tensor
    semantic_mask: torch.Tensor
    pattern_keys: torch.Tensor
    laplacian_codes: torch.Tensor

    def __init__(self, config: PDFormerConfig):
        super().__init__()
        _check_config(config, type(self).__name__)
        self.input_len = config.input_len
        self.num_features = config.num_features
        self.pattern_len = config.pattern_len

        self.embedding = PDFormerEmbedding(config)
        # of the recent values of a node and of the pattern keys
        self.pattern_layer = nn.Linear(config.pattern_len, config.hidden_size)
        last = max(config.num_layers - 1, 1)
        self.layers = nn.ModuleList(
            PDFormerLayer(config, config.drop_path * number / last) for number in range(config.num_layers))
        self.skip_layers = nn.ModuleList(
            nn.Linear(config.hidden_size, config.skip_size) for _ in range(config.num_layers))
        self.step_layer = nn.Linear(config.input_len, config.output_len)
        self.output_layer = nn.Linear(config.skip_size, 1)

        nodes = config.num_features
        self.has_relations = False
        self.register_buffer("geographic_mask", torch.zeros(nodes, nodes, dtype=torch.bool))
        self.register_buffer("semantic_mask", torch.zeros(nodes, nodes, dtype=torch.bool))
        self.register_buffer("pattern_keys", torch.full((config.num_patterns, config.pattern_len), torch.nan))
        self.register_buffer("laplacian_codes", torch.full((nodes, config.num_laplacian), torch.nan))

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        super()._load_from_state_dict(*args, **kwargs)
        self.has_relations = bool(self.pattern_keys.isfinite().all() and self.laplacian_codes.isfinite().all())

    def forward(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> torch.Tensor:
        """Feed forward of PDFormer.

        Args:
            inputs (torch.Tensor): scaled history data with shape [batch_size, input_len, num_features]
            inputs_timestamps (torch.Tensor): shape [batch_size, input_len, 2 or more]; for each step the time of day
                in [0, 1), and the day of week / num_day_in_week; further columns are not used

        Returns:
            torch.Tensor: scaled prediction with shape [batch_size, output_len, num_features]

        Raises:
            ValueError: inputs or inputs_timestamps have another shape, or the buffers are not filled.
        """
        self._check(inputs, inputs_timestamps)
        recent = self.pattern_layer(self._recent_values(inputs))
        patterns = self.pattern_layer(self.pattern_keys)
        hidden_states = self.embedding(inputs, inputs_timestamps, self._laplacian_codes())
        total = torch.zeros((), dtype=hidden_states.dtype, device=hidden_states.device)
        for number, layer in enumerate(self.layers):
            hidden_states = layer(hidden_states, recent, patterns, ~self.geographic_mask, ~self.semantic_mask)
            total = total + self.skip_layers[number](hidden_states)
        steps = self.step_layer(total.relu().transpose(1, 3)) # [batch_size, skip_size, num_features, output_len]
        return self.output_layer(steps.relu().transpose(1, 3)).squeeze(-1)

    def _recent_values(self, inputs: torch.Tensor) -> torch.Tensor:
        """The last values up to each step, the oldest first; zeros before the window. Shape [..., pattern_len]."""
        return pad(inputs, (0, 0, self.pattern_len - 1, 0)).unfold(1, self.pattern_len, 1)

    def _laplacian_codes(self) -> torch.Tensor:
        """The codes. In training each column has a random sign, because the sign of an eigenvector is arbitrary."""
        if not self.training:
            return self.laplacian_codes
        columns = self.laplacian_codes.shape[1]
        return self.laplacian_codes * (2 * self.laplacian_codes.new_empty(columns).bernoulli_(0.5) - 1)

    def _check(self, inputs: torch.Tensor, inputs_timestamps: torch.Tensor) -> None:
        if not self.has_relations:
            raise ValueError(
                f"buffers: the masks, pattern keys and Laplacian codes of this {type(self).__name__} are not filled; "
                "expected those of the dataset, from a preparation or a checkpoint, by load_state_dict")
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


def _check_config(config: PDFormerConfig, model: str) -> None:
    sizes = (
        "input_len", "output_len", "num_features", "hidden_size", "intermediate_size", "skip_size", "num_layers",
        "n_geographic_heads", "n_semantic_heads", "n_temporal_heads", "num_laplacian", "num_patterns", "pattern_len",
        "max_hops", "num_semantic", "pattern_days", "num_day_in_week")
    for name in sizes:
        if not isinstance(config[name], int) or config[name] < 1:
            raise ValueError(f"{name}: {config[name]!r} in the config of {model}; expected a positive integer")
    heads = config.n_geographic_heads + config.n_semantic_heads + config.n_temporal_heads
    if config.hidden_size % heads or config.hidden_size % 2:
        raise ValueError(
            f"hidden_size: {config.hidden_size} in the config of {model}; expected an even multiple of the "
            f"{heads} heads")
    if not 0 <= config.drop_path < 1:
        raise ValueError(f"drop_path: {config.drop_path!r} in the config of {model}; expected a rate in [0, 1)")
