from basicts_elin import ELinFormer, ELinFormerConfig, benchmark_config

MODEL_CONFIG = ELinFormerConfig(
    input_hidden_size=16,
    tid_hidden_size=16,
    diw_hidden_size=8,
    adaptive_hidden_size=24,
    intermediate_size=128,
    num_layers=1,
)
CFG = benchmark_config(ELinFormer, MODEL_CONFIG, "SyntheticTraffic", num_epochs=4)
