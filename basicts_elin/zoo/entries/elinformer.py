"""ELinFormer (arXiv 2511.03190), with STAEformer's recipe, as in the paper."""

from dataclasses import replace

from ..registry import register
from .staeformer import STAEFORMER


def _load() -> tuple[type, type]:
    from ...models.ELinFormer import ELinFormer, ELinFormerConfig

    return ELinFormer, ELinFormerConfig


register(
    replace(
        STAEFORMER,
        name="ELinFormer",
        load=_load,
        attention="linear",
        backbone="STAEformer",
        compared=("linear", "gaussian"),
        paper_name="ELinFormer",
        paper_attention="",
    )
)
