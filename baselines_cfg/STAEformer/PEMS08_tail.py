from basicts_elin import STAEformer, STAEformerConfig, benchmark_config

CFG = benchmark_config(STAEformer, STAEformerConfig(), "PEMS08_tail")
