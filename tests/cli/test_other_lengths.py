"""A run with other steps in and out than the benchmark's, from the training to the table."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from cli.commands import paths, refused
from refusal import refuses
from tiny import DIMS, metrics, record

from basicts_elin import Forecaster
from basicts_elin.cli import main

CFG = ("-c", "ELinFormer/Tiny", "-g", "cpu", "--set", "num_epochs=1")
SIZES = [f"{name}={size}" for name, size in DIMS.items()]


def train(capsys, *changes):
    assert main(["train", *CFG, *SIZES, *changes]) == 0
    return paths(capsys.readouterr().out)


def test_a_longer_input(tiny, capsys):
    short, long = train(capsys), train(capsys, "input_len=24", "output_len=6")
    folder = long["metrics"].parent
    assert folder.parent == Path("checkpoints", "ELinFormer", "Tiny_1_24_6")
    assert (record(folder)["input_len"], record(folder)["output_len"]) == (24, 6)
    assert {"overall", "horizon_2", "horizon_3", "horizon_6"} <= metrics(folder).keys()
    assert "horizon_12" not in metrics(folder)
    # the table tells the two apart, also alone
    assert main(["report", str(folder), "-o", "alone.csv"]) == 0
    assert "ELinFormer (input_len=24, output_len=6)" in capsys.readouterr().out
    assert main(["report", str(folder), str(short["metrics"].parent), "-o", "both.csv"]) == 0
    assert "ELinFormer (input_len=24" in capsys.readouterr().out
    with Path("both.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["model"], row["input_len"], row["output_len"]) for row in rows] == [
        ("ELinFormer", "24", "6"),
        ("ELinFormer", "12", "12"),
    ]
    # an evaluation needs the lengths of the checkpoint
    again = ["evaluate", "-ckpt", str(long["checkpoint"]), *CFG, *SIZES]
    line = refused(capsys, *again)
    assert line.startswith("error: input_len: 12; expected 24") and "--set input_len=24" in line
    assert main([*again, "input_len=24", "output_len=6"]) == 0
    assert metrics(paths(capsys.readouterr().out)["metrics"].parent) == metrics(folder)
    # a forecast needs as many rows
    forecaster = Forecaster.load(folder)
    index = pd.date_range("2024-03-01", periods=24, freq="5min")
    frame = pd.DataFrame(np.full((24, 5), 200.0), index, columns=forecaster.facts.node_names)
    assert forecaster.predict(frame).shape == (6, 5)
    with refuses("data", found="23", expected="24"):
        forecaster.predict(frame.tail(23))


def test_a_part_that_is_shorter_than_a_window(tiny, capsys):
    line = refused(capsys, "train", *CFG, *SIZES, "input_len=36")
    assert "val_data.npy: 43 rows; expected 48 or more" in line


@pytest.mark.parametrize("length", [0, -1, 2.5, "long"])
def test_what_is_no_number_of_steps(tiny, capsys, length):
    assert "input_len" in refused(capsys, "train", *CFG, *SIZES, f"input_len={length}")
