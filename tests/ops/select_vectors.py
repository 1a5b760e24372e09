"""Selects attention_vectors.npz beside this file from the developers' larger file of the same name.

    python tests/ops/select_vectors.py ../shared/reference/attention_vectors.npz

All cases (sizes x sharpness) are kept, with all their arrays, for fewer leading indices and, in "long", fewer queries.
The output of a query does not depend on other queries, so the remaining numbers are valid.
"""

import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("attention_vectors.npz")

# size -> leading indices kept, queries kept
_KEPT = {"tiny": (2, None), "short": (2, None), "mid": (2, None), "long": (1, 50)}


def main() -> None:
    vectors, selected = np.load(sys.argv[1]), {}
    for name in vectors.files:
        case, _, kind = name.partition("/")
        leading, queries = _KEPT[case.partition("_")[0]]
        selected[name] = vectors[name][:leading, : None if kind in ("key", "value") else queries]
    np.savez_compressed(FILE, **selected)


if __name__ == "__main__":
    main()
