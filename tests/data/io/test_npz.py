"""Raw files that are not as expected."""


import numpy as np
import pytest
from data.small_series import FULL, NODES, refusal, save_npz

from basicts_elin.data import catalog
from basicts_elin.data.prepare import prepare_dataset


def test_a_missing_file_is_named(tmp_path, out):
    assert f"raw: {tmp_path / 'no.npz'} does not exist" in refusal("PEMS08", tmp_path / "no.npz", out=out)


def test_another_kind_of_file_is_refused(tmp_path, out):
    (tmp_path / "PEMS08.csv").write_text("1,2\n")
    assert "neither a .npz file nor a folder" in refusal("PEMS08", tmp_path / "PEMS08.csv", out=out)


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
    message = refusal("PEMS08", npz, out=out)
    assert str(npz) in message and "again" in message


def test_pickled_objects_are_not_loaded(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.array([{"a": 1}], dtype=object))
    assert "cannot be read" in refusal("PEMS08", path, out=out)


def test_a_missing_key_lists_those_found(tmp_path, out, flow):
    path = tmp_path / "PEMS08.npz"
    np.savez(path, flow=flow, x=flow[:1])
    assert "has the keys flow, x; expected the array 'data'" in refusal("PEMS08", path, out=out)


@pytest.mark.parametrize("shape", [(FULL,), (FULL, NODES, 3, 1), (FULL, NODES, 0)])
def test_a_wrong_shape_is_refused(tmp_path, out, shape):
    path = save_npz(tmp_path / "PEMS08.npz", np.ones(shape))
    assert f"the shape {list(shape)}; expected [steps, nodes]" in refusal("PEMS08", path, out=out)


def test_a_wrong_type_is_refused(tmp_path, out):
    path = save_npz(tmp_path / "PEMS08.npz", np.full((FULL, NODES), "7"))
    assert "has the type <U1; expected integers or floats" in refusal("PEMS08", path, out=out)


def test_another_number_of_nodes_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", flow[:, :3])
    assert "has 3 nodes; PEMS08 has 4" in refusal("PEMS08", path, out=out)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_values_that_are_no_numbers_are_counted_and_located(tmp_path, out, flow, bad):
    flow[[1500, 2000], [2, 0], 0] = bad
    path = save_npz(tmp_path / "PEMS08.npz", flow)
    expected = f"2 values that are NaN or infinite, the first ({np.float32(bad):g}) at row 1500, node 2"
    assert expected in refusal("PEMS08", path, out=out)
    assert expected in refusal("PEMS08", path, out=out, rows="1000:")
    prepare_dataset("PEMS08", path, out=out, rows=":1000")


def test_a_series_without_values_is_refused(tmp_path, out, flow):
    path = save_npz(tmp_path / "PEMS08.npz", np.zeros_like(flow))
    assert "every value" in refusal("PEMS08", path, out=out)


@pytest.mark.parametrize(("name", "suffix", "expected"), [("METR-LA", ".npz", ".h5"), ("PEMS08", ".h5", ".npz")])
def test_the_other_datasets_kind_of_file_is_refused(tmp_path, out, name, suffix, expected):
    (tmp_path / f"raw{suffix}").write_bytes(b"never opened")
    message = refusal(name, tmp_path / f"raw{suffix}", out=out)
    assert f"neither a {expected} file nor a folder of BasicTS 0.5" in message
    assert catalog.dataset_facts(name).source in message


def test_synthetic_traffic_is_not_read(npz, out):
    assert "raw: SyntheticTraffic is made, not read" in refusal("SyntheticTraffic", npz, out=out)


def test_nothing_is_left_after_a_refusal(npz, out):
    refusal("PEMS08", npz, out=out, rows="oops")
    assert not out.exists()
