from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.host import benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(), "PEMS-BAY_67")
