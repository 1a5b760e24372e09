from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(), "GLA", train_batch_size=2)
