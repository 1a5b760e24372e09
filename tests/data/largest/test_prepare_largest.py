"""From the files of LargeST, in any of the forms that people have, to the dataset folders."""

import json
import pickle

import h5py
import numpy as np
import pytest
from data.largest.made import (
    COLUMNS,
    DISTRICTS,
    IDS,
    STEPS,
    matrix_of,
    published_means,
    raw_frame,
    save,
    sensor_table,
)
from data.small_series import load, meta_of, nothing_written
from refusal import refuses

from basicts_elin.data.catalog import CATALOG
from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset
from basicts_elin.results.page.coordinates import read_coordinates

NAMES = {
    name: [one for one, district in zip(IDS, DISTRICTS, strict=True) if district in CATALOG[name].districts]
    for name in ("SD", "GBA", "GLA", "CA")
}


def graph_of(folder):
    return pickle.loads((folder / "adj_mx.pkl").read_bytes())


@pytest.mark.parametrize("name", NAMES)
def test_values_are_the_published_means_of_the_districts(published, out, name):
    folder = prepare_dataset(name, out=out, **published)
    means = published_means(raw_frame())
    np.testing.assert_array_equal(load(folder, "data"), means[NAMES[name]].to_numpy())
    assert load(folder, "data").dtype == np.float32
    assert open_dataset(folder).node_names == NAMES[name]
    np.testing.assert_array_equal(graph_of(folder), matrix_of(NAMES[name]).astype(np.float32))
    np.testing.assert_array_equal(np.concatenate([open_dataset(folder).dates(part) for part in PARTS]), means.index)


def test_halves_are_rounded_to_the_even_number(tmp_path, out):
    frame = raw_frame()
    frame.iloc[:6, 0] = [10, 11, np.nan, 11, 12, np.nan]
    folder = prepare_dataset("CA", out=out, **save(tmp_path / "ca", frame=frame))
    assert load(folder, "data")[:2, IDS.index(COLUMNS[0])].tolist() == [10, 12]
