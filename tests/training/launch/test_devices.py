"""The option --gpus, and what torch may use."""

import pytest
import torch
from refusal import refuses
from tiny import ours

from basicts_elin.training.launch import devices
from basicts_elin.training.launch.devices import choose_devices, parse_gpus


def number_of_gpus(monkeypatch, count):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: count)


@pytest.mark.parametrize("gpus", ["0", "0,1", "3,1"])
def test_existing_devices(monkeypatch, gpus):
    number_of_gpus(monkeypatch, 4)
    assert parse_gpus(gpus) == gpus


def test_the_cpu_needs_no_gpu(monkeypatch):
    number_of_gpus(monkeypatch, 0)
    assert parse_gpus("cpu") is None


def test_without_a_gpu_the_cpu_is_named(monkeypatch):
    number_of_gpus(monkeypatch, 0)
    with refuses("--gpus", found="0", expected=("cpu", torch.__version__)):
        parse_gpus("0")


@pytest.mark.parametrize("gpus", ["2", "0,2", "10"])
def test_too_high_a_number_names_the_highest(monkeypatch, gpus):
    number_of_gpus(monkeypatch, 2)
    with refuses("--gpus", found=gpus, expected="0 to 1"):
        parse_gpus(gpus)


@pytest.mark.parametrize("gpus", ["a", "0,0", "", "0,", "-1", "1.0", "0 1", "CPU", "all"])
def test_a_text_that_is_not_a_list_of_devices(monkeypatch, gpus):
    number_of_gpus(monkeypatch, 2)
    with refuses("--gpus", found=repr(gpus), expected=("0,1", "cpu")):
        parse_gpus(gpus)


@pytest.mark.parametrize(("visible", "expected"), [(None, "1,0"), ("4,7", "7,4")])
def test_numbers_count_the_visible_devices(workplace, monkeypatch, visible, expected):
    chosen = []
    monkeypatch.setattr(devices, "_VISIBLE_DEVICES", visible)
    monkeypatch.setattr(devices, "set_visible_devices", chosen.append)
    choose_devices(ours(gpus="1,0"))
    assert chosen == [expected]
