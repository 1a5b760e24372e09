"""Raw files that are refused."""

import numpy as np
import pytest
from data.small_series import FULL, NODES, save_npz
from refusal import refuses

from basicts_elin.data import catalog
from basicts_elin.data.prepare import prepare_dataset


def test_a_missing_file_is_named(tmp_path, out):
    with refuses("file", found=tmp_path / "no.npz", expected=(".npz", "PEMS08")):
        prepare_dataset("PEMS08", tmp_path / "no.npz", out=out)


def test_another_kind_of_file_is_refused(tmp_path, out):
    (tmp_path / "PEMS08.csv").write_text("1,2\n")
    with refuses("file", found=tmp_path / "PEMS08.csv", expected=(".npz", "folder")):
        prepare_dataset("PEMS08", tmp_path / "PEMS08.csv", out=out)


@pytest.mark.parametrize("damage", ["no archive", "cut short", "wrong content"])
def test_a_damaged_archive_is_refused(npz, out, damage):
    data = npz.read_bytes()
    middle = len(data) // 2
    npz.write_bytes(
        {
            "no archive": b"hello",
            "cut short": data[:middle],
            "wrong content": data[:middle] + b"??" + data[middle + 2 :],
        }[damage]
    )
    with refuses("file", found=npz, expected=".npz", fix="again"):
        prepare_dataset("PEMS08", npz, out=out)


def test_pickled_objects_are_not_loaded(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.array([{"a": 1}], dtype=object))
    with refuses("file", found=(path, "Python objects"), expected="numbers", fix="np.savez"):
        prepare_dataset("PEMS08", path, out=out)


def test_a_missing_key_lists_those_found(tmp_path, out, flow):
    path = tmp_path / "PEMS08.npz"
    np.savez(path, flow=flow, x=flow[:1])
    with refuses("file", found=(path, "flow, x"), expected="'data'"):
        prepare_dataset("PEMS08", path, out=out)


@pytest.mark.parametrize("shape", [(FULL,), (FULL, NODES, 3, 1), (FULL, NODES, 0)])
def test_a_wrong_shape_is_refused(tmp_path, out, shape):
    path = save_npz(tmp_path / "PEMS08.npz", np.ones(shape))
    with refuses("file", found=(path, list(shape)), expected="[rows, nodes]"):
        prepare_dataset("PEMS08", path, out=out)


def test_a_wrong_type_is_refused(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.full((FULL, NODES), "7"))
    with refuses("file", found=(path, "<U1"), expected="floats"):
        prepare_dataset("PEMS08", path, out=out)


def test_another_number_of_nodes_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", flow[:, :3])
    with refuses("file", found=(3, path), expected=(4, "PEMS08")):
        prepare_dataset("PEMS08", path, out=out)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_no_numbers_are_counted_and_located(tmp_path, out, flow, bad):
    flow[[1500, 2000], [2, 0], 0] = bad
    path = save_npz(tmp_path / "PEMS08.npz", flow)
    for rows in (None, "1000:"):
        with refuses("file", found=("2 x NaN or infinity", f"{np.float32(bad):g}", "row 1500", "node 2"), expected="0"):
            prepare_dataset("PEMS08", path, out=out, rows=rows or ":")
    prepare_dataset("PEMS08", path, out=out, rows=":1000")


def test_a_series_without_values_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", np.zeros_like(flow))
    with refuses("file", found=("only 0", path)):
        prepare_dataset("PEMS08", path, out=out)


@pytest.mark.parametrize(("name", "suffix", "expected"), [("METR-LA", ".npz", ".h5"), ("PEMS08", ".h5", ".npz")])
def test_the_other_datasets_kind_of_file_is_refused(tmp_path, out, name, suffix, expected):
    (tmp_path / f"raw{suffix}").write_bytes(b"never opened")
    with refuses("file", found=suffix, expected=(expected, "0.5"), fix=catalog.dataset_facts(name).source):
        prepare_dataset(name, tmp_path / f"raw{suffix}", out=out)


def test_synthetic_traffic_is_not_read(npz, out):
    with refuses("file", found=npz, expected="SyntheticTraffic", fix="--raw"):
        prepare_dataset("SyntheticTraffic", npz, out=out)


def test_nothing_is_left_after_a_refusal(npz, out):
    with refuses("rows", found="oops"):
        prepare_dataset("PEMS08", npz, out=out, rows="oops")
    assert not out.exists()
