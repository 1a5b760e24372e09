"""Each example runs, and prints what it promises."""

import re

from cli.commands import ROOT, run


def numbers(text, pattern):
    return [float(number) for number in re.search(pattern, text).groups()]


def test_the_attention_in_a_model_of_ones_own(tmp_path):
    done = run(tmp_path, ROOT / "examples" / "attention_in_your_model.py", "--steps", "60", "--series", "40")
    assert done.returncode == 0, done.stderr
    first, last = numbers(done.stdout, r"MAE: ([\d.]+) at the first step, ([\d.]+) at the last")
    assert last < 0.6 * first


def test_a_linearized_itransformer(tmp_path):
    done = run(tmp_path, ROOT / "examples" / "linearize_itransformer.py", "--series", "300")
    assert done.returncode == 0, done.stderr
    assert "replaced: backbone.encoder.layers.0.self_attn\n" in done.stdout
    (difference,) = numbers(done.stdout, r"outputs differ by (\S+) of")
    assert 0 < difference < 0.1


def test_from_a_csv_to_a_forecaster(tmp_path):
    done = run(tmp_path, ROOT / "examples" / "forecast_your_sensors.py")
    assert done.returncode == 0, done.stderr
    forecast, last, inside = numbers(done.stdout, r"MAE ([\d.]+), last value ([\d.]+); coverage: (\d+) %")
    assert forecast < 0.6 * last and 80 <= inside <= 99
    assert (tmp_path / "forecast.png").stat().st_size > 10_000
    assert {path.name for path in (tmp_path / "city-model").iterdir()} >= {"forecaster.json", "weights.safetensors"}


def test_every_example_is_tried():
    assert {path.name for path in (ROOT / "examples").glob("*.py")} == {
        "attention_in_your_model.py",
        "linearize_itransformer.py",
        "forecast_your_sensors.py",
        # by test_serve_example and test_tune_example
        "serve.py",
        "tune_with_optuna.py",
    }
