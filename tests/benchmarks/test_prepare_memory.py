"""The benchmark of the memory that `prepare` needs: its files and its measure."""

import importlib.util

import numpy as np
import pandas as pd
import pytest
from cli.commands import ROOT

ROWS, SENSORS = 50, 3
READERS = {
    "npy": np.load,
    "npz": lambda path: np.load(path)["data"],
    "parquet": pd.read_parquet,
    "feather": lambda path: pd.read_feather(path).set_index("time"),
    "csv": lambda path: pd.read_csv(path, index_col="time", parse_dates=True),
}


@pytest.fixture(scope="module")
def benchmark():
    spec = importlib.util.spec_from_file_location("prepare_memory", ROOT / "benchmarks" / "prepare_memory.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_files_of_all_formats_hold_the_same_series(tmp_path, benchmark, monkeypatch):
    # several chunks
    monkeypatch.setattr(benchmark, "_CHUNK", 20 * SENSORS)
    found = {}
    for kind, read in READERS.items():
        benchmark.make_file(tmp_path / f"counts.{kind}", ROWS, SENSORS)
        found[kind] = read(tmp_path / f"counts.{kind}")
    assert found["npy"].shape == (ROWS, SENSORS) and found["npy"].dtype == np.float32
    for table in found.values():
        np.testing.assert_array_equal(np.asarray(table, np.float32), found["npy"])
    times = pd.date_range("2024-01-01", periods=ROWS, freq="15min")
    for kind in ("parquet", "feather", "csv"):
        assert list(found[kind].index) == list(times)


def test_the_peak_is_that_of_the_command(tmp_path, benchmark):
    peaks = [benchmark.measure(["-c", f"b'x' * {mib} * 2**20"], tmp_path / "log")[0] for mib in (1, 201)]
    assert 190 < peaks[1] - peaks[0] < 210


def test_a_command_that_fails_ends_the_benchmark(tmp_path, benchmark):
    with pytest.raises(SystemExit, match=r"failed \(1\): ZeroDivisionError"):
        benchmark.measure(["-c", "1 / 0"], tmp_path / "log")
