from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(), "SD", train_batch_size=8)
