"""Files of every type, cut and overwritten: they are read, or refused as a user's error."""

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from basicts_elin.data.graphs.reading import TYPES, read_graph
from basicts_elin.data.io.kinds import FEATHER, PARQUET
from basicts_elin.errors import UserError

MATRIX = np.random.default_rng(8).random((6, 6)).astype(np.float32)
IDS = list("abcdef")


def save(path):
    """A graph of the file's type; as text, an edge list."""
    edges = pd.DataFrame({"from": list("abc"), "to": list("def"), "cost": [1.5, 2.5, 3.5]})
    if path.suffix == ".npy":
        np.save(path, MATRIX)
    elif path.suffix == ".npz":
        np.savez_compressed(path, graph=MATRIX, row=np.arange(3))
    elif path.suffix in (".pkl", ".pickle"):
        path.write_bytes(pickle.dumps((IDS, {}, MATRIX), protocol=2))
    elif path.suffix in PARQUET:
        edges.to_parquet(path)
    elif path.suffix in FEATHER:
        edges.to_feather(path)
    elif path.suffix == ".csv":
        pd.DataFrame(MATRIX, IDS, IDS).to_csv(path)
    else:
        edges.to_csv(path)
    return path


@pytest.fixture(scope="module", params=TYPES)
def whole(request, tmp_path_factory):
    return save(tmp_path_factory.mktemp("whole") / f"graph{request.param}")


def test_the_whole_file_is_read(whole):
    assert read_graph(whole, 6, IDS).matrix.shape == (6, 6)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(whole, data, tmp_path_factory):
    content = bytearray(whole.read_bytes())
    place = st.integers(0, len(content) - 1)
    if data.draw(st.booleans()):
        del content[data.draw(place) :]
    for changed in data.draw(st.lists(place, max_size=5)):
        if changed < len(content):
            content[changed] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / whole.name
    path.write_bytes(content)
    with warnings.catch_warnings():
        # of zip archives
        warnings.simplefilter("ignore")
        try:
            matrix = read_graph(path, 6, IDS).matrix
        except UserError:
            return
    assert matrix.shape == (6, 6) and matrix.dtype == np.float32 and np.isfinite(matrix).all()
