"""Damaged files are refused, or read; nothing else comes out."""

import numpy as np
import pyarrow as pa
import pytest
from data.io.files import BARE, LONG, WIDE, wide_frame
from pyarrow import feather

from basicts_elin.data.io.reading import read_series
from basicts_elin.errors import UserError

KINDS = WIDE | LONG | BARE
MUTATIONS = 20


def mutate(content, rng):
    """A file with bytes changed, cut out, doubled or cut off."""
    content = bytearray(content)
    how = rng.integers(5)
    if how == 0:
        return bytes(content[: rng.integers(len(content))])
    start = int(rng.integers(len(content)))
    stop = start + int(rng.integers(1, 40))
    if how == 1:
        del content[start:stop]
    elif how == 2:
        content[start:start] = content[start:stop]
    elif how == 3:
        content[start:stop] = rng.bytes(len(content[start:stop]))
    else:
        for place in rng.integers(len(content), size=rng.integers(1, 6)):
            content[place] ^= 1 << rng.integers(8)
    return bytes(content)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_only_user_errors_come_out(tmp_path, kind):
    rng = np.random.default_rng(list(kind.encode()))
    path = tmp_path / kind
    KINDS[kind](path, wide_frame(rng.normal(50, 9, (20, 3)).astype(np.float32), ["Köln", "b", "400001"]))
    whole = path.read_bytes()
    for _ in range(MUTATIONS):
        path.write_bytes(mutate(whole, rng))
        try:
            series = read_series(path)
        except UserError as error:
            assert error.field == "file" and error.found
        else:
            assert series.values.dtype == np.float32 and len(series.values)
            assert series.times is None or len(series.times) == len(series.values)


def test_damaged_offsets_of_texts_do_not_end_the_process(tmp_path):
    path = tmp_path / "long.feather"
    ids = pa.array(["aa", "bb"] * 40, pa.string())
    times = np.repeat(np.arange("2024-01-01", "2024-02-10", dtype="M8[D]"), 2)
    feather.write_feather(pa.table({"unique_id": ids, "ds": times, "y": np.arange(80.0)}), path, "uncompressed")
    content = bytearray(path.read_bytes())
    offsets = np.arange(0, 160, 2, dtype="<i4").tobytes()
    content[content.index(offsets) + 7] = 0x7F
    path.write_bytes(content)
    with pytest.raises(UserError, match="cannot be read"):
        read_series(path)
