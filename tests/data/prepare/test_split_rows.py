"""Parts of one's own: `--split-rows` and `--name`."""

import numpy as np
import pandas as pd
import pytest
from data.small_series import TAIL_START, contents, dated_frame, load, meta_of, save_h5
from hypothesis import given
from hypothesis import strategies as st
from refusal import refuses

from basicts_elin.cli import main
from basicts_elin.data.catalog import split_lengths
from basicts_elin.data.dataset import open_dataset
from basicts_elin.data.layout import PARTS
from basicts_elin.data.prepare import prepare_dataset, prepare_own
from basicts_elin.data.prepare.row_range import shares_of

TAIL = ["--rows", f"{TAIL_START}:"]


def lengths(folder):
    return [len(np.load(folder / f"{part}_data.npy")) for part in PARTS]


def table(path, rows=240):
    frame = pd.DataFrame({"a": np.arange(rows) + 1.0}, pd.date_range("2024-03-04", periods=rows, freq="1h"))
    frame.to_csv(path, index_label="time")
    return path


@given(st.lists(st.integers(1, 10**6), min_size=3, max_size=3))
def test_shares_give_the_rows_back(rows):
    assert list(split_lengths(sum(rows), shares_of(rows, sum(rows)))) == rows


def test_the_rows_of_a_public_dataset(npz, out):
    whole = prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:")
    options = ["--raw", str(npz), *TAIL, "--out", str(out), "--name", "Mine", "--split-rows", "301", "99", "800"]
    assert main(["prepare", "PEMS08_tail", *options]) == 0
    folder = out / "Mine"
    assert lengths(folder) == [301, 99, 800]
    for kind in ("data", "timestamps"):
        np.testing.assert_array_equal(load(folder, kind), load(whole, kind))


def test_a_public_dataset_keeps_its_facts_under_another_name(npz, out):
    known = open_dataset(prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:"))
    parts = {"own_name": "Mine", "split_rows": (300, 100, 800)}
    own = open_dataset(prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:", **parts))
    assert own.name == "Mine"
    for fact in ("domain", "unit", "interval_minutes", "null_value", "non_negative", "timestamp_rule", "start"):
        assert getattr(own, fact) == getattr(known, fact)
    assert own.part_of == known.part_of == "PEMS08"
    assert own.regular_settings["train_val_test_ratio"] != known.regular_settings["train_val_test_ratio"]


def test_a_whole_dataset_under_another_name_is_a_part_of_it(tmp_path, out):
    h5 = save_h5(tmp_path / "metr-la.h5", dated_frame())
    own = open_dataset(prepare_dataset("METR-LA", h5, out=out, own_name="Mine"))
    assert (own.name, own.part_of, own.start) == ("Mine", "METR-LA", "2012-03-01 00:00")
    assert own.split == open_dataset(prepare_dataset("METR-LA", h5, out=out)).split


def test_the_rows_of_a_file_of_ones_own(tmp_path):
    file = table(tmp_path / "city.csv")
    assert main(["prepare", str(file), "--out", str(tmp_path / "out"), "--split-rows", "100", "41", "99"]) == 0
    assert lengths(tmp_path / "out" / "city") == [100, 41, 99]
    shares = meta_of(tmp_path / "out" / "city")["regular_settings"]["train_val_test_ratio"]
    assert list(split_lengths(240, shares)) == [100, 41, 99]


@pytest.mark.parametrize(
    ("rows", "slots"),
    [
        ((300, 100, 801), {"found": "1201", "expected": "1200", "fix": "--split-rows"}),
        ((1300, 0, -100), {"found": "1300 0 -100", "expected": "1 or more"}),
    ],
)
def test_rows_that_do_not_fit_are_refused(npz, out, rows, slots):
    with refuses("split_rows", **slots):
        prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:", own_name="Mine", split_rows=rows)
    assert not out.exists() or not any(out.iterdir())


def test_parts_without_a_window_are_refused(npz, out):
    with refuses("rows", found=("1200 rows", "1000, 23 and 177"), expected=24):
        prepare_dataset("PEMS08_tail", npz, out=out, rows="1800:", own_name="Mine", split_rows=(1000, 23, 177))


def test_the_benchmarks_name_keeps_its_split(npz, out):
    with refuses("name", found="missing", expected=("--name", "PEMS08_tail")):
        prepare_dataset("PEMS08_tail", npz, out=out, rows=f"{TAIL_START}:", split_rows=(300, 100, 800))


@pytest.mark.parametrize("name", ["PEMS08", "METR-LA", "my city", ".hidden", "../up"])
def test_names_that_cannot_be_given(npz, out, name):
    with refuses("name", found=name):
        prepare_dataset("PEMS08", npz, out=out, own_name=name)


def test_one_kind_of_split_at_a_time(tmp_path):
    file, rows = table(tmp_path / "city.csv"), (100, 41, 99)
    with refuses("split_rows", found="--split"):
        prepare_own(file, out=tmp_path, split=(0.5, 0.2, 0.3), split_rows=rows)
    folder = prepare_own(file, out=tmp_path, split_rows=rows)
    before = contents(folder)
    with refuses("split_rows", found="--append"):
        prepare_own(file, out=tmp_path, split_rows=rows, append=True)
    assert contents(folder) == before


def test_synthetic_data_have_no_other_split(tmp_path, capsys):
    assert main(["prepare", "SyntheticTraffic", "--out", str(tmp_path), "--split-rows", "1", "2", "3"]) == 2
    assert capsys.readouterr().err.startswith("error: --split-rows: ")


def test_the_published_test_part_of_pems08(shared, tmp_path):
    raw = shared / "data" / "PEMS08_tail" / "PEMS08_tail.npz"
    parts = {"own_name": "PEMS08_test", "split_rows": (2142, 1429, 3572)}
    folder = prepare_dataset("PEMS08_tail", raw, out=tmp_path, **parts)
    with np.load(raw) as archive:
        np.testing.assert_array_equal(np.load(folder / "test_data.npy"), archive["data"][3571:, :, 0])
    assert len(open_dataset(folder).window_starts("test", 12, 12)) == 3549
