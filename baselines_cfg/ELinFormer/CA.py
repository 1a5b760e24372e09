from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config

CFG = benchmark_config(ELinFormer, ELinFormerConfig(), "CA", train_batch_size=1)
