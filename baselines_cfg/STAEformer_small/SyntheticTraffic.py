from basicts_elin import STAEformer, STAEformerConfig
from basicts_elin.host import SMALL, benchmark_config

CFG = benchmark_config(STAEformer, STAEformerConfig(**SMALL), "SyntheticTraffic", num_epochs=4)
