"""What PDFormer (AAAI 2023) computes from the graph and the training part. N: nodes.

The original computes the mean day of each node from the whole file, including the test part. Here everything comes
from the training part alone.
"""

from typing import Any

import numpy as np

from ..dataset import Dataset
from .cache import Arrays, cached
from .graph import dataset_links, far_mask, hop_counts, laplacian_codes
from .patterns import pattern_keys, training_patterns
from .similarity import mean_day, unlike_mask, warping_distances

_SEED = 0
_SETTINGS = (
    "max_hops",
    "num_semantic",
    "pattern_days",
    "pattern_len",
    "num_patterns",
    "num_laplacian",
    "input_len",
    "output_len",
)


def pdformer_relations(dataset: Dataset, config: Any) -> Arrays:
    """The buffers of a PDFormer, computed once for a dataset and kept in its folder.

    Args:
        config: the model's configuration.
    Returns: geographic_mask and semantic_mask, bool [N, N], True = blocked; pattern_keys and laplacian_codes, float32.
    Raises: UserError for a dataset without a graph, or with too few windows for the pattern keys.
    """
    links = dataset_links(dataset, "PDFormer")
    settings = {name: config[name] for name in _SETTINGS}

    def compute() -> Arrays:
        pairs = len(links) * (len(links) - 1) // 2
        print(
            f"PDFormer: comparing the mean days of {len(links)} sensors ({pairs:,} pairs) and clustering patterns, once"
        )
        patterns = training_patterns(
            dataset, config.pattern_days, config.pattern_len, config.input_len, config.output_len, _SEED
        )
        # first, because it may raise an error
        keys = pattern_keys(patterns, config.num_patterns, _SEED)
        return {
            "geographic_mask": far_mask(hop_counts(links), config.max_hops),
            "semantic_mask": unlike_mask(warping_distances(mean_day(dataset)), config.num_semantic),
            "pattern_keys": keys.astype(np.float32),
            "laplacian_codes": laplacian_codes(links, config.num_laplacian).astype(np.float32),
        }

    return cached(dataset, "pdformer", settings, compute)
