from basicts_elin import STAEformer, STAEformerConfig
from basicts_elin.host import SMALL, benchmark_config

CFG = benchmark_config(STAEformer, STAEformerConfig(**SMALL), "PEMS-BAY_67", num_epochs=8)
