"""Folders that exist already, and failures midway."""

import json
from pathlib import Path

import numpy as np
import pytest
from data.small_series import FILES, FULL, NODES, contents, load, save_legacy, save_lines
from refusal import refuses

from basicts_elin.data.prepare import prepare_dataset, prepare_synthetic, writer
from basicts_elin.errors import UserError


@pytest.fixture
def existing(npz, out):
    folder = prepare_dataset("PEMS08", npz, out=out, rows=":500")
    (folder / "adj_mx.pkl").write_bytes(b"made by the user")
    (folder / "notes").mkdir()
    (folder / "notes" / "why.txt").write_text("because")
    return folder


def test_an_existing_folder_is_refused_before_the_file_is_read(tmp_path, out, existing):
    before = contents(out)
    with refuses("out", found=existing, fix=("--force", "--out")):
        prepare_dataset("PEMS08", tmp_path / "no.npz", out=out)
    (out / "SyntheticTraffic").mkdir()
    with refuses("out", found=out / "SyntheticTraffic", fix="--force"):
        prepare_synthetic(out=out)
    (out / "SyntheticTraffic").rmdir()
    assert contents(out) == before


def test_a_file_in_the_way_is_refused_even_with_force(npz, out):
    out.mkdir()
    (out / "PEMS08").write_text("mine")
    with refuses("out", found=(out / "PEMS08", "file"), expected="folder"):
        prepare_dataset("PEMS08", npz, out=out, force=True)
    assert (out / "PEMS08").read_text() == "mine"


def test_force_replaces_what_is_ours_and_keeps_the_rest(npz, out, existing, capsys):
    prepare_dataset("PEMS08", npz, out=out, force=True)
    assert len(load(existing, "data")) == FULL
    assert (existing / "adj_mx.pkl").read_bytes() == b"made by the user"
    assert (existing / "notes" / "why.txt").read_text() == "because"
    assert json.loads((existing / "meta.json").read_text())["has_graph"] is True
    assert "adj_mx.pkl kept" in capsys.readouterr().out
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_force_takes_the_new_graph_where_there_is_one(tmp_path, out, flow, existing):
    prepare_dataset("PEMS08", save_legacy(tmp_path / "old", flow, b"new"), out=out, force=True)
    assert (existing / "adj_mx.pkl").read_bytes() == b"new"


def test_force_writes_where_a_link_points(tmp_path, npz, out):
    out.mkdir()
    (tmp_path / "disk").mkdir()
    (out / "PEMS08").symlink_to(tmp_path / "disk")
    prepare_dataset("PEMS08", npz, out=out, force=True)
    assert (out / "PEMS08").is_symlink()
    assert {path.name for path in (tmp_path / "disk").iterdir()} == FILES


def test_the_new_folder_is_as_open_as_any_other(tmp_path, npz, out):
    (tmp_path / "plain").mkdir()
    assert prepare_dataset("PEMS08", npz, out=out).stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [OSError("no space left"), KeyboardInterrupt()])
def test_a_failure_while_writing_changes_nothing(monkeypatch, npz, out, existing, error):
    before, save, calls = contents(out), np.save, []

    def fails_late(path, array):
        calls.append(path)
        if len(calls) == 4:
            raise error
        save(path, array)

    monkeypatch.setattr(writer.np, "save", fails_late)
    with pytest.raises(UserError if isinstance(error, OSError) else KeyboardInterrupt):
        prepare_dataset("PEMS08", npz, out=out, force=True)
    assert len(calls) == 4
    assert contents(out) == before
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_a_failure_while_swapping_brings_the_old_folder_back(monkeypatch, npz, out, existing):
    before, rename, renamed = contents(out), Path.rename, []

    def fails_for_the_new(self, target):
        renamed.append(self.name)
        if self.name == "new":
            raise OSError("no such luck")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_for_the_new)
    with refuses("out", found=(existing, "no such luck")):
        prepare_dataset("PEMS08", npz, out=out, force=True)
    assert renamed == ["PEMS08", "new", "old"]
    assert contents(out) == before
    assert [path.name for path in out.iterdir()] == ["PEMS08"]


def test_old_data_survive_even_where_the_way_back_fails(monkeypatch, npz, out, existing):
    before, rename = set(contents(existing).values()), Path.rename

    def fails_after_the_first(self, target):
        if self.name != "PEMS08":
            raise OSError("disk gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fails_after_the_first)
    with refuses("out", found=(existing, "disk gone")):
        prepare_dataset("PEMS08", npz, out=out, force=True)
    assert set(contents(out).values()) >= before


def test_a_graph_of_other_nodes_is_not_kept(tmp_path, h5, dated, out):
    np.save(tmp_path / "graph.npy", np.eye(NODES))
    folder = prepare_dataset("METR-LA", h5, out=out, adjacency=tmp_path / "graph.npy")
    before = contents(folder)
    sensors = save_lines(tmp_path / "ids.txt", *dated.columns[::-1])
    with refuses("out", found=folder / "adj_mx.pkl", fix="--graph"):
        prepare_dataset("METR-LA", h5, out=out, sensors=sensors, force=True)
    assert contents(folder) == before
    prepare_dataset("METR-LA", h5, out=out, sensors=sensors, adjacency=tmp_path / "graph.npy", force=True)
