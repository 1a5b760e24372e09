"""Arrays that are kept in the folder of a dataset."""

import os
from pathlib import Path

import numpy as np
import pytest
from data.relations.city_graph import add_graph
from tiny import write_dataset

from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.relations.cache import cached
from basicts_elin.files import read_json, write_json


class Computing:
    """Counts how often it is called."""

    def __init__(self):
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return {"mask": np.eye(3, dtype=bool), "keys": np.full(2, self.calls, np.float32)}


@pytest.fixture
def folder(tmp_path):
    return add_graph(write_dataset(tmp_path))


def kept(folder):
    return sorted((folder / "cache").glob("*.npz"))


def test_it_is_computed_once(folder, capsys):
    compute = Computing()
    first, second = (cached(open_dataset(folder), "made", {"size": 3}, compute) for _ in range(2))
    assert compute.calls == 1 and capsys.readouterr().out == ""
    assert first.keys() == second.keys() == {"mask", "keys"}
    for name, array in first.items():
        assert second[name].dtype == array.dtype
        np.testing.assert_array_equal(second[name], array)
    assert [file.name.partition("-")[0] for file in kept(folder)] == ["made"]


def test_other_data_graph_or_settings_are_computed(folder):
    compute = Computing()

    def computed(**settings):
        before = compute.calls
        cached(open_dataset(folder), "made", {"size": 3, **settings}, compute)
        return compute.calls > before

    assert computed() and computed(size=4) and not computed(size=4)
    add_graph(folder, np.ones((5, 5), np.float32))
    assert computed()
    values = np.load(folder / "train_data.npy")
    values[0, 0] += 1
    np.save(folder / "train_data.npy", values)
    assert computed() and not computed()
    meta = read_json(folder / "meta.json", "")
    meta["regular_settings"]["null_val"] = -1.0
    write_json(folder / "meta.json", meta)
    assert computed() and not computed()


@pytest.mark.parametrize("damage", [b"", b"no archive", None])
def test_a_damaged_file_is_made_again(folder, damage, capsys):
    compute = Computing()
    cached(open_dataset(folder), "made", {}, compute)
    (file,) = kept(folder)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(bytes(content) if damage is None else damage)
    assert cached(open_dataset(folder), "made", {}, compute)["keys"][0] == 2
    assert str(file) in capsys.readouterr().out
    cached(open_dataset(folder), "made", {}, compute)
    assert compute.calls == 2 and capsys.readouterr().out == ""


def test_a_file_of_another_dataset_is_made_again(folder, capsys):
    compute = Computing()
    for size in (3, 4):
        cached(open_dataset(folder), "made", {"size": size}, compute)
    one, other = kept(folder)
    os.replace(one, other)
    for size in (3, 4):
        cached(open_dataset(folder), "made", {"size": size}, compute)
    assert compute.calls == 4 and capsys.readouterr().out.count(str(other)) == 1


def test_a_folder_that_cannot_be_written_to_is_said(folder, capsys):
    Path(folder, "cache").write_text("in the way")
    assert cached(open_dataset(folder), "made", {}, Computing())["keys"][0] == 1
    assert "cache" in capsys.readouterr().out
