"""evaluate, as a user sees it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from cli.commands import CFG, contents, evaluate, paths, refused, train

from basicts_elin.cli import main


def test_evaluate_gives_the_metrics_of_the_training_and_leaves_its_files(place, capsys):
    trained = train(capsys)
    folder = trained["metrics"].parent
    before = contents(folder)
    found = evaluate(capsys, trained["checkpoint"])
    assert list(found) == ["checkpoint", "log", "metrics"]
    assert found["checkpoint"] == trained["checkpoint"]
    assert found["metrics"] == folder / "evaluation" / "Tiny_Tiny_best_val_MAE" / "test_metrics.json"
    assert json.loads(found["metrics"].read_text()) == json.loads(trained["metrics"].read_text())
    assert "evaluation_log" in found["log"].name and found["log"].is_file()
    after = contents(folder)
    assert {path: after[path] for path in before} == before
    assert all("evaluation" in path.parts for path in after.keys() - before.keys())


def test_the_predictions_lie_beside_the_metrics(place, capsys):
    trained = train(capsys)
    folder = evaluate(capsys, trained["checkpoint"], "--save-predictions", "-b", "7")["metrics"].parent
    assert folder == trained["metrics"].parent / "evaluation" / "Tiny_Tiny_best_val_MAE"
    with np.load(folder / "predictions.npz", allow_pickle=False) as file:
        assert file["prediction"].shape == (50, 12, 5)
    assert not (trained["metrics"].parent / "predictions.npz").exists()


def test_the_configuration_can_be_printed_before_there_is_a_checkpoint(place, capsys):
    assert main(["evaluate", "-cfg", CFG, "-ckpt", "no.pt", "--print-config", "--set", "test_batch_size=7"]) == 0
    printed = capsys.readouterr().out
    assert "\ntest_batch_size=7\n" in printed
    assert "--gpus" not in printed.splitlines()[0]


@pytest.mark.parametrize(("size", "batches"), [("1", 50), ("7", 8), ("1000", 1)])
def test_the_batch_size_changes_rounding_only(place, capsys, size, batches):
    trained = train(capsys)
    assert main(["evaluate", "-cfg", CFG, "-ckpt", str(trained["checkpoint"]), "-g", "cpu", "-b", size]) == 0
    captured = capsys.readouterr()
    assert f"| {batches}/{batches} [" in captured.err
    found = paths(captured.out)
    reported, expected = (json.loads(where["metrics"].read_text()) for where in (found, trained))
    assert reported.keys() == expected.keys()
    assert all(reported[part] == pytest.approx(expected[part], rel=1e-5) for part in expected)


@pytest.mark.parametrize("size", ["0", "-3", "many"])
def test_a_batch_size_that_is_none(place, capsys, size):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", "-cfg", CFG, "-ckpt", "x.pt", "-b", size])
    assert exit_.value.code == 2
    assert f"{size}" in capsys.readouterr().err.splitlines()[-1]


def test_what_is_wrong_with_a_checkpoint_is_one_line(place, capsys):
    Path("garbage.pt").write_bytes(b"garbage")
    torch.save({"model_state_dict": {"other.weight": torch.ones(1)}}, "other.pt")
    for checkpoint, message in (
        ("no.pt", "error: no.pt: missing; "),
        ("garbage.pt", "error: garbage.pt: unreadable (BadZipFile); expected a .pt file of a run"),
        ("other.pt", "error: other.pt: 2 parameters missing, 1 unknown"),
    ):
        line = refused(capsys, "evaluate", "-cfg", CFG, "-ckpt", checkpoint, "-g", "cpu")
        assert message in line
    assert not Path("evaluation").exists()
