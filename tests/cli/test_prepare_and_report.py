"""prepare, as a user sees it."""

from pathlib import Path

import numpy as np
import pytest
from cli.commands import SMALL_CONFIG, paths, refused

from basicts_elin.cli import main


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PEMS99", "--raw", "x.npz"], "error: dataset: PEMS99; "),
        (["PEMS08"], "error: --raw: missing; expected the raw file of PEMS08"),
        (["PEMS08", "--raw", "no.npz"], "no.npz does not exist"),
        (["PEMS08", "--raw", "small.npz"], "error: raw: 3 nodes in small.npz; expected 170"),
        (["PEMS08", "--raw", "text.npz"], "error: raw: text.npz"),
        (["PEMS08", "--raw", "small.npz", "--nodes", "4"], "error: --nodes: given with PEMS08"),
        (["SyntheticTraffic", "--raw", "x"], "error: --raw: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--first-row", "0"], "error: --first-row: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--rows", ":9"], "error: --rows: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--sensors", "x"], "error: --sensors: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--distances", "x"], "error: --distances: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--ids", "x"], "error: --ids: given with SyntheticTraffic"),
        (["SyntheticTraffic", "--adjacency", "x"], "error: --adjacency: given with SyntheticTraffic"),
        (["PEMS08", "--raw", "small.npz", "--days", "4"], "error: --days: given with PEMS08"),
        (["PEMS08", "--raw", "small.npz", "--seed", "0"], "error: --seed: given with PEMS08"),
        (["PEMS08", "--adjacency", "a.npy"], "error: --raw: missing; expected the raw file of PEMS08"),
        (["SyntheticTraffic", "--nodes", "1"], "error: nodes: 1; expected 2"),
        (["SyntheticTraffic", "--out", "there"], "error: out: there/SyntheticTraffic exists"),
    ],
)
def test_what_is_wrong_with_a_preparation_is_one_line(workplace, capsys, arguments, message):
    np.savez("small.npz", data=np.ones((100, 3), dtype=np.float32))
    Path("text.npz").write_text("text")
    Path("there/SyntheticTraffic").mkdir(parents=True)
    assert message in refused(capsys, "prepare", *arguments)
    assert not Path("datasets").exists()


def test_what_is_asked_of_a_preparation_is_passed_on(workplace, monkeypatch):
    calls = []

    def note(*given, **named):
        calls.append((given, named))

    monkeypatch.setattr("basicts_elin.data.prepare.prepare_dataset", note)
    files = ["--sensors", "s.txt", "--distances", "d.csv", "--ids", "i.txt", "--adjacency", "a.npy"]
    rows = ["--rows", "5:", "--first-row", "0", "--out", "there", "--force"]
    assert main(["prepare", "PEMS-BAY", "--raw", "x.h5", *files, *rows]) == 0
    assert main(["prepare", "PEMS08", "--raw", "x.npz"]) == 0
    given = ("sensors", "distances", "ids", "adjacency")
    paths_ = dict(zip(given, map(Path, files[1::2]), strict=True))
    assert calls[0] == (
        ("PEMS-BAY", Path("x.h5")),
        {**paths_, "rows": "5:", "first_row": 0, "out": Path("there"), "force": True},
    )
    nothing = dict.fromkeys((*given, "rows", "first_row"))
    assert calls[1] == (("PEMS08", Path("x.npz")), {**nothing, "out": Path("datasets"), "force": False})


def test_prepare_and_train_on_what_was_prepared(workplace, capsys):
    assert main(["prepare", "SyntheticTraffic", "--nodes", "5", "--days", "7", "--seed", "3"]) == 0
    assert "2016 rows x 5 nodes" in capsys.readouterr().out
    Path("config.py").write_text(SMALL_CONFIG)
    arguments = ["--set", "num_epochs=1", "train_batch_size=1000", "test_batch_size=1000", "val_batch_size=1000"]
    assert main(["train", "-c", "config.py", "-g", "cpu", *arguments]) == 0
    assert paths(capsys.readouterr().out)["metrics"].is_file()
