from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config
from basicts_elin.training.protocol.recipe import SMALL

CFG = benchmark_config(ELinFormer, ELinFormerConfig(**SMALL), "SyntheticTraffic", num_epochs=4)
