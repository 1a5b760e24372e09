"""Small models for the tests."""

import torch

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig

MODELS = {"STAEformer": (STAEformer, STAEformerConfig), "ELinFormer": (ELinFormer, ELinFormerConfig)}
NODES, STEPS = 5, 12


def small_model(name, seed=0, dtype=torch.float64, **settings):
    """Without dropout; hidden size 20, two heads."""
    model, config = MODELS[name]
    sizes = {
        "input_len": STEPS,
        "output_len": STEPS,
        "num_features": NODES,
        "input_hidden_size": 4,
        "tid_hidden_size": 4,
        "diw_hidden_size": 4,
        "adaptive_hidden_size": 8,
        "intermediate_size": 16,
        "n_heads": 2,
        "num_layers": 1,
        "dropout": 0.0,
    }
    torch.manual_seed(seed)
    return model(config(**{**sizes, **settings})).to(dtype)


def small_batch(batch_size=3, steps=STEPS, nodes=NODES, seed=1, dtype=torch.float64):
    """inputs [B, steps, nodes]; timestamps [B, steps, 2] of consecutive five-minute slots."""
    generator = torch.Generator().manual_seed(seed)
    inputs = torch.randn(batch_size, steps, nodes, generator=generator, dtype=torch.float64)
    slots = torch.randint(2016, (batch_size, 1), generator=generator) + torch.arange(steps)
    timestamps = torch.stack([slots % 288 / 288, slots // 288 % 7 / 7], dim=-1)
    return inputs.to(dtype), timestamps.to(dtype)
