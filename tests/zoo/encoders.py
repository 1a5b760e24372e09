"""Small models that the tests of the zoo share."""

from basicts.modules import MLPLayer
from basicts.modules.transformer import Encoder, EncoderLayer
from torch import nn


def encoder(*attentions):
    """One layer for each attention of 12 features, in float64."""
    layers = [EncoderLayer(attention, MLPLayer(12, 16), (nn.LayerNorm, 12)) for attention in attentions]
    return Encoder(nn.ModuleList(layers), nn.LayerNorm(12)).double()
