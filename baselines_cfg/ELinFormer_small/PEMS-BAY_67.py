from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin.host import SMALL, benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(**SMALL), "PEMS-BAY_67", num_epochs=8)
