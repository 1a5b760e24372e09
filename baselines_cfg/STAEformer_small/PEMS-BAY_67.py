from basicts_elin import STAEformer, STAEformerConfig, benchmark_config

MODEL_CONFIG = STAEformerConfig(
    input_hidden_size=16,
    tid_hidden_size=16,
    diw_hidden_size=8,
    adaptive_hidden_size=24,
    intermediate_size=128,
    num_layers=1,
)
CFG = benchmark_config(STAEformer, MODEL_CONFIG, "PEMS-BAY_67", num_epochs=8)
