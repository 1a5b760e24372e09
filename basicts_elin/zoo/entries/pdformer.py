"""PDFormer (arXiv 2301.07945), with its published recipe."""

import math
from typing import Any

from ...config.lengths import INPUT_LEN, OUTPUT_LEN
from ...data.dataset import find_dataset
from ...data.relations.pdformer import pdformer_relations
from ..registry import ModelEntry, Size, register

_BATCH = 16
# PEMS08's published number is slightly more than four epochs. Those of PEMS04 and PEMS07 are two, the rule for others.
_BATCHES_PER_STEP = {"PEMS08": 2776}
_EPOCHS_PER_STEP = 2
# for synthetic data, whose length is not known until they are generated
_ANY = 1274
_DATASET_FIELDS = {"PEMS07": {"train_batch_size": 8, "accumulate": 2}}
_SCHEDULE = {"warmup_epochs": 5, "warmup_lr": 1e-6, "min_lr": 1e-4}


def _load() -> tuple[type, type]:
    from ...models.PDFormer import PDFormer, PDFormerConfig

    return PDFormer, PDFormerConfig


def _run_fields() -> dict[str, Any]:
    from torch.optim import AdamW

    from ...training.protocol.losses import HuberLoss
    from ...training.protocol.schedules import WarmupCosineLR

    return {
        "loss": HuberLoss(delta=2.0, masked=False),
        "target_metric": "loss",
        "optimizer": AdamW,
        "optimizer_params": {"lr": 1e-3, "weight_decay": 0.05},
        "lr_scheduler": WarmupCosineLR,
        "lr_scheduler_params": _SCHEDULE,
        "num_epochs": 200,
        "train_batch_size": _BATCH,
    }


def _callbacks() -> list[Any]:
    from basicts.runners.callback import EarlyStopping, GradientClipping

    return [EarlyStopping(50), GradientClipping(5.0)]


def _curriculum(dataset: str, is_small: bool) -> list[Any]:
    """No curriculum for the small size: its few epochs would end before the last stage."""
    from ...training.protocol.curriculum import HorizonCurriculum

    return [] if is_small else [HorizonCurriculum(_batches_per_step(dataset))]


def _batches_per_step(name: str) -> int:
    if name in _BATCHES_PER_STEP:
        return _BATCHES_PER_STEP[name]
    dataset = find_dataset(name)
    if dataset.num_rows is None:
        return _ANY
    windows = round((dataset.num_rows - INPUT_LEN - OUTPUT_LEN + 1) * dataset.split[0])
    batch = _DATASET_FIELDS.get(name, {}).get("train_batch_size", _BATCH)
    return max(_EPOCHS_PER_STEP * math.ceil(windows / batch), 1)


register(
    ModelEntry(
        "PDFormer",
        _load,
        run_fields=_run_fields,
        dataset_fields=_DATASET_FIELDS,
        # PEMS03 is set like PEMS04 to PEMS08; all other datasets have the defaults of the original
        dataset_model_fields={
            "PEMS03": {"max_hops": 7},
            "PEMS04": {"max_hops": 7},
            "PEMS07": {"max_hops": 7},
            "PEMS08": {"max_hops": 7, "pattern_days": 21},
            "PEMS08_tail": {"max_hops": 7, "pattern_days": 21},
        },
        callbacks=_callbacks,
        dataset_callbacks=_curriculum,
        prepare=pdformer_relations,
        # for a CPU
        small=Size(
            model_fields={
                "hidden_size": 32,
                "intermediate_size": 128,
                "skip_size": 64,
                "n_geographic_heads": 2,
                "n_semantic_heads": 1,
                "n_temporal_heads": 1,
                "num_layers": 2,
            },
            run_fields={"num_epochs": 8, "lr_scheduler_params": {**_SCHEDULE, "warmup_epochs": 1, "warmup_lr": 1e-4}},
            dataset_fields={"SyntheticTraffic": {"num_epochs": 4}},
        ),
        paper_name="PDFormer",
    )
)
