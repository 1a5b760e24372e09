"""The time of a forward pass: the median of whole batches after the first ones."""

import pytest
import torch
from tiny import ours, record

from basicts_elin.results.run_reader import read_run
from basicts_elin.training.launch.launcher import launch_training
from basicts_elin.training.runner import inference_time
from basicts_elin.training.runner.inference_time import InferenceTime


def measured(monkeypatch, *batches):
    """The facts after batches of (windows, seconds)."""
    clock = [0.0]
    monkeypatch.setattr(inference_time.time, "perf_counter", lambda: clock[0])
    found = InferenceTime(on_gpu=False)
    for windows, seconds in batches:
        with found.of_batch(windows):
            clock[0] += seconds
        # what happens in between does not count
        clock[0] += 100
    return found.facts()


def test_the_first_and_the_short_batches_do_not_count(monkeypatch):
    slow = [(4, 50.0)] * 3
    facts = measured(monkeypatch, *slow, (4, 1.0), (4, 2.0), (4, 9.0), (1, 0.1))
    assert facts == {"inference_ms_per_window": 500.0, "inference_batch_size": 4}


@pytest.mark.parametrize("count", [1, 3])
def test_of_few_batches_the_last_whole_one_counts(monkeypatch, count):
    facts = measured(monkeypatch, *[(4, 50.0)] * (count - 1), (4, 2.0), (1, 0.1))
    assert facts == {"inference_ms_per_window": 500.0, "inference_batch_size": 4}
    assert measured(monkeypatch) == {}


def test_a_run_has_it_in_its_record_and_in_its_result(tiny):
    folder = launch_training(ours(num_epochs=1, test_batch_size=8))
    content, found = record(folder), read_run(folder)
    assert found.inference_ms_per_window == content["inference_ms_per_window"] > 0
    assert found.inference_batch_size == content["inference_batch_size"] == 8


def test_on_a_gpu_the_device_is_waited_for_once(monkeypatch):
    waits = []

    class Event:
        times = iter([0.0, 8.0, 10.0, 14.0])

        def __init__(self, enable_timing):
            assert enable_timing

        def record(self):
            self.time = next(self.times)

        def elapsed_time(self, other):
            assert waits
            return other.time - self.time

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: waits.append(1))
    found = InferenceTime(on_gpu=True)
    for windows in (4, 4):
        with found.of_batch(windows):
            assert not waits
    assert found.facts() == {"inference_ms_per_window": 1.0, "inference_batch_size": 4} and len(waits) == 1
