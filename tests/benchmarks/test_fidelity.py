"""The comparison of linear attention with a trained STAEformer's softmax."""

import csv
import importlib.util
import json

import numpy as np
import pytest
import torch
from cli.commands import ROOT
from refusal import refuses
from tiny import DIMS, NODES, STEPS, ours, raw_windows

from basicts_elin import ELinFormer, ELinFormerConfig, STAEformer, STAEformerConfig
from basicts_elin.modules import SoftmaxAttention

SCRIPT = ROOT / "benchmarks" / "fidelity.py"
RESULTS = ROOT / "results" / "fidelity_pems08_tail.csv"
STATS = {"mean": torch.tensor(150.0), "std": torch.tensor(90.0)}
CONFIG = """
from basicts_elin import STAEformer, STAEformerConfig
from basicts_elin import benchmark_config
from tiny import DIMS

CFG = benchmark_config(STAEformer, STAEformerConfig(**DIMS), "Tiny")
"""
HEADS, HEAD = 2, 4


@pytest.fixture(scope="module")
def fidelity():
    spec = importlib.util.spec_from_file_location("benchmark_of_fidelity", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # as for a script that is started
        patch.syspath_prepend(str(SCRIPT.parent))
        spec.loader.exec_module(module)
        yield module


@pytest.fixture
def config(tiny):
    return ours(STAEformer, STAEformerConfig(**DIMS))


@pytest.fixture
def checkpoint(tiny, config):
    return save(tiny / "STAEformer.pt", config)


def save(path, config, sharp=3.0):
    """An untrained checkpoint; `sharp` makes its attention less uniform."""
    torch.manual_seed(1)
    model = config.model(config.model_config)
    with torch.no_grad():
        for layer in (*model.temporal_layers, *model.spatial_layers):
            layer.attention.q_proj.weight.mul_(sharp)
    torch.save({"model_state_dict": model.state_dict(), "scaler_stats": STATS}, path)
    return path


def attention(sharp=4.0):
    torch.manual_seed(2)
    layer = SoftmaxAttention(HEADS * HEAD, HEADS).double()
    with torch.no_grad():
        layer.q_proj.weight.mul_(sharp)
    return layer


def tokens(sequences=3, count=7):
    return torch.randn(sequences, count, HEADS * HEAD, generator=torch.Generator().manual_seed(3)).double()


def compare(fidelity, layer, values):
    comparison = fidelity.LayerComparison(layer)
    with torch.no_grad():
        comparison.add(values)
    return {row["estimator"]: row for row in comparison.rows()}


def brute_theta(name, x, p, m2, deficit):
    if name == "uniform":
        return np.inf
    if name == "least_squares":
        # numpy's own least squares of p - 1/N on x/N
        return 1 / np.linalg.lstsq((x / len(x))[:, None], p - 1 / len(x), rcond=None)[0][0]
    return np.sqrt(m2 / (2 * deficit[name]))


def brute_force(layer, values, name):
    """Every figure of a candidate, query by query in numpy."""
    weight = {part: getattr(layer, part).weight.detach().numpy() for part in ("q_proj", "k_proj", "v_proj", "out_proj")}
    bias = {part: getattr(layer, part).bias.detach().numpy() for part in weight}
    found = {"entropy": [], "estimate": [], "deficit": [], "theta": [], "tv": [], "kl": [], "own": [], "negative": []}
    true_positive, outputs = [], {"softmax": [], "linear": []}
    for sequence in values.numpy():
        count = len(sequence)
        log_count = np.log(count)
        q, k, v = (sequence @ weight[part].T + bias[part] for part in ("q_proj", "k_proj", "v_proj"))
        mixed = {"softmax": np.zeros_like(q), "linear": np.zeros_like(q)}
        for head in range(HEADS):
            part = slice(head * HEAD, (head + 1) * HEAD)
            for i in range(count):
                logits = np.array([q[i, part] @ k[j, part] / np.sqrt(HEAD) for j in range(count)])
                p = np.exp(logits) / np.exp(logits).sum()
                x = logits - logits.mean()
                m2 = (x**2).mean()
                entropy = -(p * np.log(p)).sum()
                deficit = {"taylor": m2, "taylor2": m2 / 2, "exact": log_count - entropy, "uniform": 0.0}
                deficit["gaussian"] = log_count * (1 - np.exp(-m2 / (2 * log_count)))
                theta = brute_theta(name, x, p, m2, deficit)
                w = (1 + x / theta) / count
                found["entropy"].append(entropy)
                found["deficit"].append(log_count - entropy)
                found["estimate"].append(deficit.get(name, np.nan))
                found["theta"].append(theta)
                found["tv"].append(np.abs(w - p).sum() / 2)
                found["negative"].append((w < 0).mean())
                if (w > 0).all():
                    found["kl"].append((p * np.log(p / w)).sum())
                    found["own"].append((w * np.log(w * count)).sum())
                    true_positive.append(log_count - entropy)
                mixed["softmax"][i, part], mixed["linear"][i, part] = p @ v[:, part], w @ v[:, part]
        for kind, context in mixed.items():
            outputs[kind].append(context @ weight["out_proj"].T + bias["out_proj"])
    soft, linear = np.array(outputs["softmax"]), np.array(outputs["linear"])
    removed = [array - array.mean(1, keepdims=True) for array in (linear - soft, soft)]
    means = {key: np.mean(value) for key, value in found.items()}
    estimate, deficit = np.array(found["estimate"]), np.array(found["deficit"])
    return {
        "entropy_mean": means["entropy"],
        "entropy_q05": np.quantile(found["entropy"], 0.05),
        "entropy_share": means["entropy"] / np.log(count),
        "deficit_true": means["deficit"],
        "deficit_estimated": means["estimate"],
        "deficit_mae": np.abs(estimate - deficit).mean(),
        "deficit_relative_error": means["estimate"] / means["deficit"] - 1,
        "theta_mean": means["theta"],
        "theta_q95": np.quantile(found["theta"], 0.95) if np.isfinite(means["theta"]) else np.inf,
        "total_variation": means["tv"],
        "kl": means["kl"],
        "weights_deficit_positive": means["own"],
        "softmax_deficit_positive": np.mean(true_positive),
        "positive_queries": len(found["kl"]) / len(deficit),
        "negative_weights": means["negative"],
        "output_error": np.linalg.norm(linear - soft) / np.linalg.norm(soft),
        "output_error_centred": np.linalg.norm(removed[0]) / np.linalg.norm(removed[1]),
    }


@pytest.mark.parametrize("name", ["taylor", "taylor2", "gaussian", "exact", "uniform", "least_squares"])
def test_figures_are_those_of_a_brute_force(fidelity, name):
    layer = attention()
    row = compare(fidelity, layer, tokens())[name]
    expected = brute_force(layer, tokens(), name)
    # both kinds of queries are there, so that the share tells something
    assert expected["positive_queries"] == 1 if name == "uniform" else 0 < expected["positive_queries"] < 1
    for column, value in expected.items():
        if np.isfinite(value):
            assert row[column] == pytest.approx(value, rel=2e-5, abs=1e-7), column
        else:
            assert row.get(column) is None, column


def test_the_softmax_output_is_that_of_the_layer(fidelity):
    layer, values = attention(), tokens()
    comparison = fidelity.LayerComparison(layer)
    with torch.no_grad():
        comparison.add(values)
        output = layer(values)[0]
    assert comparison.sums["softmax", "output"] == pytest.approx(output.square().sum().item())


def test_chunks_change_nothing(fidelity, monkeypatch):
    whole = compare(fidelity, attention(), tokens(5))
    monkeypatch.setattr(fidelity, "CHUNK_NUMBERS", 2 * HEADS * 7**2)
    parts = compare(fidelity, attention(), tokens(5))
    for name, row in whole.items():
        assert row.keys() == parts[name].keys()
        for column, value in row.items():
            numeric = isinstance(value, float)
            assert parts[name][column] == (pytest.approx(value, rel=2e-6, abs=1e-12) if numeric else value), column


def test_equal_keys_leave_nothing_to_tell_apart(fidelity):
    layer = attention()
    torch.nn.init.zeros_(layer.k_proj.weight)
    for name, row in compare(fidelity, layer, tokens()).items():
        assert row["entropy_share"] == pytest.approx(1), name
        assert row["positive_queries"] == 1, name
        for column in ("logit_deviation", "deficit_true", "total_variation", "kl", "negative_weights"):
            assert row[column] == pytest.approx(0, abs=1e-12), (name, column)
        assert row["output_error"] == row["output_error_centred"] == 0, name
        if name != "least_squares":
            assert row["deficit_mae"] == pytest.approx(0, abs=1e-12), name
            assert row["deficit_relative_error"] == 0, name


def test_every_layer_is_given_what_it_sees_in_the_model(fidelity, config):
    model = STAEformer(config.model_config).double().eval()
    generator = torch.Generator().manual_seed(4)
    inputs = torch.randn(2, STEPS, NODES, generator=generator).double()
    timestamps = torch.zeros(2, STEPS, 2).double()
    with torch.no_grad():
        captured = fidelity.attention_inputs(model, inputs, timestamps)
        embedded = model._embed(inputs, timestamps)
        between = model.temporal_layers[0](embedded).transpose(1, 2)
    assert list(captured) == ["temporal 0", "spatial 0"]
    assert torch.equal(captured["temporal 0"], embedded.flatten(0, 1))
    assert torch.equal(captured["spatial 0"], between.flatten(0, 1))
    assert not model.temporal_layers[0].attention._forward_pre_hooks


def test_windows_are_spread_and_reproducible(fidelity):
    chosen = fidelity.spread(1407, 64, 42)
    assert chosen == fidelity.spread(1407, 64, 42) != fidelity.spread(1407, 64, 43)
    # one of each 22 (1407 / 64 = 21.98)
    assert all(22 * part - 1 <= index <= 22 * part + 22 for part, index in enumerate(chosen))
    assert len(chosen) == 64
    assert chosen[-1] < 1407
    assert fidelity.spread(5, 64, 42) == [0, 1, 2, 3, 4]


def test_windows_are_scaled_as_the_checkpoint_was_trained(fidelity, config):
    windows = list(fidelity.sample_windows(config, STATS, 1000, 0))
    expected = (raw_windows()[0] - 150) / 90
    assert torch.cat([inputs for inputs, _ in windows]).numpy() == pytest.approx(expected, abs=1e-6)
    assert windows[0][1].shape == (1, STEPS, 2)


def test_rows_of_a_checkpoint(fidelity, config, checkpoint):
    rows = fidelity.measure(config, checkpoint, 1, 42)
    assert [(row["layer"], row["estimator"]) for row in rows] == [
        (layer, name) for layer in ("temporal 0", "spatial 0") for name in fidelity.CANDIDATES
    ]
    for row in rows:
        assert row["windows"] == 16
        assert row["queries"] == 16 * STEPS * NODES * DIMS["n_heads"]
        assert row["tokens"] == (STEPS if row["layer"] == "temporal 0" else NODES)
        assert set(row) <= set(fidelity.COLUMNS)
    assert rows == fidelity.measure(config, checkpoint, 1, 42)


def test_the_command_writes_rows_and_a_picture(fidelity, tiny, checkpoint, capsys):
    (tiny / "run.json").write_text(json.dumps({"commit": "abc1234", "epochs": [{"train_seconds": 1.0}]}))
    (tiny / "Tiny.py").write_text(CONFIG)
    arguments = ["-cfg", "Tiny.py", "-ckpt", str(checkpoint), "--batches", "1", "--output", "new/rows.csv"]
    assert fidelity.main([*arguments, "--picture", "new/picture.png"]) == 0
    with (tiny / "new" / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == fidelity.COLUMNS
    assert len(rows) == 2 * len(fidelity.CANDIDATES)
    assert {(row["checkpoint_commit"], row["torch"]) for row in rows} == {("abc1234", torch.__version__)}
    assert (tiny / "new" / "picture.png").read_bytes().startswith(b"\x89PNG")
    printed = capsys.readouterr().out
    assert "temporal 0: N = 12, 1,920 queries" in printed and "spatial 0: N = 5" in printed


def test_another_model_is_refused(fidelity, tiny, config, checkpoint, capsys):
    other = ours(ELinFormer, ELinFormerConfig(**DIMS))
    with refuses("model", found="ELinFormer", expected="STAEformer"):
        fidelity.measure(other, save(tiny / "ELinFormer.pt", other), 1, 42)
    (tiny / "cfg.json").write_text(json.dumps({"model": {"name": "ELinFormer"}}))
    with refuses(checkpoint, found="ELinFormer", expected="STAEformer"):
        fidelity.measure(config, checkpoint, 1, 42)
    (tiny / "Tiny.py").write_text(CONFIG)
    assert fidelity.main(["-cfg", "Tiny.py", "-ckpt", "none.pt", "--output", "rows.csv"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("error: ") and "none.pt" in line


def test_a_number_of_batches_below_one_is_refused(fidelity, config, checkpoint):
    with refuses("--batches", found="0", expected="1"):
        fidelity.measure(config, checkpoint, 0, 42)


def committed():
    with RESULTS.open(newline="") as file:
        return list(csv.DictReader(file))


def percent(row, column, decimals):
    return f"{100 * float(row[column]):.{decimals}f} %"


def test_the_table_of_the_docs_is_that_of_the_committed_rows(fidelity):
    page = (ROOT / "docs" / "attention.md").read_text()
    names = {name: f"`{name}`" for name in fidelity.ESTIMATORS}
    names |= {"uniform": "uniform", "least_squares": "least squares"}
    for row in committed():
        deficit = row["deficit_estimated"] and f"{float(row['deficit_estimated']):.3f}"
        error = row["deficit_relative_error"] and f"{100 * float(row['deficit_relative_error']):+.0f} %"
        cells = [
            names[row["estimator"]],
            deficit,
            error.replace("-", "−"),
            row["theta_mean"] and f"{float(row['theta_mean']):.2f}",
            percent(row, "total_variation", 1),
            percent(row, "negative_weights", 1),
            percent(row, "positive_queries", 0),
            percent(row, "output_error_centred", 0),
        ]
        line = f"| | {' | '.join(cells)} |".replace("|  |", "| |").replace("|  |", "| |")
        assert line in page
        assert f"| {row['layer']}, N = {row['tokens']} | softmax | {float(row['deficit_true']):.3f} |" in page


def test_the_committed_rows_are_complete(fidelity):
    rows = committed()
    assert tuple(rows[0]) == fidelity.COLUMNS
    assert [row["estimator"] for row in rows] == 2 * [*fidelity.CANDIDATES]
    explained = (ROOT / "results" / "README.md").read_text()
    assert all(name in explained for name in fidelity.COLUMNS if not name.startswith(("entropy_", "theta_")))
    assert (ROOT / "docs" / "fidelity.png").is_file()
