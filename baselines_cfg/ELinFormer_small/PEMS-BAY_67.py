from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config
from basicts_elin.training.protocol.recipe import SMALL

CFG = benchmark_config(ELinFormer, ELinFormerConfig(**SMALL), "PEMS-BAY_67", num_epochs=8)
