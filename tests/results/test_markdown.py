"""The pages: the paper's figures beside those of the CSV, and no others."""

import re
from dataclasses import replace

import pytest
from results.runs import failed, result

from basicts_elin.results.markdown import page

COMMAND = "python experiments/reproduce.py X --render --output results/x.csv"


def render(table, results, pictures=()):
    return page(table, "Title", results, "../../results/x.csv", COMMAND, pictures)


def tables(text):
    return [line for line in text.splitlines() if line.startswith("|")]


def cells(line):
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_table2_sets_ours_beside_the_papers():
    results = [
        result("STAEformer_matmul", mae=14.0, seconds_per_epoch=100.0, peak_reserved_mib=5000.0),
        result("ELinFormer", seed=42, mae=13.0, seconds_per_epoch=80.0, peak_reserved_mib=4000.0),
        result("ELinFormer", seed=43, mae=14.0, seconds_per_epoch=80.0, peak_reserved_mib=4000.0),
    ]
    assert tables(render("table2", results)) == [
        "|  | model | epochs | paper | ours | difference | improvement %: paper | ours |",
        "|---|---|---|---|---|---|---|---|",
        "| MAE | STAEformer_matmul | 100 | 13.46 | 14.00 | +0.54 | -0.4 | +3.6 |",
        "| MAE | ELinFormer (2 seeds) | 100 | 13.51 | 13.50 ± 0.71 | -0.01 |  |  |",
        "| RMSE | STAEformer_matmul | 100 | 23.25 | 28.00 | +4.75 | -0.5 | +3.6 |",
        "| RMSE | ELinFormer (2 seeds) | 100 | 23.37 | 27.00 ± 1.41 | +3.63 |  |  |",
        "| MAPE, % | STAEformer_matmul | 100 | 8.88 | 7.00 | -1.88 | -0.2 | +3.6 |",
        "| MAPE, % | ELinFormer (2 seeds) | 100 | 8.90 | 6.75 ± 0.35 | -2.15 |  |  |",
        "| peak memory, MiB | STAEformer_matmul | 100 | 4470 | 5000 | +530 | +14.2 | +20.0 |",
        "| peak memory, MiB | ELinFormer (2 seeds) | 100 | 3834 | 4000 ± 0 | +166 |  |  |",
        "| s / epoch | STAEformer_matmul | 100 | 59.0 | 100.0 | +41.0 | +6.8 | +20.0 |",
        "| s / epoch | ELinFormer (2 seeds) | 100 | 55.0 | 80.0 ± 0.0 | +25.0 |  |  |",
    ]


def test_table2_of_small_models_on_a_part_has_nothing_of_the_paper():
    results = [result("STAEformer_small", "PEMS08_tail", mae=16.0), result("ELinFormer_small", "PEMS08_tail", mae=12.0)]
    found = [cells(line) for line in tables(render("table2", results))[2:]]
    assert {line[3] for line in found} == {line[5] for line in found} == {line[6] for line in found} == {""}
    assert found[0] == ["MAE", "STAEformer_small", "100", "", "16.00", "", "", "+25.0"]


def test_table2_leaves_empty_what_the_paper_does_not_print():
    text = render("table2", [result("STAEformer", "PEMS07"), result("ELinFormer", "PEMS07")])
    memory = [cells(line) for line in tables(text) if line.startswith("| peak")]
    # no improvement of the paper's without a figure of its STAEformer; ours has its own
    assert memory == [
        ["peak memory, MiB", "STAEformer", "100", "", "1000", "", "", "+0.0"],
        ["peak memory, MiB", "ELinFormer", "100", "9948", "1000", "-8948", "", ""],
    ]
    assert "more than the 10240 MiB of its card" in text


def test_runs_of_other_epochs_are_not_mixed():
    results = [
        result("STAEformer", num_epochs=6, mae=20.0),
        result("ELinFormer", num_epochs=100),
        result("ELinFormer", num_epochs=6),
    ]
    found = [cells(line) for line in tables(render("table2", results))[2:5]]
    assert [(line[1], line[2], line[4], line[7]) for line in found] == [
        ("STAEformer", "6", "20.00", "+25.0"),
        ("ELinFormer", "100", "15.00", ""),
        ("ELinFormer", "6", "15.00", ""),
    ]


def test_runs_of_other_settings_are_not_mixed():
    changed = {"differences": "dropout=0.2"}
    results = [
        result("STAEformer", mae=20.0),
        result("STAEformer", mae=25.0, **changed),
        result("ELinFormer", mae=15.0, **changed),
    ]
    found = [cells(line) for line in tables(render("table2", results))[2:5]]
    assert [(line[1], line[7]) for line in found] == [
        ("STAEformer", ""),
        ("STAEformer (dropout=0.2)", "+40.0"),
        ("ELinFormer (dropout=0.2)", ""),
    ]


