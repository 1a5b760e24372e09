from basicts.runners.callback import EarlyStopping, GradientClipping
from torch.optim import AdamW

from basicts_elin import (
    HorizonCurriculum,
    HuberLoss,
    PDFormer,
    PDFormerConfig,
    PreparedBuffers,
    WarmupCosineLR,
    benchmark_config,
    pdformer_relations,
)

CFG = benchmark_config(
    PDFormer,
    PDFormerConfig(max_hops=7),
    "PEMS03",
    loss=HuberLoss(delta=2.0, masked=False),
    target_metric="loss",
    optimizer=AdamW,
    optimizer_params={"lr": 1e-3, "weight_decay": 0.05},
    lr_scheduler=WarmupCosineLR,
    lr_scheduler_params={"warmup_epochs": 5, "warmup_lr": 1e-6, "min_lr": 1e-4},
    num_epochs=200,
    callbacks=[PreparedBuffers(pdformer_relations), EarlyStopping(50), GradientClipping(5.0), HorizonCurriculum(1964)],
)
