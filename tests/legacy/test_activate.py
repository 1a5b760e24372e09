"""The shim is in the place of BasicTS for a while, and leaves everything as it was."""

import random
import sys

import numpy as np
import pytest
import torch

from basicts_elin.errors import UserError
from basicts_elin.legacy.checkout import Source
from basicts_elin.legacy.reader import reading
from basicts_elin.legacy.shim.activate import active, repeatable


def state():
    names = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in ("basicts", "baselines")}
    return names, list(sys.path), sys.dont_write_bytecode, sorted(sys.meta_path, key=id)


def numbers():
    return random.random(), np.random.rand(), torch.rand(()).item(), np.random.default_rng().random()


@pytest.mark.parametrize("addition", ["", "1 / 0", "import basicts.losses"])
def test_all_is_as_before_whether_or_not_a_configuration_fails(checkout, edit, addition):
    edit("", addition)
    before, random_state = state(), (random.getstate(), torch.get_rng_state())
    source = Source(checkout, "Mini", "Tiny")
    if addition:
        with pytest.raises(UserError), reading(source):
            raise AssertionError("it can be read")
    else:
        with reading(source) as found:
            assert sys.modules["basicts"] is not before[0]["basicts"]
            assert found.cfg["MODEL"]["ARCH"].__module__ == "baselines.Mini.arch.mini"
    assert state() == before
    assert random.getstate() == random_state[0] and (torch.get_rng_state() == random_state[1]).all()
    assert not list(checkout.rglob("__pycache__"))


def test_an_installed_package_named_baselines_is_not_imported(checkout, tmp_path, monkeypatch):
    (tmp_path / "other" / "baselines").mkdir(parents=True)
    (tmp_path / "other" / "baselines" / "__init__.py").write_text("raise ImportError('another package')")
    monkeypatch.syspath_prepend(tmp_path / "other")
    with reading(Source(checkout, "Mini", "Tiny")) as found:
        assert found.cfg["MODEL"]["NAME"] == "Mini"


def test_random_numbers_are_the_same_every_time_and_do_not_disturb_the_run():
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    expected = numbers()[:3]
    random.seed(1), np.random.seed(1), torch.manual_seed(1)
    with repeatable():
        first = numbers()
    assert numbers()[:3] == expected
    with repeatable():
        assert numbers() == first
        assert np.random.default_rng(3).random() != first[3]


def test_a_fingerprint_follows_what_is_imported_and_nothing_else(checkout, monkeypatch):
    source = Source(checkout, "Mini", "Tiny")

    def fingerprint():
        with reading(source) as found:
            return found.sha256

    first = fingerprint()
    monkeypatch.setitem(sys.modules, "baselines_cfg", sys.modules[__name__])
    (checkout / "baselines" / "Mini" / "Other.py").write_text("1 / 0")
    assert fingerprint() == first
    architecture = checkout / "baselines" / "Mini" / "arch" / "mini.py"
    architecture.write_text(architecture.read_text().replace("0.01", "0.02"))
    assert fingerprint() != first


def test_two_checkouts_do_not_share_their_modules(checkout, tmp_path):
    other = tmp_path / "other"
    (other / "baselines" / "Mini").mkdir(parents=True)
    text = "from basicts.utils import partial\nCFG = {'DATASET': {'NAME': 'Tiny'}, 'other': partial}"
    (other / "baselines" / "Mini" / "Tiny.py").write_text(text)
    with reading(Source(checkout, "Mini", "Tiny")):
        pass
    with reading(Source(other, "Mini", "Tiny")) as found:
        assert list(found.cfg) == ["DATASET", "other"]


def test_while_active_basicts_is_the_shim_alone(tmp_path):
    with active(tmp_path), pytest.raises(ModuleNotFoundError):
        import basicts.configs  # noqa: F401
