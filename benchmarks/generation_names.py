"""The names of BasicTS 1.1 for the parameters of models in BasicTS 0.5."""

# a name in the configurations of BasicTS 0.5 -> the names of BasicTS 1.1; the first that the model has
NAMES = {
    "activation": ("hidden_act",),
    "d_core": ("core_size",),
    "d_ff": ("intermediate_size",),
    "d_layers": ("num_decoder_layers",),
    "d_model": ("hidden_size",),
    "dropout_rate": ("dropout",),
    "e_layers": ("num_encoder_layers", "num_layers"),
    "embed_dim": ("input_hidden_size",),
    "feature_encode_dim": ("timestamps_encode_size",),
    "if_D_i_W": ("if_day_in_week",),
    "if_T_i_D": ("if_time_in_day",),
    "if_node": ("if_spatial",),
    "node_dim": ("spatial_hidden_size",),
    "num_layer": ("num_layers",),
    "stack_cnt": ("num_blocks",),
    "stride": ("patch_stride",),
    "temp_dim_diw": ("diw_hidden_size",),
    "temp_dim_tid": ("tid_hidden_size",),
    "time_of_day_size": ("num_time_in_day",),
    "day_of_week_size": ("num_day_in_week",),
    "use_norm": ("use_revin",),
}
NAMES_OF = {
    "Crossformer": {"seg_len": ("patch_len",), "e_layers": ("num_layers",)},
    "Informer": {"distil": ("distill",)},
    "MTSMixer": {
        "d_ff": ("channel_hidden_size",), "d_model": ("temporal_hidden_size",), "rev": ("use_revin",),
        "sampling": ("down_sampling",), "use_norm": ("use_layer_norm",),
    },
    "PatchTST": {"individual": ("individual_head",), "revin": ("use_revin",), "dropout": ("attn_dropout",),
                 "decomposition": ("decomp",), "kernel_size": ("moving_avg",)},
    "StemGNN": {"multi_layer": ("hidden_size",)},
    "FiLM": {"window_size": ("hidden_size",), "d_model": (), "use_norm": ()},
}  # fmt: skip
# what the configuration lacks (iTransformer's fails without it), or what does not fit the steps
PARAMETERS = {"iTransformer": {"task_name": "forecast"}, "Koopa": {"seg_len": 24}}
