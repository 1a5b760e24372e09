"""The public PDFormer's numbers, with the published names of its parameters mapped to ours."""

import json
import re
from pathlib import Path

import torch

from basicts_elin import PDFormer, PDFormerConfig

MINIATURE = Path(__file__).with_name("pdformer_miniature.npz")

_NAMES = [
    (r"pattern_embeddings\.0\.token_embed", "pattern_layer"),
    (r"enc_embed_layer\.value_embedding\.token_embed", "embedding.value_layer"),
    (r"enc_embed_layer\.daytime_embedding", "embedding.time_in_day_emb"),
    (r"enc_embed_layer\.weekday_embedding", "embedding.day_in_week_emb"),
    (r"enc_embed_layer\.spatial_embedding\.embedding_lap_pos_enc", "embedding.laplacian_layer"),
    (r"encoder_blocks\.(\d+)\.norm1", r"layers.\1.attention_norm"),
    (r"encoder_blocks\.(\d+)\.norm2", r"layers.\1.ffn_norm"),
    (r"encoder_blocks\.(\d+)\.mlp", r"layers.\1.ffn"),
    (r"encoder_blocks\.(\d+)\.st_attn", r"layers.\1.attention"),
    (r"attention\.pattern_([qkv])_linears\.0", r"attention.delays.\1_proj"),
    (r"attention\.geo_([qkv])_conv", r"attention.geographic.\1_proj"),
    (r"attention\.sem_([qkv])_conv", r"attention.semantic.\1_proj"),
    (r"attention\.t_([qkv])_conv", r"attention.temporal.\1_proj"),
    (r"attention\.proj", "attention.out_proj"),
    (r"skip_convs", "skip_layers"),
    (r"end_conv1", "step_layer"),
    (r"end_conv2", "output_layer"),
]


def own_name(published):
    for pattern, name in _NAMES:
        published = re.sub(pattern, name, published)
    return published


def own_parameters(found, prefix):
    """The arrays below a prefix by our names; 1x1 convolutions as matrices. What is no parameter is left out."""
    arrays = {own_name(name.removeprefix(prefix)): found[name] for name in found if name.startswith(prefix)}
    for other in ("enc_embed_layer.position_encoding.pe", "inputs"):
        arrays.pop(other, None)
    return {
        name: torch.from_numpy(array.reshape(array.shape[:2]) if array.ndim == 4 else array)
        for name, array in arrays.items()
    }


def relations(found):
    """The buffers. The public model holds the pattern keys in float32."""
    return {
        "geographic_mask": torch.from_numpy(found["geo_mask"]),
        "semantic_mask": torch.from_numpy(found["sem_mask"]),
        "pattern_keys": torch.from_numpy(found["pattern_keys"][..., 0]).float().double(),
        "laplacian_codes": torch.from_numpy(found["lap_pe"]),
    }


def config_of(found):
    published = json.loads(str(found["config"]).replace("'", '"').replace("True", "true"))
    return PDFormerConfig(
        input_len=published["input_window"],
        output_len=published["output_window"],
        num_features=len(found["adjacency"]),
        hidden_size=published["embed_dim"],
        intermediate_size=4 * published["embed_dim"],
        skip_size=published["skip_dim"],
        n_geographic_heads=published["geo_num_heads"],
        n_semantic_heads=published["sem_num_heads"],
        n_temporal_heads=published["t_num_heads"],
        num_layers=published["enc_depth"],
        drop_path=published["drop_path"],
        num_laplacian=published["lape_dim"],
        num_patterns=len(found["pattern_keys"]),
        pattern_len=published["step_size"],
        max_hops=published["far_mask_delta"],
        num_semantic=published["dtw_delta"],
    )


def public_model(found):
    """Our model with the public parameters, float64, in evaluation."""
    model = PDFormer(config_of(found)).double().eval()
    model.load_state_dict({**own_parameters(found, "state/"), **relations(found)}, strict=True)
    return model


def first_attention(model, values, timestamps):
    """What the attention of the first layer adds, [B, T, N, D]."""
    layer = model.layers[0]
    recent, patterns = model.pattern_layer(model._recent_values(values)), model.pattern_layer(model.pattern_keys)
    hidden_states = model.embedding(values, timestamps, model.laplacian_codes)
    masks = ~model.geographic_mask, ~model.semantic_mask
    return layer.attention(layer.attention_norm(hidden_states), recent, patterns, *masks)


def own_inputs(channels):
    """What BasicTS gives for the public model's channels [B, T, N, 9]: values [B, T, N] and timestamps [B, T, 2]."""
    channels = torch.as_tensor(channels)
    day = channels[:, :, 0, 2:].argmax(dim=-1) / 7
    return channels[..., 0].clone(), torch.stack([channels[:, :, 0, 1], day], dim=-1)
