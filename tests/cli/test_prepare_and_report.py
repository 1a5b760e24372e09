"""prepare, as a user sees it."""

from pathlib import Path

import numpy as np
import pytest
from cli.commands import SMALL_CONFIG, paths, refused

from basicts_elin.cli import main
from basicts_elin.data.graphs.rules import GraphOptions
from basicts_elin.data.io.options import ReadOptions
from basicts_elin.data.times.options import TimeOptions


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["PEMS99", "--raw", "x.npz"], "error: dataset: PEMS99; "),
        (["counts.csv"], "error: file: counts.csv does not exist; "),
        (["small.npz", "--raw", "small.npz"], "error: dataset: small.npz; "),
        (["small.npz", "--rows", "5:"], "error: --rows: given with a file of your own"),
        (["PEMS08", "--raw", "small.npz", "--freq", "5min"], "error: --freq: given with PEMS08, a public dataset"),
        (["SyntheticTraffic", "--graph", "g.csv"], "error: --graph: given with SyntheticTraffic"),
        (["small.npz", "--name", "PEMS08"], "error: name: PEMS08; "),
        (["small.npz", "--name", "my city"], "error: name: 'my city'; "),
        (["small.npz", "--meta", "m.csv"], "error: --meta: given with a file of your own"),
        (["SyntheticTraffic", "--meta", "m.csv"], "error: --meta: given with SyntheticTraffic"),
        (["PEMS08", "--raw", "small.npz", "--meta", "m.csv"], "error: meta: m.csv; "),
        (["SD", "--raw", "small.npz"], "error: file: small.npz; expected the .h5 file of SD"),
        (["SD"], "error: --raw: missing; expected the raw file of SD"),
        (["PEMS08"], "error: --raw: missing; expected the raw file of PEMS08"),
        (["PEMS08", "--raw", "no.npz"], "no.npz does not exist"),
        (["PEMS08", "--raw", "small.npz"], "error: file: 3 nodes in small.npz; expected 170"),
        (["PEMS08", "--raw", "text.npz"], "error: file: text.npz"),
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


def test_what_is_asked_of_a_public_dataset_is_passed_on(workplace, monkeypatch):
    calls = []

    def note(*given, **named):
        calls.append((given, named))

    monkeypatch.setattr("basicts_elin.data.prepare.known.prepare_dataset", note)
    files = ["--sensors", "s.txt", "--ids", "i.txt", "--graph", "g.csv", "--distances", "d.csv", "--adjacency", "a.npy"]
    rule = ["--graph-rule", "gaussian", "--graph-sigma", "3", "--threshold", "0.2", "--graph-key", "k"]
    rows = ["--rows", "5:", "--first-row", "0", "--meta", "m.csv", "--out", "there", "--force", "--plot"]
    assert main(["prepare", "PEMS-BAY", "--raw", "x.h5", *files, *rule, *rows]) == 0
    assert main(["prepare", "PEMS08", "--raw", "x.npz"]) == 0
    given = ("sensors", "ids", "graph", "distances", "adjacency")
    paths_ = dict(zip(given, map(Path, files[1::2]), strict=True))
    options = {"graph_options": GraphOptions("gaussian", 3.0, 0.2, "k"), "plot": True, "force": True}
    where = {"rows": "5:", "first_row": 0, "meta": Path("m.csv"), "out": Path("there")}
    assert calls[0] == (("PEMS-BAY", Path("x.h5")), {**paths_, **where, **options})
    nothing = dict.fromkeys((*given, "rows", "first_row"))
    defaults = {"graph_options": GraphOptions(), "out": Path("datasets"), "plot": False, "force": False}
    assert calls[1] == (("PEMS08", Path("x.npz")), {**nothing, **defaults})


def test_what_is_asked_of_ones_own_file_is_passed_on(workplace, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "basicts_elin.data.prepare.own.prepare_own", lambda *given, **named: calls.append((given, named))
    )
    Path("c.csv").touch()
    reading = ["--key", "k", "--time", "t", "--sensor", "s", "--channel", "2", "--covariates"]
    times = ["--freq", "15min", "--tz", "UTC", "--time-format", "%H", "--align", "floor", "--duplicates", "mean"]
    without = ["--start", "2024-01-01", "--hours", "06:00-23:00", "--weekdays", "mon-fri"]
    others = [
        "--missing",
        "0",
        "-1",
        "--split",
        "0.5",
        "0.2",
        "0.3",
        "--domain",
        "flow",
        "--drop-windows-across-breaks",
    ]
    assert main(["prepare", "c.csv", "--name", "City", *reading, *times, *without, *others]) == 0
    assert main(["prepare", "c.csv", "--append"]) == 0
    (given, named), (_, plain) = calls
    assert given == (Path("c.csv"), "City")
    assert named["read"] == ReadOptions("k", "t", "s", "2", True)
    expected = TimeOptions("15min", "UTC", "%H", "floor", "mean", "2024-01-01", "06:00-23:00", "mon-fri")
    assert named["times"] == expected
    assert named["missing"] == ["0", "-1"] and named["split"] == [0.5, 0.2, 0.3] and named["domain"] == "flow"
    assert named["across_breaks"] is False and "append" not in named
    assert plain["append"] is True and plain["across_breaks"] is True
    assert plain["read"] == ReadOptions() and plain["times"] == TimeOptions() and "missing" not in plain


def test_prepare_and_train_on_what_was_prepared(workplace, capsys):
    assert main(["prepare", "SyntheticTraffic", "--nodes", "5", "--days", "7", "--seed", "3"]) == 0
    assert "2016 rows x 5 nodes" in capsys.readouterr().out
    Path("config.py").write_text(SMALL_CONFIG)
    arguments = ["--set", "num_epochs=1", "train_batch_size=1000", "test_batch_size=1000", "val_batch_size=1000"]
    assert main(["train", "-c", "config.py", "-g", "cpu", *arguments]) == 0
    assert paths(capsys.readouterr().out)["metrics"].is_file()
