"""Arguments that do not fit raise a ValueError that names the argument, the value found and the values expected."""

import pytest
import torch
from ops.compare import draw

from basicts_elin.ops import attention_entropy, entropy_equal_attention, entropy_equal_weights

Q, K, V = draw((2, 5, 4), (2, 9, 4), (2, 9, 3))
KEEP = torch.ones(2, 9, dtype=torch.bool)

BAD_TENSORS = {
    "width": ((Q[..., :3], K, V), r"^query and key: query \[2, 5, 3\], key \[2, 9, 4\]"),
    "no width": ((Q[..., :0], K[..., :0], V), r"^query and key: query \[2, 5, 0\], key \[2, 9, 0\]"),
    "number of keys": ((Q, K, V[:, :8]), r"^key and value: .*key \[2, 9, 4\], value \[2, 8, 3\]"),
    "no keys": ((Q, K[:, :0], V[:, :0]), r"^key: .*key \[2, 0, 4\].*N >= 1"),
    "leading": ((Q, torch.cat([K, K])[:3], V), r"^leading dimensions: query \[2\], key \[3\]"),
    "dimensions": ((Q[0, 0], K, V), r"^query: shape \[4\].*2"),
    "mixed dtypes": ((Q, K.float(), V), "^key: dtype torch.float32; .*torch.float64"),
    "value dtype": ((Q, K, V.bfloat16()), "^value: dtype torch.bfloat16; .*torch.float64"),
    "integers": ((Q.long(), K, V), "^query: dtype torch.int64"),
}
BAD_MASKS = {
    "dtype": (KEEP.float(), "^key_mask: dtype torch.float32; .*torch.bool"),
    "keys": (KEEP[:, :8], r"^key_mask: shape \[2, 8\]; .*9\]"),
    "leading": (KEEP[:1].expand(3, 9), r"^leading dimensions: query \[2\], key \[2\].*key_mask \[3\]"),
    "scalar": (torch.tensor(True), r"^key_mask: shape \[\]"),
}


@pytest.mark.parametrize("path", ["reference", "quadratic", "linear", "auto"])
@pytest.mark.parametrize("tensors, message", BAD_TENSORS.values(), ids=BAD_TENSORS)
def test_tensors(tensors, message, path):
    with pytest.raises(ValueError, match=message):
        entropy_equal_attention(*tensors, path=path)


@pytest.mark.parametrize("name", ["width", "no width", "no keys", "leading", "dimensions", "mixed dtypes", "integers"])
def test_query_and_key_alone(name):
    (query, key, _), message = BAD_TENSORS[name]
    for function in (attention_entropy, entropy_equal_weights):
        with pytest.raises(ValueError, match=message):
            function(query, key)


@pytest.mark.parametrize("key_mask, message", BAD_MASKS.values(), ids=BAD_MASKS)
def test_key_mask(key_mask, message):
    with pytest.raises(ValueError, match=message):
        entropy_equal_attention(Q, K, V, key_mask=key_mask)
    with pytest.raises(ValueError, match=message):
        attention_entropy(Q, K, key_mask=key_mask)


def test_names():
    estimators = "^entropy: 'shannon'; .*'taylor', 'taylor2', 'gaussian', 'exact'"
    for call in (
        lambda: entropy_equal_attention(Q, K, V, entropy="shannon"),
        lambda: entropy_equal_weights(Q, K, entropy="shannon"),
        lambda: attention_entropy(Q, K, entropy="shannon"),
    ):
        with pytest.raises(ValueError, match=estimators):
            call()
    with pytest.raises(ValueError, match="^path: 'fast'; .*'auto', 'reference', 'quadratic', 'linear'"):
        entropy_equal_attention(Q, K, V, path="fast")
