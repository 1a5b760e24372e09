from basicts_elin import HuberLoss, PlateauLR, STLAformer, STLAformerConfig, benchmark_config

CFG = benchmark_config(
    STLAformer,
    STLAformerConfig(),
    "PEMS08",
    loss=HuberLoss(delta=1.0, masked=False),
    target_metric="loss",
    optimizer_params={"lr": 1e-3, "weight_decay": 2e-3},
    lr_scheduler=PlateauLR,
    lr_scheduler_params={"metric": "MAE", "factor": 0.1, "patience": 20, "threshold": 1e-3, "min_lr": 2e-6},
    num_epochs=200,
)
