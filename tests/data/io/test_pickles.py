"""Plain data come back from a pickle, and nothing in it is executed."""

import os
import pickle

import numpy as np
import pytest
from data.small_series import Executed
from refusal import refuses

from basicts_elin.data.io.pickles import load_arrays


def load(tmp_path, content):
    (tmp_path / "graph.pkl").write_bytes(content)
    return load_arrays(tmp_path / "graph.pkl", "adjacency")


def assert_refused(tmp_path, content, found="", **slots):
    with refuses("adjacency", found=(tmp_path / "graph.pkl", found), **slots):
        load(tmp_path, content)


def call(module, name, argument):
    """A pickle that calls `module.name(argument)`."""
    return b"\x80\x02" + f"c{module}\n{name}\n".encode() + pickle.dumps(argument, protocol=2)[2:-1] + b"\x85R."


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", "f2", "i8", "u1", "?", "U3", "S2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_come_back(tmp_path, protocol, dtype, order):
    array = np.array(np.random.default_rng(0).integers(0, 60, (3, 5)), dtype=dtype, order=order)
    content = pickle.dumps(array, protocol=protocol)
    found = load(tmp_path, content)
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "array",
    [np.arange(24.0).reshape(2, 3, 4).transpose(1, 0, 2), np.arange(20)[::3], np.array(7.5)],
    ids=["transposed", "strided", "scalar"],
)
def test_arrays_of_any_layout_come_back(tmp_path, protocol, array):
    found = load(tmp_path, pickle.dumps(array, protocol=protocol))
    np.testing.assert_array_equal(found, array)
    assert found.shape == array.shape and found.dtype == array.dtype


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("module", [b"numpy", b"numpy.matrixlib.defmatrix"])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_a_matrix_comes_back_as_an_array(tmp_path, protocol, module):
    content = pickle.dumps(np.matrix([[1.5, 2], [3, 4]]), protocol=protocol)
    if protocol < 4:
        # numpy 1 and 2 name the class by different modules
        content = content.replace(b"c%s\nmatrix\n" % np.matrix.__module__.encode(), b"c%s\nmatrix\n" % module)
    found = load(tmp_path, content)
    np.testing.assert_array_equal(found, [[1.5, 2], [3, 4]])
    assert type(found) is np.ndarray


@pytest.mark.parametrize("protocol", range(6))
def test_plain_data_come_back(tmp_path, protocol):
    content = [["773869", "日"], {"773869": 0, "x": (1.5, None, True, b"\xff\x00", 2**70)}, {"set": [1]}]
    assert load(tmp_path, pickle.dumps(content, protocol=protocol)) == content


@pytest.mark.parametrize("core", ["core", "_core"])
def test_arrays_of_numpy_1_and_2_come_back(tmp_path, core):
    values = np.arange(6.0)
    old = pickle.dumps(values, protocol=2)
    assert old.count(b"numpy._core.multiarray\n") + old.count(b"numpy.core.multiarray\n") == 1
    old = old.replace(b"_core", b"core").replace(b"core", core.encode())
    np.testing.assert_array_equal(load(tmp_path, old), values)
    call = pickle.dumps((values.tobytes(), np.dtype("f8"), (6,), "C"), protocol=4)[:-1] + b"R."
    new = call[:2] + f"cnumpy.{core}.numeric\n_frombuffer\n".encode() + call[11:]
    np.testing.assert_array_equal(load(tmp_path, new), values)


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("protocol", range(6))
def test_what_executes_is_refused_and_not_executed(tmp_path, protocol, nested):
    payload = Executed(tmp_path / "mark")
    content = pickle.dumps([["1", "2"], {"1": [0, payload]}] if nested else payload, protocol=protocol)
    assert_refused(tmp_path, content, f"{os.mkdir.__module__}.mkdir", fix="executed")
    assert not (tmp_path / "mark").exists()
    pickle.loads(content)
    assert (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("posix", "system"),
        ("builtins", "eval"),
        ("__builtin__", "eval"),
        ("builtins", "getattr"),
        ("numpy.testing", "runstring"),
        ("numpy.testing._private.utils", "runstring"),
        ("numpy", "load"),
        ("numpy", "fromfile"),
        ("numpy", "memmap"),
        ("numpy", "recarray"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy.core.multiarray", "fromfile"),
        ("_codecs", "decode"),
        ("codecs", "encode"),
        ("collections", "OrderedDict"),
        ("scipy.sparse._csr", "csr_matrix"),
        ("no.such.module", "thing"),
        ("numpy", "ndarray.tofile"),
        ("_codecs", "encode.__globals__"),
    ],
)
def test_everything_else_is_refused_by_name(tmp_path, module, name):
    assert_refused(tmp_path, call(module, name, "1"), f" {module}.{name}", fix=".npy")


def test_a_dotted_name_does_not_lead_elsewhere(tmp_path):
    content = b"\x80\x04\x8c\x05numpy\x8c\x0adtype.type\x93."
    assert_refused(tmp_path, content, "numpy.dtype.type")


def test_a_class_is_refused(tmp_path):
    assert_refused(tmp_path, pickle.dumps([tmp_path]), " pathlib")


def test_an_encoding_that_is_none_of_numpys_is_refused(tmp_path):
    content = b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x05\x00\x00\x00rot13\x86R."
    assert_refused(tmp_path, content, "'rot13'")


def test_bytes_that_pass_for_pointers_are_refused(tmp_path):
    """numpy trusts the flags of a pickled dtype: without them, objects are taken from raw bytes."""
    array = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85C\x01b\x87R"
    minus_1, no_flags = b"J\xff\xff\xff\xff", b"K\x00"
    dtype = b"cnumpy\ndtype\nVO\n\x89\x88\x87R(K\x03V|\nNNN" + minus_1 + minus_1 + no_flags + b"tb"
    assert_refused(tmp_path, b"\x80\x03" + array + b"(K\x01K\x01\x85" + dtype + b"\x89C\x08" + bytes(8) + b"tb.")


def test_an_array_of_objects_over_raw_bytes_is_refused(tmp_path):
    """Such an array takes the bytes for pointers; these are null, so that a failure here does not end the tests."""
    assert_refused(tmp_path, b"\x80\x03cnumpy\nndarray\nK\x01\x85VO\nC\x08" + bytes(8) + b"\x87R.")


@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
@pytest.mark.parametrize("part", [0, 0.1, 0.5, 0.9, 0.99])
def test_a_pickle_cut_short_is_refused(tmp_path, protocol, part):
    content = pickle.dumps([["a"], {"a": 0}, np.arange(9.0).reshape(3, 3)], protocol=protocol)
    assert_refused(tmp_path, content[: int(part * len(content))], expected="pickle", fix="again")


@pytest.mark.parametrize(
    "content",
    [
        b"hello",
        b"\n\n",
        b"\x80\xff.",
        b".",
        b"\x80\x04\x8c\x01aQ.",
        b"Pa\n.",
        b"\x80\x04\x8c\x05os\nab\x8c\x06system\x93.",
        b"\x80\x02cnumpy\ndtype\nVq9\n\x85R.",
        b"\x80\x02c_codecs\nencode\nNN\x86R.",
    ],
)
def test_a_damaged_pickle_is_refused(tmp_path, content):
    assert_refused(tmp_path, content)
