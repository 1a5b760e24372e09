from basicts_elin import STAEformer, STAEformerConfig
from basicts_elin.host import benchmark_config

CFG = benchmark_config(STAEformer, STAEformerConfig(), "PEMS-BAY_67")
