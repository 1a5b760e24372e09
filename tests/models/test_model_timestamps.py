"""Timestamps lie in [0, 1): the slot is recovered by rounding; truncation would miss some."""

import numpy as np
import pytest
import torch
from models.small import MODELS, NODES, STEPS, small_batch, small_model
from ops.compare import assert_close

SLOTS, DAYS = 288, 7
NAMES = list(MODELS)
MINUTES = np.arange(SLOTS, dtype=np.float32) * 5
QUOTIENTS = (np.arange(SLOTS) / SLOTS).astype(np.float32), (np.arange(DAYS) / DAYS).astype(np.float32)
# time of day of all slots, day of week of all days, in float32 as the data files hold them
STORED = {
    "i / 288 and i / 7": QUOTIENTS,
    "hour / 24 + minute / 1440": (MINUTES // 60 / np.float32(24) + MINUTES % 60 / np.float32(1440), QUOTIENTS[1]),
    "last digit lost": tuple(np.nextafter(quotient, np.float32(-1)) for quotient in QUOTIENTS),
    "last digit gained": tuple(np.nextafter(quotient, np.float32(1)) for quotient in QUOTIENTS),
}


def all_slots(stored):
    """timestamps [7 * 288, 2] and the slots that they stand for [7 * 288, 2]."""
    day, slot = (index.flatten() for index in np.meshgrid(np.arange(DAYS), np.arange(SLOTS), indexing="ij"))
    timestamps = np.stack([stored[0][slot], stored[1][day]], axis=-1)
    assert timestamps.dtype == np.float32
    return torch.from_numpy(timestamps), torch.from_numpy(np.stack([slot, day], axis=-1))


def test_truncation_would_miss_slots_here():
    missed = {}
    for name, stored in STORED.items():
        timestamps, slots = all_slots(stored)
        missed[name] = ((timestamps * torch.tensor([SLOTS, DAYS])).long() != slots).any(-1).sum().item()
    assert missed["hour / 24 + minute / 1440"] > 0 and missed["last digit lost"] > 1000
    # in binary, i / n * n is i for every n that is a sum of two powers of two, as 288 is: this one tells nothing apart
    assert missed["i / 288 and i / 7"] == 0


def embedded(model, timestamps):
    """What enters the first layer for timestamps [B, T, 2]: [B, N, T, D]."""
    seen = []
    handle = model.temporal_layers[0].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    model(torch.zeros(len(timestamps), STEPS, NODES), timestamps)
    handle.remove()
    return seen[0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
def test_every_slot_finds_its_row(stored, name):
    model = small_model(name, dtype=torch.float32)
    with torch.no_grad():
        model.time_in_day_emb.weight.copy_(torch.arange(SLOTS)[:, None].expand(SLOTS, 4))
        model.day_in_week_emb.weight.copy_(1000 + torch.arange(DAYS)[:, None].expand(DAYS, 4))
    timestamps, slots = all_slots(stored)
    states = embedded(model, timestamps.reshape(-1, STEPS, 2))  # [168, N, 12, 4 + 4 + 4 + 8]
    slots = slots.reshape(-1, 1, STEPS, 2).expand(-1, NODES, -1, -1)
    assert (states[..., 4:8] == slots[..., :1]).all()
    assert (states[..., 8:12] == 1000 + slots[..., 1:]).all()


@pytest.mark.parametrize("name", NAMES)
def test_what_is_embedded(name):
    """Value, time of day and day of week through one linear layer; the tables; the one per (step, node)."""
    model = small_model(name)
    inputs, timestamps = small_batch()
    seen = []
    model.temporal_layers[0].register_forward_pre_hook(lambda _, arguments: seen.append(arguments[0]))
    model(inputs, timestamps)
    weight, bias = model.input_layer.weight, model.input_layer.bias
    for sample, node, step in ((0, 0, 0), (2, 4, 11), (1, 3, 5)):
        time_of_day, day_of_week = timestamps[sample, step]
        values = torch.stack([inputs[sample, step, node], time_of_day, day_of_week])
        tables = [(time_of_day * SLOTS).round().long(), (day_of_week * DAYS).round().long()]
        expected = [
            weight @ values + bias,
            model.time_in_day_emb.weight[tables[0]],
            model.day_in_week_emb.weight[tables[1]],
            model.adaptive_emb[step, node],
        ]
        assert_close(seen[0][sample, node, step], torch.cat(expected))


@pytest.mark.parametrize("name", NAMES)
def test_changed_row_changes_the_outputs_of_its_slot_alone(name):
    """The same from outside, whatever the layers are called."""
    model = small_model(name, dtype=torch.float32)
    inputs = torch.zeros(SLOTS, STEPS, NODES)
    time_of_day, day_of_week = map(torch.from_numpy, STORED["last digit lost"])
    timestamps = torch.stack([time_of_day, day_of_week[torch.arange(SLOTS) % DAYS]], dim=-1)
    timestamps = timestamps[:, None].expand(SLOTS, STEPS, 2)
    # without gradients, as below: the sums are rounded in another order
    with torch.no_grad():
        output = model(inputs, timestamps)
    for embedding, rows in ((model.time_in_day_emb, (0, 1, 100, SLOTS - 1)), (model.day_in_week_emb, range(DAYS))):
        original = embedding.weight.detach().clone()
        for row in rows:
            with torch.no_grad():
                embedding.weight[row] += 1
                changed = (model(inputs, timestamps) != output).flatten(1).any(1)
                embedding.weight.copy_(original)
            assert changed.nonzero().flatten().tolist() == list(range(row, SLOTS, len(original)))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("slots", [24, 144, 1440])
def test_other_numbers_of_slots(slots, name):
    """Hourly, ten-minute and one-minute data."""
    model = small_model(name, dtype=torch.float32, num_time_in_day=slots)
    with torch.no_grad():
        model.time_in_day_emb.weight.copy_(torch.arange(slots)[:, None].expand(slots, 4))
    index = torch.arange(slots).reshape(-1, STEPS)
    timestamps = torch.stack([(index.double() / slots).float(), torch.zeros(index.shape)], dim=-1)
    states = embedded(model, timestamps)
    assert (states[..., 4:8] == index[:, None, :, None]).all()
