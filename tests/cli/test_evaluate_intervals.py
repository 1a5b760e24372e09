"""evaluate --level, as a user sees it."""

import json

import pytest
from cli.commands import CFG, contents, evaluate, refused, train

from basicts_elin.cli import main
from basicts_elin.forecasting.forecaster import Forecaster


def test_the_intervals_are_evaluated_on_the_test_part_and_kept_beside_the_checkpoint(place, capsys):
    trained = train(capsys)
    run = trained["checkpoint"].parent
    before = contents(run)
    arguments = ["evaluate", "-c", CFG, "--ckpt", str(trained["checkpoint"]), "-g", "cpu", "--level", "80", "90"]
    assert main(arguments) == 0
    first = capsys.readouterr().out
    file = run / "evaluation" / "Tiny_Tiny_best_val_MAE" / "interval_metrics.json"
    assert f"interval metrics: {file}" in first.splitlines()
    assert "80 % intervals" in first and "90 % intervals" in first and "adaptive" not in first
    found = json.loads(file.read_text())
    assert found["validation_windows"] == 20
    assert set(found["levels"]) == {"80", "90"}
    assert list(found["levels"]["90"]["static"]["sensors"]) == ["0", "1", "2", "3", "4"]
    assert found["mae"] == pytest.approx(json.loads(trained["metrics"].read_text())["overall"]["MAE"], rel=1e-4)
    after = contents(run)
    assert {path: after[path] for path in before} == before

    assert main([*arguments, "--adaptive"]) == 0
    second = capsys.readouterr().out
    assert "adaptive" in second
    assert contents(run)[run / "intervals.safetensors"] == after[run / "intervals.safetensors"]
    again = json.loads(file.read_text())
    assert again["levels"]["90"]["static"] == found["levels"]["90"]["static"]
    assert Forecaster.load(run).intervals.facts() == Forecaster.load(trained["checkpoint"]).intervals.facts()


def test_without_levels_there_are_no_intervals(place, capsys):
    trained = train(capsys)
    evaluate(capsys, trained["checkpoint"])
    assert not list(trained["checkpoint"].parent.rglob("interval*"))


@pytest.mark.parametrize(
    ("options", "field"),
    [(["--level", "100"], "level"), (["--level", "90", "0"], "level"), (["--adaptive"], "adaptive")],
)
def test_what_cannot_be_evaluated_is_said_before_anything_is(place, capsys, options, field):
    line = refused(capsys, "evaluate", "-c", CFG, "--ckpt", "no.pt", "-g", "cpu", *options)
    assert line.startswith(f"error: {field}: ")
