"""reproduce, as a user sees it."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
from cli.commands import CONFIG, SMALL_CONFIG, refused
from cli.reproducing import RUNS, rows
from results.runs import RECORD, result
from tiny import write_dataset

from basicts_elin.cli import main
from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.reproduce import command
from basicts_elin.reproduce.interrupts import signals_as_ctrl_c
from basicts_elin.reproduce.plan import Run
from basicts_elin.reproduce.progress import Progress
from basicts_elin.reproduce.status import status_here
from basicts_elin.results.store import write_results


def test_runs_are_made_collected_and_rendered(made_runs, capsys):
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == (
        "table3: 2 runs, 0 finished before, 2 to be made on cpu, 1 at a time; remaining: 2 runs of unknown time; "
        "results: results/table3_cpu.csv"
    )
    assert printed[1].startswith("[1/2] Tiny Tiny seed 1: MAE 1.00, 3 epochs, ")
    assert printed[2].startswith("[2/2] Tiny Tiny seed 2: MAE 2.00, 3 epochs, ")
    assert printed[3] == "written: docs/tables/table3_cpu.md"
    assert [(line["model"], line["seed"], line["MAE"], line["reason"]) for line in rows()] == [
        ("Tiny", "1", "1.0000", ""),
        ("Tiny", "2", "2.0000", ""),
    ]
    text = Path("docs/tables/table3_cpu.md").read_text()
    assert "| Tiny (2 seeds) |  | 1.50 ± 0.71 |" in text
    assert "`python experiments/reproduce.py table3 --render --output results/table3_cpu.csv`" in text
    assert "[table3_cpu.csv](../../results/table3_cpu.csv)" in text
    assert "![horizons](table3_cpu_horizons.png)" in text
    assert {path.name for path in Path("docs/tables").glob("*.png")} == {
        "table3_cpu_horizons.png",
        "table3_cpu_frontier.png",
    }


def test_what_is_finished_is_not_made_again_and_stays_in_the_table(made_runs, capsys):
    assert main(["reproduce", *RUNS, "--seeds", "1"]) == 0
    # as in a table that was deleted
    Path("results/table3_cpu.csv").unlink()
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 0
    assert made_runs == [1, 2]
    assert "table3: 2 runs, 1 finished before, 1 to be made" in capsys.readouterr().out
    assert [line["seed"] for line in rows()] == ["1", "2"]
    # rows of other runs stay
    assert main(["reproduce", *RUNS, "--seeds", "3", "--epochs", "7"]) == 0
    assert [line["seed"] for line in rows()] == ["1", "2", "3"]


def test_what_is_set_makes_runs_and_rows_of_their_own(made_runs, capsys):
    bias = ["--set", "model_config.bias=False"]
    assert main(["reproduce", *RUNS, "--seeds", "1"]) == 0
    assert main(["reproduce", *RUNS, "--seeds", "1", "2", *bias]) == 0
    assert main(["reproduce", *RUNS, "--seeds", "1", "--set", "lr=0.01"]) == 0
    assert made_runs == [1, 1, 2, 1]
    assert "[1/2] Tiny (bias=False) Tiny seed 1: MAE 1.00" in capsys.readouterr().out
    # once more, however it is written
    assert main(["reproduce", *RUNS, "--seeds", "1", "2", "--set", "bias=False"]) == 0
    assert made_runs == [1, 1, 2, 1]
    assert "2 runs, 2 finished before, 0 to be made" in capsys.readouterr().out
    assert {(row["differences"], row["seed"]) for row in rows()} == {
        ("", "1"), ("bias=False", "1"), ("bias=False", "2"), ("lr=0.01", "1"),
    }  # fmt: skip
    assert len({row["run"] for row in rows()}) == len(rows()) == 4
    assert "| Tiny (bias=False) (2 seeds) |" in Path("docs/tables/table3_cpu.md").read_text()
    assert main(["reproduce", *RUNS, "--seeds", "1", "3", *bias, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Tiny (bias=False) Tiny seed 1  baselines_cfg/Tiny/Tiny.py: finished"
    assert lines[1].startswith("Tiny (bias=False) Tiny seed 3  baselines_cfg/Tiny/Tiny.py: to be run")


def test_the_logs_of_runs_that_differ_are_different():
    one, other = (Run("legacy/M", "D", 1, "", changes=changes) for changes in ((), ("lr=0.1", "a=[1, 2]")))
    assert [command._job(run).log.name for run in (one, other)] == [
        "legacy_M_D_1.log",
        "legacy_M_D_1_a=_1_2_lr=0.1.log",
    ]


def test_a_run_that_fails_is_a_row_with_its_reason_and_the_next_one_is_made(made_runs, capsys):
    assert main(["reproduce", *RUNS, "--seeds", "13", "2"]) == 1
    assert "[1/2] Tiny Tiny seed 13: FAILED: no memory (log: logs/13.log)" in capsys.readouterr().out
    assert [(line["seed"], line["reason"], line["log"]) for line in rows()] == [
        ("13", "no memory", "logs/13.log"),
        ("2", "", ""),
    ]
    text = Path("docs/tables/table3_cpu.md").read_text()
    assert "- Tiny, Tiny, seed 13, 2 epochs: no memory (log: logs/13.log)" in text


def test_a_run_whose_files_are_damaged_is_a_row_with_its_reason(made_runs, capsys):
    assert main(["reproduce", *RUNS, "--seeds", "1"]) == 0
    (file,) = Path("checkpoints").rglob("run.json")
    for content, reason in (("{", "run.json"), ("{}", "run.json, versions: missing")):
        capsys.readouterr()
        Path("results/table3_cpu.csv").unlink()
        file.write_text(content)
        assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 1
        assert [reason in line["reason"] for line in rows()] == [True, False]
        assert "2 runs, " in capsys.readouterr().out


def test_what_cannot_be_started_is_said_and_noted(made_runs, capsys):
    arguments = ["reproduce", "table3", "--models", "GWNet", "Tiny", "--datasets", "Tiny", "-g", "cpu", "--seeds", "1"]
    assert main(arguments) == 1
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith("GWNet Tiny seed 1: cannot run: legacy models: not found; ") and ROOT_VARIABLE in line
    assert made_runs == [1]
    assert [line["reason"][:24] for line in rows()] == ["legacy models: not found", ""]


def test_ctrl_c_keeps_what_there_is_and_ends_the_runs(made_runs, capsys, monkeypatch):
    waiting = Progress.waiting

    def interrupt(self, running):
        waiting(self, running)
        if self.todo[running[0]][0].seed == 99 and Path(self.todo[running[0]][1].folder, "run.json").is_file():
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(Progress, "waiting", interrupt)
    before = signal.getsignal(signal.SIGTERM)
    started = time.monotonic()
    assert main(["reproduce", *RUNS, "--seeds", "1", "99", "2"]) == 130
    assert time.monotonic() - started < 30
    captured = capsys.readouterr()
    assert captured.err == "interrupted: the same command resumes after its last finished epoch\n"
    assert [line["seed"] for line in rows()] == ["1"]
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_csv_that_is_damaged_meanwhile_does_not_end_the_runs(made_runs, capsys, monkeypatch):
    waiting, output = Progress.waiting, Path("results/table3_cpu.csv")

    def damage(self, running):
        waiting(self, running)
        if output.is_file():
            output.write_text("in a spreadsheet")

    monkeypatch.setattr(Progress, "waiting", damage)
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 2
    captured = capsys.readouterr()
    assert "[2/2] Tiny Tiny seed 2: MAE 2.00, 3 epochs, " in captured.out
    assert "; not written yet: results/table3_cpu.csv: columns in a spreadsheet" in captured.out
    assert captured.err.startswith("error: results/table3_cpu.csv: columns in a spreadsheet")
    # nothing is lost
    output.unlink()
    monkeypatch.setattr(Progress, "waiting", waiting)
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 0
    assert made_runs == [1, 2] and len(rows()) == 2


@pytest.mark.parametrize(("before", "ends"), [(signal.SIG_IGN, False), (signal.SIG_DFL, True)])
def test_a_terminal_that_is_closed_ends_the_runs_unless_nohup_was_asked_for(before, ends):
    at_first = signal.signal(signal.SIGHUP, before)
    try:
        expected = pytest.raises(KeyboardInterrupt) if ends else contextlib.nullcontext()
        with expected, signals_as_ctrl_c():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is before
    finally:
        signal.signal(signal.SIGHUP, at_first)


def test_a_result_on_other_data_does_not_count(made_runs, monkeypatch):
    monkeypatch.setitem(RECORD, "num_epochs", 2)
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 0
    file = Path(rows()[0]["run"]) / "run.json"
    other = {"dataset_sha256": {"data": "of another series"}}
    file.write_text(json.dumps(json.loads(file.read_text()) | other))
    assert main(["reproduce", *RUNS, "--seeds", "1", "2"]) == 1
    assert [line["MAE"] for line in rows()] == ["", "2.0000"]
    assert str(file.parent) in rows()[0]["reason"]
    assert "| Tiny |  | 2.00 |  |" in Path("docs/tables/table3_cpu.md").read_text()


def test_the_dry_run_prints_the_plan_and_does_nothing(made_runs, capsys):
    measured = result("Tiny", "Tiny", seconds_per_epoch=90.0)
    write_results(Path("results/table2_cpu.csv"), [measured, replace(measured, dataset="PEMS04")])
    assert main(["reproduce", *RUNS, "--seeds", "1"]) == 0
    capsys.readouterr()
    Path("results/table3_cpu.csv").unlink()
    before = {path for path in Path().rglob("*") if path.is_file()}
    arguments = ["--models", "Tiny", "GWNet", "--datasets", "Tiny", "PEMS04", "--seeds", "1", "2", "-g", "cpu"]
    Path("baselines_cfg/Tiny/PEMS04.py").write_text(CONFIG.replace('"Tiny"', '"PEMS04"'))
    assert main(["reproduce", "table3", *arguments, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "Tiny Tiny seed 1     baselines_cfg/Tiny/Tiny.py: finished"
    assert lines[1] == "GWNet Tiny seed 1    legacy/GWNet/Tiny: cannot run, legacy models: not found"
    expected = "2 epochs, about 3 min, 1000 MiB (measured on H200)"
    assert lines[2] == f"Tiny Tiny seed 2     baselines_cfg/Tiny/Tiny.py: to be run; {expected}"
    assert lines[4].startswith("Tiny PEMS04 seed 1   baselines_cfg/Tiny/PEMS04.py: cannot run, ")
    assert lines[4].endswith(f"; {expected}")
    assert str(Path("datasets/PEMS04")) in lines[8] and "PEMS04.npz" in lines[8]
    assert lines[9].startswith("legacy models: not found; ")
    assert lines[10:] == [
        "8 runs on cpu: 1 finished, 1 to be made, 6 that cannot run yet",
        "about 9 min one after another, without 4 runs of unknown time; memory of one: up to 1000 MiB",
    ]
    assert {path for path in Path().rglob("*") if path.is_file() and path.suffix != ".pyc"} - before == {
        Path("baselines_cfg/Tiny/PEMS04.py")
    }


def test_the_page_of_a_csv(made_runs, capsys):
    write_results(Path("mine.csv"), [result("ELinFormer"), result("STAEformer")])
    assert main(["reproduce", "table2", "--render", "-o", "mine.csv", "--pages", "pages"]) == 0
    text = Path("pages/mine.md").read_text()
    assert "| MAE | ELinFormer | 100 | 13.51 | 15.00 |" in text
    # the command that makes it is on the page
    assert main(re.search(r"Made by `python experiments/(.*?)`", text)[1].replace(".py", "").split()) == 0
    assert Path("pages/mine.md").read_text() == text and not Path("docs").exists()
    assert made_runs == []


def test_table1_describes_what_is_prepared(made_runs, capsys):
    assert main(["reproduce", "table1", "--datasets", "Tiny", "PEMS08"]) == 0
    assert "not prepared: PEMS08; " in capsys.readouterr().out
    assert [line["dataset"] for line in rows("results/table1.csv")] == ["Tiny"]
    assert "| Tiny |  | 5 |" in Path("docs/tables/table1.md").read_text()
    assert main(["reproduce", "table1", "--datasets", "Tiny", "--dry-run"]) == 0
    assert capsys.readouterr().out.endswith("prepared: Tiny\n")


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        (["table3", "--models", "Informer"], "--models", "Informer"),
        (["table3", "--epochs", "0"], "--epochs", "0"),
        (["table3", "--jobs", "0"], "--jobs", "0"),
        (["table3", "--render", "-o", "other.csv", "--seeds", "1"], "--seeds", "--render"),
        (["table1", "--render", "--datasets", "PEMS08"], "--datasets", "--render"),
        (["table1", "--render"], "--output", "missing"),
        (["table3", "--render"], "--output", "missing"),
        (["table3", "--render", "-o", "no.csv"], "--output", "no.csv"),
        (["table3", "--render", "-o", "other.csv"], "other.csv", "tokens, batch"),
        ([*RUNS, "-o", "other.csv"], "other.csv", "tokens, batch"),
        (["table1", "--seeds", "1"], "--seeds", "table1"),
        (["table1", "--set", "lr=1"], "--set", "table1"),
        (["table3", "--render", "-o", "other.csv", "--set", "lr=1"], "--set", "--render"),
        ([*RUNS, "--set", "lr"], "--set", "lr"),
        ([*RUNS, "--set", "seed=3"], "--set seed", "3"),
        ([*RUNS, "--set", "n_heads=3"], "baselines_cfg/Tiny/Tiny.py, --set n_heads", "no field"),
    ],
)
def test_what_is_wrong_is_one_line(made_runs, capsys, arguments, field, value):
    Path("other.csv").write_text("tokens,batch\n170,16\n")
    line = refused(capsys, "reproduce", *arguments)
    assert line.startswith(f"error: {field}: ") and value in line
    assert made_runs == [] and not Path("docs").exists()


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        (["table3", "--models", "Tyni", "-g", "cpu", "--datasets", "Tiny"], "Tyni"),
        (["table3", "--datasets", "PEMS99"], "PEMS99"),
        (["table1", "--datasets", "PEMS99"], "PEMS99"),
    ],
)
def test_a_model_or_a_dataset_that_is_not_known_is_one_line(made_runs, capsys, arguments, value):
    assert value in refused(capsys, "reproduce", *arguments)
    assert made_runs == [] and not Path("docs").exists()


def test_no_torch_is_needed_to_watch_the_runs():
    code = "import sys, basicts_elin.cli; print(sorted({'torch', 'basicts', 'matplotlib', 'h5py'} & {*sys.modules}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_real_run_in_a_process_of_its_own(workplace, monkeypatch, capsys):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(command, "status_of", status_here)
    write_dataset(workplace, "SyntheticTraffic")
    file = Path("baselines_cfg/STAEformer/SyntheticTraffic.py")
    file.parent.mkdir(parents=True)
    file.write_text(SMALL_CONFIG.replace("ELinFormer", "STAEformer"))
    arguments = ["reproduce", "attention", "--models", "STAEformer_matmul", "--datasets", "SyntheticTraffic"]
    arguments += ["-g", "cpu", "--epochs", "1"]
    assert main(arguments) == 0
    (line,) = rows("results/attention_methods_cpu.csv")
    assert line["model"] == "STAEformer_matmul"
    assert float(line["MAE"]) > 0 and float(line["MAE_12"]) > 0
    assert (line["nodes"], line["train_windows"], line["epochs"], line["best_epoch"]) == ("5", "73", "1", "1")
    assert json.loads(Path(line["run"], "test_metrics.json").read_text())["overall"]["MAE"] == pytest.approx(
        float(line["MAE"]), abs=1e-4
    )
    # of a process that has torch and BasicTS
    assert 100 < float(line["peak_memory_mib"]) < 3000
    assert "metrics: " in Path("checkpoints/reproduce/STAEformer_matmul_SyntheticTraffic_42_1.log").read_text()
    capsys.readouterr()
    assert main([*arguments, "--dry-run"]) == 0
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "STAEformer_matmul SyntheticTraffic seed 42  baselines_cfg/STAEformer_matmul/SyntheticTraffic.py: finished",
        "1 run on cpu: 1 finished, 0 to be made, 0 that cannot run yet",
    ]
