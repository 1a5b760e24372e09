"""Cuts `pdformer_miniature.npz` from the public model's vectors: python tests/models/select_pdformer.py VECTORS.npz

The first layer's attention, from the inputs of one window on. The vectors hold what the whole model puts out, so the
model here is compared with them first; what its first attention puts out is then kept, with the gradients of its sum of
squares.
"""

import sys
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from models.pdformer_vectors import MINIATURE, first_attention, own_inputs, public_model

PUBLISHED = ("pattern_embeddings", "enc_embed_layer", "encoder_blocks.0.norm1", "encoder_blocks.0.st_attn")
TABLES = ("daytime_embedding.weight", "weekday_embedding.weight")
GRADIENTS = ("geographic.k_proj.weight", "delays.q_proj.bias", "semantic.q_proj.bias", "temporal.v_proj.bias")
CHANNELS = slice(None, None, 4)


def main(source):
    vectors = dict(np.load(source))
    model = public_model(vectors)
    values, timestamps = own_inputs(vectors["inputs"])
    torch.testing.assert_close(
        model(values, timestamps), torch.from_numpy(vectors["outputs"][..., 0]), rtol=1e-10, atol=1e-10
    )
    kept = {}
    for name, array in vectors.items():
        if name.startswith("state/") and name.removeprefix("state/").startswith(PUBLISHED) and not name.endswith("pe"):
            if not (array == array.astype(np.float32)).all():
                raise ValueError(f"{name} has more digits than float32")
            kept[name] = array.astype(np.float32)
    names = ("config", "adjacency", "hops", "geo_mask", "dtw", "sem_mask", "pattern_keys", "lap_pe")
    kept |= {name: vectors[name] for name in names}
    kept["inputs"] = vectors["inputs"][:1]
    attended = first_attention(model, values[:1], timestamps[:1])
    attended.square().sum().backward()
    kept["attended"] = attended.detach().numpy()[..., CHANNELS]
    for name, parameter in model.layers[0].attention.named_parameters():
        if name.startswith(GRADIENTS):
            kept[f"attended_grad/{name}"] = parameter.grad.numpy()
    _leave_unused_rows_out(kept)
    np.savez_compressed(MINIATURE, **kept)


def _leave_unused_rows_out(kept):
    """Zeros, which take no space, for the times of day and days that the window does not have."""
    minutes = np.round(kept["inputs"][0, :, 0, 1] * 1440).astype(int)
    days = kept["inputs"][0, :, 0, 2:].argmax(axis=-1)
    for table, used in zip(TABLES, (minutes, days), strict=True):
        name = f"state/enc_embed_layer.{table}"
        rows = np.zeros_like(kept[name])
        rows[used] = kept[name][used]
        kept[name] = rows


if __name__ == "__main__":
    main(*sys.argv[1:])
