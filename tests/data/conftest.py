from dataclasses import replace

import numpy as np
import pytest
from data.small_series import (
    CLOCK_CHANGE,
    FULL,
    GAP,
    MORE_SENSORS,
    NODES,
    OURS,
    SENSORS,
    TAIL_START,
    change_meta,
    dated_frame,
    save_h5,
    save_lines,
    save_npz,
)

from basicts_elin.data import catalog
from basicts_elin.data.prepare import prepare_dataset


@pytest.fixture
def small_catalogue(monkeypatch):
    """PEMS08, its tail and METR-LA with few nodes and steps: what is tested does not depend on their size."""
    sizes = {
        "PEMS08": {"num_rows": FULL},
        "PEMS08_tail": {"num_rows": FULL - TAIL_START, "first_row": TAIL_START, "start": "2016-07-07 06:00"},
        "METR-LA": {"num_rows": FULL},
    }
    for name, size in sizes.items():
        monkeypatch.setitem(catalog.CATALOG, name, replace(catalog.CATALOG[name], num_nodes=NODES, **size))


@pytest.fixture
def flow():
    """[T, N, C] with a value of its own for each row and node, 0 = missing at six places."""
    values = np.arange(FULL * NODES * 3, dtype=np.float64).reshape(FULL, NODES, 3) % 701 + 1
    values[[5, 70, 900, 901, 902, 903], [0, 1, 2, 2, 2, 3], 0] = 0
    return values


@pytest.fixture
def npz(tmp_path, flow):
    return save_npz(tmp_path / "PEMS08.npz", flow)


@pytest.fixture
def dated():
    """[dates, sensors] as METR-LA's, with a gap and the clock change."""
    return dated_frame([GAP, CLOCK_CHANGE])


@pytest.fixture
def h5(tmp_path, dated):
    return save_h5(tmp_path / "metr-la.h5", dated)


@pytest.fixture
def wide_h5(tmp_path):
    """Of more sensors than the dataset has."""
    return save_h5(tmp_path / "wide.h5", dated_frame(columns=MORE_SENSORS))


@pytest.fixture
def chosen(tmp_path):
    return save_lines(tmp_path / "sensors.txt", *SENSORS[::-1])


@pytest.fixture
def out(tmp_path, small_catalogue):
    return tmp_path / "datasets"


@pytest.fixture
def rows(npz, out):
    return prepare_dataset("PEMS08", npz, out=out)


@pytest.fixture
def dates(h5, out):
    return prepare_dataset("METR-LA", h5, out=out)


@pytest.fixture
def download(tmp_path, out):
    """A dated dataset as BasicTS offers it: without our keys, and without gaps."""
    folder = prepare_dataset("METR-LA", save_h5(tmp_path / "regular.h5", dated_frame()), out=out)
    change_meta(folder, without=OURS)
    return folder
