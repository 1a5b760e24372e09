from basicts.models.STID import STID, STIDConfig
from basicts.runners.callback import GradientClipping

from basicts_elin import benchmark_config

CFG = benchmark_config(
    STID,
    STIDConfig(num_layers=4, spatial_hidden_size=64, if_time_in_day=True, if_day_in_week=True),
    "SD",
    optimizer_params={"lr": 2e-3, "weight_decay": 1e-4},
    lr_scheduler_params={"milestones": [1, 30, 60, 80], "gamma": 0.5},
    train_batch_size=32,
    callbacks=[GradientClipping(5.0)],
)
