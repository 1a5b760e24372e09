"""Fixed node embeddings in place of the learned one, for the ablation: `--set model_config.node_embedding=none`.

N: nodes, C: width of the embedding.
"""

import torch

FIELD = "node_embedding"


def sinusoidal_codes(num_nodes: int, width: int) -> torch.Tensor:
    """The position codes of arXiv 1706.03762 for the indices of the nodes, [N, C]: sines in even columns."""
    columns = torch.arange(width)
    angles = torch.arange(num_nodes).unsqueeze(-1) / 10000 ** ((columns - columns % 2) / width)
    return torch.where(columns % 2 == 0, angles.sin(), angles.cos())


# name -> (N, C) -> the embedding at every step, [N, C]
NODE_EMBEDDINGS = {"sinusoidal": sinusoidal_codes, "none": torch.zeros}


def fix_node_embedding(model: torch.nn.Module, name: str) -> None:
    """Replace the learned `adaptive_emb` [steps, N, C] of a model by a buffer, which checkpoints do not hold."""
    shape = model.adaptive_emb.shape
    del model.adaptive_emb
    # A copy for each step, because DDP writes received buffers in place, which expanded memory does not allow.
    values = NODE_EMBEDDINGS[name](*shape[1:]).repeat(shape[0], 1, 1)
    model.register_buffer("adaptive_emb", values, persistent=False)
