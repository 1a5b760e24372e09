"""The split of a dataset by numbers of rows."""

import math
from collections.abc import Sequence

from ...errors import UserError


def shares_of(split_rows: Sequence[int], num_rows: int) -> tuple[float, float, float]:
    """The shares from which `catalog.split_lengths` makes parts of exactly these rows.

    Raises: UserError unless they are positive and sum to `num_rows`.
    """
    found = " ".join(map(str, split_rows))
    if min(split_rows) < 1:
        raise UserError("split_rows", found, "three numbers of rows, 1 or more each")
    if sum(split_rows) != num_rows:
        raise UserError(
            "split_rows",
            f"{found}, together {sum(split_rows)}",
            f"numbers that sum to {num_rows}, the rows of the dataset",
            "correct --split-rows",
        )
    train, val, test = (_share(rows, num_rows) for rows in split_rows)
    return train, val, test


def _share(rows: int, num_rows: int) -> float:
    share = rows / num_rows
    # The quotient may be rounded down. `split_lengths` truncates, and the part would lose a row.
    while int(num_rows * share) < rows:
        share = math.nextafter(share, 1.0)
    return share