def test_table3_has_a_line_for_every_model_of_the_paper():
    results = [result("GWNet", mae=14.5, epochs=100), result("STID", mae=14.2)]
    text = tables(render("table3", results))
    assert text[0] == (
        "| model | MAE: paper | MAE: ours | MAE: difference | RMSE: paper | RMSE: ours | RMSE: difference | "
        "MAPE %: ours | epochs | s / epoch |"
    )
    lines = {cells(line)[0]: line for line in text[2:]}
    assert list(lines) == [
        "AGCRN", "DCRNN", "GTS", "D2STGNN", "HimNet", "STGCN", "MTGNN", "GWNet", "PDFormer", "STWave",
        "STAEformer", "ELinFormer", "STLAformer", "STID (BasicTS 1.1)",
    ]  # fmt: skip
    assert lines["GWNet"] == "| GWNet | 14.67 | 14.50 | -0.17 | 23.55 | 29.00 | +5.45 | 7.25 | 100 | 50.0 |"
    assert lines["STID (BasicTS 1.1)"] == "| STID (BasicTS 1.1) |  | 14.20 |  |  | 28.40 |  | 7.10 | 100 | 50.0 |"
    assert lines["AGCRN"] == "| AGCRN | 15.78 |  |  | 24.76 |  |  |  |  |  |"
    assert lines["PDFormer"] == "| PDFormer | 13.58 |  |  | 23.41 |  |  |  |  |  |"


def with_mean(one, **facts):
    """With a mean over the horizons below the averages over all targets."""
    means = {metric: value - 0.5 for metric, value in one.metrics["overall"].items()}
    return replace(one, metrics={**one.metrics, "mean": means}, **facts)


def test_a_published_figure_stands_beside_the_average_that_it_is():
    pooled = tables(render("table3", [with_mean(result("ELinFormer")), result("GWNet")]))
    assert pooled[0] == (
        "| model | MAE: paper | MAE: ours | MAE: difference | MAE, mean over horizons: ours | "
        "RMSE: paper | RMSE: ours | RMSE: difference | RMSE, mean over horizons: ours | "
        "MAPE %: ours | MAPE %, mean over horizons: ours | epochs | s / epoch |"
    )
    (line,) = (cells(line) for line in pooled if line.startswith("| ELinFormer"))
    assert line[1:5] == ["13.51", "15.00", "+1.49", "14.50"]
    results = [with_mean(result(model, "SD", mae=18.0)) for model in ("STID", "legacy/STID", "ELinFormer")]
    found = [cells(line) for line in tables(render("table3", results))]
    assert found[0][:5] == [
        "model",
        "MAE: ours",
        *(f"MAE, mean over horizons: {what}" for what in ("paper", "ours", "difference")),
    ]
    assert [line[:5] for line in found[2:]] == [
        ["STID (BasicTS 0.5)", "18.00", "17.80", "17.50", "-0.30"],
        ["PatchSTG", "", "16.90", "", ""],
        ["STGformer", "", "17.36", "", ""],
        ["RAGC", "", "16.16", "", ""],
        # BasicTS 1.1's is another model
        ["STID (BasicTS 1.1)", "18.00", "", "17.50", ""],
        ["ELinFormer", "18.00", "", "17.50", ""],
    ]


def test_figures_of_another_input_length_are_not_compared():
    longer = with_mean(result("legacy/STID", "CA", mae=16.0, input_len=96))
    rows = {line[0]: line[2] for line in map(cells, tables(render("table3", [longer])))}
    assert (rows["STID (BasicTS 0.5, input_len=96)"], rows["FaST"]) == ("16.32", "15.78") and "RAGC" not in rows
    assert "16.32" not in render("table3", [replace(longer, input_len=12)])


def test_figures_of_other_sources_are_named():
    text = render("table3", [result("GWNet", "PEMS04")])
    assert (
        "- PDFormer, also published: MAE 18.32 (its own paper, AAAI 2023). Row 12 of a table of running means" in text
    )
    assert "| STLAformer | 18.06 | 17.90 | -0.16 |" in render("table3", [result("STLAformer", "PEMS04", mae=17.9)])
    assert "- STLAformer, MAE 18.06, RMSE 29.90 (doi 10.1016/j.trc.2025.105423)" in text
    assert "also published" not in render("table2", [result("ELinFormer", "PEMS04")])


