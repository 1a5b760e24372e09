"""Checkpoints: written whole, and damage is noticed."""

import os
import random

import pytest
import torch
from easytorch.core.checkpoint import load_ckpt

from basicts_elin.files import remove_leftovers, write_atomically
from basicts_elin.training.runner.checkpoints import (
    DamagedCheckpointError,
    epoch_checkpoints,
    newest_intact,
    read_checkpoint,
    write_checkpoint,
)

STATE = {"epoch": 3, "model_state_dict": {"weight": torch.arange(5000.0)}, "best_metrics": {"val/MAE": 1.5}}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "Tiny_3.pt"
    write_checkpoint(path, STATE)
    return path


def test_torch_and_basicts_read_it(path, workplace):
    for found in (read_checkpoint(path), torch.load(path, weights_only=True), load_ckpt(str(path.parent))):
        torch.testing.assert_close(found, STATE)


def test_those_of_basicts_are_read(tmp_path):
    torch.save(STATE, tmp_path / "Tiny_3.pt")
    torch.testing.assert_close(read_checkpoint(tmp_path / "Tiny_3.pt"), STATE)


def test_no_flipped_bit_that_is_accepted_changes_a_value(path):
    content, expected = path.read_bytes(), STATE["model_state_dict"]["weight"]
    # anywhere, and wherever the archive describes its entries: bits that no checksum covers
    described = 8 * content.index(b"PK\x01\x02")
    bits = random.Random(0).sample(range(described), 150) + random.Random(1).sample(
        range(described, 8 * len(content)), 600
    )
    refused = 0
    for bit in bits:
        path.write_bytes(flipped(content, bit))
        try:
            found = read_checkpoint(path)
        except DamagedCheckpointError:
            refused += 1
        else:
            assert torch.equal(found["model_state_dict"].pop("weight"), expected)
            assert found == {**STATE, "model_state_dict": {}}
    assert refused > 150


def flipped(content, bit):
    """The bytes with one bit flipped."""
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


def test_an_entry_that_is_marked_as_a_folder_is_noticed(path):
    """Which torch returns unread, without an error."""
    content = path.read_bytes()
    entry = content.rindex(b"PK\x01\x02", 0, content.rindex(b"/data/0"))
    path.write_bytes(flipped(content, 8 * (entry + 38) + 4))
    loaded = torch.load(path, weights_only=True)["model_state_dict"]["weight"]
    assert not torch.equal(loaded, STATE["model_state_dict"]["weight"])
    with pytest.raises(DamagedCheckpointError, match="data/0"):
        read_checkpoint(path)


@pytest.mark.parametrize("damage", ["missing", "empty", "truncated", "one bit", "text", "code"])
def test_damage_is_noticed(path, damage):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    broken = {"empty": b"", "truncated": path.read_bytes()[:-300], "one bit": bytes(content), "text": b"no checkpoint"}
    if damage == "missing":
        path.unlink()
    elif damage == "code":
        torch.save({"epoch": 3, "model_state_dict": os.getcwd}, path)
    else:
        path.write_bytes(broken[damage])
    with pytest.raises(DamagedCheckpointError, match=r"Tiny_3\.pt"):
        read_checkpoint(path)


def test_the_newest_intact_checkpoint(tmp_path):
    for epoch in (8, 9, 10):
        write_checkpoint(tmp_path / f"Tiny_{epoch:02}.pt", {"epoch": epoch})
    torch.save({"epoch": 10}, tmp_path / "Tiny_10.pt.bak")
    for other in ("Tiny_best_val_MAE.pt", "Tiny_11.txt", "Other_12.pt", "Tiny_x_13.pt"):
        (tmp_path / other).write_bytes(b"")
    checkpoints = epoch_checkpoints(tmp_path, "Tiny")
    assert [(epoch, path.name) for epoch, path in checkpoints] == [
        (10, "Tiny_10.pt"), (10, "Tiny_10.pt.bak"), (9, "Tiny_09.pt"), (8, "Tiny_08.pt"),
    ]  # fmt: skip
    assert newest_intact(checkpoints) == ({"epoch": 10}, [])
    for name in ("Tiny_10.pt", "Tiny_10.pt.bak"):
        (tmp_path / name).write_bytes(b"PK")
    state, damages = newest_intact(checkpoints)
    assert state == {"epoch": 9}
    assert ["Tiny_10.pt" in damage for damage in damages] == [True, True]
    assert newest_intact([]) == (None, [])


def test_a_write_that_fails_leaves_the_old_content(path, monkeypatch):
    before = path.read_bytes()

    def fail(*_):
        raise OSError("No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left"):
        write_checkpoint(path, {})
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_files_of_a_killed_writer_are_removed(tmp_path):
    write_atomically(tmp_path / "kept", b"content")
    (tmp_path / ".kept.123.unfinished").write_bytes(b"con")
    (tmp_path / ".lock").touch()
    remove_leftovers(tmp_path)
    assert sorted(file.name for file in tmp_path.iterdir()) == [".lock", "kept"]
