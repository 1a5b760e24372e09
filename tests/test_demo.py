import pytest
from refusal import refuses
from tiny import write_dataset

from basicts_elin import demo
from basicts_elin.demo import check, run_demo
from basicts_elin.results.store import read_results

CONFIG = """
from basicts_elin import ELinFormer, ELinFormerConfig
from basicts_elin import benchmark_config
from tiny import DIMS, NODES

CFG = benchmark_config(ELinFormer, ELinFormerConfig(num_features=NODES, **DIMS), "SyntheticTraffic", num_epochs=2)
"""


@pytest.fixture
def small_data(workplace, monkeypatch):
    """Five nodes in place of the synthetic traffic, and a configuration for them."""
    prepared = []

    def prepare(*, force):
        # later demonstrations find it there
        if not prepared:
            prepared.append(write_dataset(".", name="SyntheticTraffic"))
        return prepared[0]

    monkeypatch.setattr(demo, "prepare_synthetic", prepare)
    (workplace / "config.py").write_text(CONFIG)
    return workplace


def test_what_a_demonstration_leaves(small_data, capsys):
    pytest.importorskip("plotly")
    ratio = run_demo(small_data / "config.py")
    results = read_results(small_data / "demo" / "metrics.csv")
    assert [result.model for result in results] == ["ELinFormer", "last value", "historical average"]
    assert all(list(result.metrics) == ["3", "6", "12", "overall", "mean"] for result in results)
    assert all(list(result.metrics["3"]) == ["MAE", "RMSE", "MAPE"] for result in results)
    mae = {result.model: result.metrics["overall"]["MAE"] for result in results}
    best = min(mae["last value"], mae["historical average"])
    assert ratio == pytest.approx(mae["ELinFormer"] / best, rel=1e-4)
    assert (small_data / "demo" / "forecast.png").read_bytes().startswith(b"\x89PNG")
    assert "the last day of the test part" in (small_data / "demo" / "report.html").read_text("utf-8")
    printed = capsys.readouterr().out
    assert f"ELinFormer's overall MAE is {ratio:.3f} of the better naive forecast's" in printed
    assert {path.name for path in small_data.iterdir()} <= {"config.py", "demo", "__pycache__"}


def test_a_demonstration_starts_from_the_beginning(small_data, monkeypatch):
    first = run_demo(small_data / "config.py")
    monkeypatch.chdir(small_data)
    (best,) = (small_data / "demo").rglob("ELinFormer_best_val_MAE.pt")
    best.write_bytes(b"damaged")
    assert run_demo(small_data / "config.py") == first


@pytest.mark.parametrize("ratio", [0.9, 1.2, float("nan")])
def test_a_model_that_wins_too_little_fails(ratio):
    with refuses("overall MAE", found=f"{ratio:.3f}", expected="0.9"):
        check(ratio)


@pytest.mark.parametrize("ratio", [0.5, 0.899])
def test_a_model_that_wins_enough_passes(ratio):
    assert check(ratio) is None


def test_a_configuration_for_other_data_is_refused(small_data):
    file = small_data / "config.py"
    file.write_text(CONFIG.replace('"SyntheticTraffic"', '"Tiny"'))
    with refuses(file, found="Tiny", expected="SyntheticTraffic"):
        run_demo(file)
    assert not (small_data / "demo").exists()


def test_without_plotly_the_demonstration_says_how_to_get_the_page(small_data, monkeypatch, capsys):
    monkeypatch.setattr(demo, "find_spec", lambda name: None)
    run_demo(small_data / "config.py")
    assert not (small_data / "demo" / "report.html").exists()
    assert "pip install 'basicts-elin[html]'" in capsys.readouterr().out


def test_pictures_of_an_earlier_demonstration_are_replaced(small_data, monkeypatch):
    for name in ("forecast.png", "report.html"):
        (small_data / "demo").mkdir(exist_ok=True)
        (small_data / "demo" / name).write_text("of an earlier version")
    run_demo(small_data / "config.py")
    assert (small_data / "demo" / "forecast.png").read_bytes().startswith(b"\x89PNG")
