"""Selects stlaformer_miniature.npz beside this file from the developers' larger file.

    PYTHONPATH=tests python tests/models/select_stlaformer.py ../shared/reference/stlaformer_vectors.npz

The parameters are whole: they are float32 numbers, although the public model computed in float64. Of the embedding,
only the rows that the windows use are kept. Each gradient is kept as its sum and its sum of squares.
"""

import sys

import numpy as np
from models.stlaformer_vectors import MINIATURE, SIZES, moments, published_name

from basicts_elin import STLAformer, STLAformerConfig


def main() -> None:
    vectors = np.load(sys.argv[1])
    names = [published_name(name) for name in STLAformer(STLAformerConfig(**SIZES)).state_dict()]
    state = {name: vectors[f"state/{name}"] for name in names}
    used = np.unique((vectors["inputs"][..., 1] * SIZES["num_time_in_day"]).astype(int))
    state["tow_embedding.weight"][np.setdiff1d(np.arange(SIZES["num_time_in_day"]), used)] = 0
    flat = np.concatenate([array.reshape(-1) for array in state.values()])
    assert (flat == flat.astype(np.float32)).all()
    np.savez_compressed(
        MINIATURE,
        state=flat.astype(np.float32),
        gradients=np.stack([moments(vectors[f"grad/{name}"]) for name in names]),
        values=vectors["inputs"][..., 0],
        # the same at every node
        fractions=vectors["inputs"][:, :, 0, 1],
        outputs=vectors["outputs"][..., 0],
    )


if __name__ == "__main__":
    main()