@pytest.mark.parametrize("table", ["table2", "table3", "attention"])
def test_the_time_of_inference_is_said_with_batch_and_hardware(table):
    text = render(
        table, [result("ELinFormer", inference_ms_per_window=1.234, inference_batch_size=64), result("GWNet")]
    )
    assert "`inference, ms / window`: median forward pass over test windows in batches of 64" in text
    assert any(cells(line)[-1] == "1.23" or "inference" in line and "1.23" in line for line in tables(text))
    assert "inference" not in render(table, [result("ELinFormer")])


def test_table2_has_the_mean_over_horizons_where_runs_have_it():
    found = {
        (line[0], line[1]): line for line in map(cells, tables(render("table2", [with_mean(result("ELinFormer"))])))
    }
    assert found["MAE", "ELinFormer"][3:6] == ["13.51", "15.00", "+1.49"]
    assert found["MAE, mean over horizons", "ELinFormer"][3:6] == ["", "14.50", ""]


def test_table3_of_a_dataset_that_the_paper_does_not_have():
    text = render("table3", [result("GWNet", "PEMS08_tail", mae=16.0)])
    assert tables(text)[2:] == ["| GWNet |  | 16.00 |  |  | 32.00 |  | 8.00 | 100 | 50.0 |"]
    assert "PDFormer" not in text


@pytest.mark.parametrize("table", ["table2", "table3"])
def test_no_figure_of_the_paper_stands_in_a_column_of_ours(table):
    other = result("STID", metrics={"overall": {}}, seconds_per_epoch=None, peak_memory_mib=None)
    header, _, *lines = map(cells, tables(render(table, [failed("ELinFormer"), other])))
    ours = [number for number, title in enumerate(header) if "ours" in title or "difference" in title]
    assert all(line[number] == "" for line in lines for number in ours)


def test_a_failed_run_is_said_with_its_reason_and_log():
    run = failed("GWNet", seed=7, num_epochs=100, log="checkpoints/reproduce/x.log")
    text = render("table3", [result("STID"), run])
    said = "GWNet, PEMS08, seed 7, 100 epochs: no memory (log: checkpoints/reproduce/x.log)"
    assert f"## Without a result\n\n- {said}\n" in text
    assert "## Without a result" not in render("table3", [result("STID")])
    # where nothing has one there is no table
    assert "## Tiny" not in render("table3", [result("STID"), failed("GWNet", "Tiny")])
    assert "## PEMS08" not in render("table2", [failed("GWNet")])


def test_what_has_the_same_reason_is_said_at_once():
    text = render("table3", [failed(model, seed=7, reason="legacy models: not found") for model in ("GWNet", "GTS")])
    assert "- GWNet, PEMS08, seed 7; GTS, PEMS08, seed 7: legacy models: not found\n" in text


@pytest.mark.parametrize("column", ["device", "hardware", "processes", "compiled", "runs_at_once"])
def test_costs_are_compared_where_the_runs_were_made_in_the_same_way_only(column):
    results = [
        result("STAEformer_matmul", mae=14.0),
        result("ELinFormer", mae=13.0),
        result("ELinFormer", seed=43, mae=13.0),
    ]
    results[1:] = [replace(other, **{column: 7}) for other in results[1:]]
    found = [cells(line) for line in tables(render("attention", results))[2:]]
    # seconds, and their part of matmul's; memory, and its part
    assert [line[8:] for line in found] == [["50.0", "1.00", "1000", "1.00"], ["50.0 ± 0.0", "", "1000 ± 0", ""]]
    improvements = {line[0]: line[-1] for line in map(cells, tables(render("table2", results))) if line[1][:3] == "STA"}
    assert improvements["MAE"] == "+7.1"
    assert improvements["s / epoch"] == improvements["peak memory, MiB"] == ""
    # nor is there a mean of what cannot be compared
    results[1] = replace(results[1], **{column: getattr(results[0], column)})
    assert [cells(line)[8:] for line in tables(render("attention", results))[3:]] == [[""] * 4]
    assert "| ELinFormer (2 seeds) | 13.51 | 13.00 ± 0.00 |" in render("table3", results)


def test_costs_on_a_processor_are_not_set_against_the_papers_gpu():
    results = [result("ELinFormer", device="cpu", peak_reserved_mib=None), result("STAEformer", device="cpu")]
    found = {(line[0], line[1]): line for line in map(cells, tables(render("table2", results)))}
    assert found["s / epoch", "ELinFormer"][3:6] == ["55.0", "50.0", ""]
    assert found["peak memory, MiB", "ELinFormer"][3:6] == ["3834", "1000", ""]
    assert found["MAE", "ELinFormer"][5] == "+1.49"
    # the paper's STAEformer is the one with matrix products
    assert found["s / epoch", "STAEformer"][3] == ""


