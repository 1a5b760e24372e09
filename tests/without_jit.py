"""tslearn as plain Python: numba would compile it for half a minute."""

import pytest


@pytest.fixture(scope="session")
def without_jit():
    numba = pytest.importorskip("numba")
    before = numba.config.DISABLE_JIT
    numba.config.DISABLE_JIT = True
    try:
        pytest.importorskip("tslearn.clustering")
    finally:
        numba.config.DISABLE_JIT = before
