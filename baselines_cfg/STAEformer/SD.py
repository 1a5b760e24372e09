from basicts_elin import STAEformer, STAEformerConfig, benchmark_config

CFG = benchmark_config(STAEformer, STAEformerConfig(), "SD", train_batch_size=8)
