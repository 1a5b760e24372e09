from basicts_elin import STAEformer, STAEformerConfig, benchmark_config
from basicts_elin.training.protocol.recipe import SMALL

CFG = benchmark_config(STAEformer, STAEformerConfig(**SMALL), "PEMS-BAY_67", num_epochs=8)
