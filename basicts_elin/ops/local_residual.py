"""The local residual of InLine attention: each token's value and its two neighbours', weighted per channel.

Source: arXiv 2412.06590, with 3 taps along the token order. Shapes: N tokens, C channels, ... leading dimensions.
"""

from torch import Tensor
from torch.nn import functional as F


def local_residual(value: Tensor, taps: Tensor) -> Tensor:
    """Depthwise convolution along the tokens, with taps for each leading index.

        r_nc = taps_c0 value_(n-1)c + taps_c1 value_nc + taps_c2 value_(n+1)c,    zeros beyond the ends

    Args:
        value: [..., N, C].
        taps: [..., C, 3].
    Returns: [..., N, C].
    """
    n_tokens = value.shape[-2]
    padded = F.pad(value, (0, 0, 1, 1))
    before, here, after = (tap.unsqueeze(-2) for tap in taps.unbind(-1))
    return (
        before * padded[..., :n_tokens, :]
        + here * padded[..., 1 : n_tokens + 1, :]
        + after * padded[..., 2 : n_tokens + 2, :]
    )
