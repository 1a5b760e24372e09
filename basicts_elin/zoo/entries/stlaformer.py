"""STLAformer (doi 10.1016/j.trc.2025.105423), with its published recipe.

The original trains in float16 where the GPU offers it. Here, `train --precision bf16` does so in bfloat16.
"""

from typing import Any

from ..registry import ModelEntry, Size, register

# for PEMS03 and PEMS07; all other datasets take that of PEMS04 and PEMS08
_WEIGHT_DECAY = {"PEMS03": 3e-3, "PEMS07": 1.5e-3}
# For LargeST, not published: powers of two, so that a batch has about as many nodes as on PEMS07, 16 x 883. SD: 16.
_BATCHES = {"GBA": 8, "GLA": 4, "CA": 2}


def _load() -> tuple[type, type]:
    from ...models.STLAformer import STLAformer, STLAformerConfig

    return STLAformer, STLAformerConfig


def _run_fields() -> dict[str, Any]:
    from ...training.protocol.losses import HuberLoss
    from ...training.protocol.schedules import PlateauLR

    return {
        # zeros, which mark missing values, count in the loss and not in the metrics
        "loss": HuberLoss(delta=1.0, masked=False),
        "target_metric": "loss",
        "optimizer_params": _adam(2e-3),
        "lr_scheduler": PlateauLR,
        "lr_scheduler_params": {"metric": "MAE", "factor": 0.1, "patience": 20, "threshold": 1e-3, "min_lr": 2e-6},
        "num_epochs": 200,
    }


def _adam(weight_decay: float) -> dict[str, float]:
    return {"lr": 1e-3, "weight_decay": weight_decay}


def _short_window(input_len: int, output_len: int) -> str:
    return "its convolutions over the steps need an input_len of 4 or more" if input_len < 4 else ""


register(
    ModelEntry(
        "STLAformer",
        _load,
        run_fields=_run_fields,
        dataset_fields={
            **{name: {"optimizer_params": _adam(decay)} for name, decay in _WEIGHT_DECAY.items()},
            **{name: {"train_batch_size": size} for name, size in _BATCHES.items()},
        },
        # for a CPU
        small=Size(
            model_fields={"hidden_size": 32, "intermediate_size": 128, "num_layers": 2},
            run_fields={"num_epochs": 8},
            dataset_fields={"SyntheticTraffic": {"num_epochs": 4}},
        ),
        unfit_window=_short_window,
    )
)