def test_runs_that_shared_a_device_are_said():
    said = "Up to 3 runs shared a device, which lengthens their seconds."
    assert said in render("table3", [result("STID", runs_at_once=1), result("GWNet", runs_at_once=3)])
    assert "shared a device" not in render("table3", [result("STID", runs_at_once=1), result("GWNet")])


def test_attention_sets_the_methods_side_by_side():
    results = [
        result("ELinFormer_small", mae=15.0, seconds_per_epoch=50.0, peak_memory_mib=800.0),
        result("STAEformer_matmul_small", mae=14.0, seconds_per_epoch=100.0, peak_memory_mib=1600.0),
        # no method, and compared with none
        result("STID", mae=1.0),
        result("iTransformer_sdpa", mae=16.0),
    ]
    assert tables(render("attention", results)) == [
        "| backbone | attention | epochs | MAE | RMSE | MAPE % | MAE at 3 / 6 / 12 | parameters | s / epoch | "
        "of matmul's | peak memory, MiB | of matmul's |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        "| STAEformer_small | softmax (matmul) | 100 | 14.00 | 28.00 | 7.00 | 14.30 / 14.60 / 15.20 | 1000 | 100.0 | "
        "1.00 | 1600 | 1.00 |",
        "| STAEformer_small | entropy-equal, taylor | 100 | 15.00 | 30.00 | 7.50 | 15.30 / 15.60 / 16.20 | 1000 | "
        "50.0 | 0.50 | 800 | 0.50 |",
        "| iTransformer | softmax (SDPA) | 100 | 16.00 | 32.00 | 8.00 | 16.30 / 16.60 / 17.20 | 1000 | 50.0 |  | "
        "1000 |  |",
        "| STID |  | 100 | 1.00 | 2.00 | 0.50 | 1.30 / 1.60 / 2.20 | 1000 | 50.0 |  | 1000 |  |",
    ]


def test_the_page_says_what_it_is_made_of():
    text = render("table2", [result("ELinFormer"), result("STAEformer", commit="def5678")], ["x_frontier.png"])
    assert text.startswith(f"# Title\n\nMade by `{COMMAND}` from [x.csv](../../results/x.csv)")
    assert "Measured on H200, torch 2.13.0, commit abc1234, def5678." in text
    assert "one NVIDIA RTX 3080" in text
    assert "Measured on H200, torch 2.13.0. " in render("table2", [result("ELinFormer", commit="")])
    assert text.endswith("\n![frontier](x_frontier.png)\n")
    assert not re.search(r"\bNone\b|\bnan\b", text)


@pytest.mark.parametrize("table", ["table2", "table3", "attention"])
def test_a_metric_of_the_users_own_is_on_the_page(table):
    own = {"overall": {"MAE": 15.0, "WAPE": 0.125}, "3": {"MAE": 14.0, "WAPE": 0.1}}
    lines = tables(render(table, [result("ELinFormer", metrics=own), result("STID")]))
    place = lines.index("| model | epochs | WAPE |")
    assert lines[place + 2 :] == ["| ELinFormer | 100 | 0.1250 |", "| STID (BasicTS 1.1) | 100 |  |"]
    assert "WAPE" not in render(table, [result("STID")])


def test_runs_of_one_model_that_differ_have_lines_of_their_own():
    results = [result("STID", differences=f"dropout={value}", mae=mae) for value, mae in ((0.1, 14.0), (0.2, 15.0))]
    lines = tables(render("table3", results))[-2:]
    assert [cells(line)[:3:2] for line in lines] == [
        ["STID (BasicTS 1.1, dropout=0.1)", "14.00"],
        ["STID (BasicTS 1.1, dropout=0.2)", "15.00"],
    ]


def test_models_of_both_generations_are_told_apart():
    lines = tables(render("table3", [result("STID"), result("legacy/STID"), result("GWNet"), result("STAEformer")]))
    shown = [cells(line)[0] for line in lines]
    assert [name for name in shown if "STID" in name] == ["STID (BasicTS 1.1)", "STID (BasicTS 0.5)"]
    assert {"GWNet", "STAEformer"} <= set(shown)


@pytest.mark.parametrize(("field", "steps"), [("input_len", 96), ("output_len", 24)])
def test_a_figure_of_the_paper_is_not_beside_other_lengths(field, steps):
    usual = {"input_len": 12, "output_len": 12}
    for table, model in (("table3", "GWNet"), ("table2", "ELinFormer")):
        lines = tables(render(table, [result(model, **usual | {field: steps}), result(model, **usual)]))
        rows = [cells(line) for line in lines if line.startswith((f"| {model}", f"| MAE | {model}"))]
        place = 1 if table == "table3" else 3
        of_length = {row[place - 1 if table == "table3" else 1]: row[place] for row in rows}
        assert of_length[f"{model} ({field}={steps})"] == "" != of_length[model]
