from torch import nn

from ....modules import EntropyEqualAttention
from ...STAEformer.arch.staeformer_arch import STAEformer
from ..config.elinformer_config import ELinFormerConfig


class ELinFormer(STAEformer):
    """
    STAEformer with entropy-equal attention in every temporal and spatial layer. Its parameters are those of STAEformer.

    Paper: Efficient Linear Attention for Multivariate Time Series Modeling via Entropy Equality
    Link: https://arxiv.org/abs/2511.03190
    Task: Spatial-Temporal Forecasting
    """

    def _build_attention(self, config: ELinFormerConfig) -> nn.Module:
        return EntropyEqualAttention(
            self.hidden_size, config.n_heads, entropy=config.entropy, path=config.path, eps=config.eps)
