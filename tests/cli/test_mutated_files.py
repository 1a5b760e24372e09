"""prepare on files with flipped, lost and repeated bytes: a dataset or a line, never a traceback."""

import numpy as np
import pandas as pd
import pytest
from data.formats import WRITERS

from basicts_elin.cli import main
from basicts_elin.data.dataset import open_dataset


def mutated(content, generator):
    """The bytes with one to four damages."""
    content = bytearray(content)
    for _ in range(generator.integers(1, 5)):
        place, kind = int(generator.integers(len(content))), generator.integers(4)
        length = int(generator.integers(1, 64))
        if kind == 0:
            content[place] ^= 1 << int(generator.integers(8))
        elif kind == 1:
            del content[place : place + length]
        elif kind == 2:
            content[place:place] = content[place : place + length]
        else:
            del content[max(place, 1) :]
    return bytes(content)


@pytest.mark.parametrize("ending", WRITERS)
@pytest.mark.parametrize(
    "seeds", [range(15), pytest.param(range(15, 115), marks=pytest.mark.slow)], ids=["few", "many"]
)
def test_a_damaged_file_gives_a_dataset_or_a_line(tmp_path, monkeypatch, capsys, ending, seeds):
    monkeypatch.chdir(tmp_path)
    times = pd.date_range("2024-03-04", periods=150, freq="1h")
    frame = pd.DataFrame(np.arange(300.0).reshape(150, 2) + 1, times, ["a", "b"])
    path = tmp_path / f"table.{ending}"
    WRITERS[ending](frame, path)
    sound = path.read_bytes()
    for seed in seeds:
        path.write_bytes(mutated(sound, np.random.default_rng(seed)))
        code = main(["prepare", str(path), "--name", "Mutated", "--force"])
        error = capsys.readouterr().err
        if code:
            assert code == 2 and error.startswith("error: ") and error.count("\n") == 1, (seed, error)
        else:
            open_dataset("datasets/Mutated").check()
