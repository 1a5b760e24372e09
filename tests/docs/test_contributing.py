"""What CONTRIBUTING.md tells: its files, as a package outside the repository, add a dataset, a model and so on."""

import configparser
import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from docs.pages import ROOT, blocks

PAGE = ROOT / "CONTRIBUTING.md"
FILES = {block.file: block.text for block in blocks(PAGE) if block.file}
COMMANDS = [" ".join(words) for block in blocks(PAGE) if block.mark == "scratch" for words in block.commands]


def write_package(folder):
    """The files of the page, and what pip writes when it installs them."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    project = configparser.ConfigParser()
    project.read_string(FILES["pyproject.toml"])
    points = dict(project['project.entry-points."basicts_elin.plugins"'])
    name, version = (project["project"][key].strip('"') for key in ("name", "version"))
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    lines = [f"{point} = {module.strip(chr(34))}" for point, module in points.items()]
    (info / "entry_points.txt").write_text("\n".join(["[basicts_elin.plugins]", *lines, ""]))


def write_raw_file(folder):
    """The raw file of the page's dataset: 1200 rows of 6 sensors."""
    rows = np.arange(1200)[:, None]
    values = 200 + 100 * np.sin(rows / 40 + np.arange(6)) + np.random.default_rng(0).normal(0, 10, (1200, 6))
    np.savez(folder / "ring_road.npz", data=values[..., None].astype(np.float32))


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """The folder in which the page's commands were run, one after the other, and what each printed."""
    folder = tmp_path_factory.mktemp("scratch")
    write_package(folder)
    write_raw_file(folder)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)]),
        "PATH": os.pathsep.join([str(command_folder(folder)), os.environ["PATH"]]),
        "OMP_NUM_THREADS": "1",
    }
    printed = {}
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed[command] = done.stdout
    return folder, printed


def command_folder(folder):
    """A folder with the command `basicts-elin`, for this checkout."""
    script = folder / "bin" / "basicts-elin"
    script.parent.mkdir()
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m basicts_elin.cli "$@"\n')
    script.chmod(0o755)
    return script.parent


def result_of(folder, pattern):
    return [json.loads(file.read_text()) for file in folder.glob(f"checkpoints/{pattern}/*/test_metrics.json")]


def test_nothing_of_it_is_in_the_repository():
    code = [path.read_text(encoding="utf-8") for path in (ROOT / "basicts_elin").rglob("*.py")]
    assert not [text for text in code if re.search("RingRoad|SensorMixer|ReluAttention", text)]


def test_the_dataset(scratch):
    folder, printed = scratch
    assert re.search(r"^ *RingRoad +.*prepare RingRoad", printed["basicts-elin list"], re.MULTILINE)
    meta = json.loads((folder / "datasets" / "RingRoad" / "meta.json").read_text())
    assert (meta["num_time_steps"], meta["num_vars"], meta["frequency (minutes)"]) == (1200, 6, 5)


def test_the_model(scratch):
    folder, printed = scratch
    assert len(result_of(folder, "SensorMixer/RingRoad_2_12_12")) == 2 + 1
    assert len(result_of(folder, "SensorMixer*/RingRoad_2_12_12")) > 3
    (report,) = (text for command, text in printed.items() if "--naive" in command)
    assert re.search(r"^SensorMixer\b", report, re.MULTILINE) and re.search(r"^last value\b", report, re.MULTILINE)


def test_the_attention(scratch):
    folder, printed = scratch
    assert result_of(folder, "SensorMixer_relu/RingRoad_2_12_12")
    (table,) = folder.glob("results/table3_*.csv")
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == ["SensorMixer", "SensorMixer_relu"]
    assert all(float(row["MAE"]) > 0 and not row["reason"] for row in rows)
    # another attention is another model
    assert rows[0]["MAE"] != rows[1]["MAE"]
    assert (folder / "docs" / "tables" / f"{table.stem}.md").is_file()


def test_the_metric(scratch):
    folder, printed = scratch
    with (folder / "near.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    values = [row["near"] for row in rows if row["near"]]
    assert len(values) == 2 and all(0 < float(value) < 100 for value in values)
    (report,) = (text for command, text in printed.items() if command.endswith("near.csv"))
    assert "near" in report


def test_the_page_tries_several_processes_report_and_reproduce():
    text = "\n".join(COMMANDS)
    assert all(name in text for name in ("--processes 2", "basicts-elin report", "basicts-elin reproduce"))
    assert {Path(name).suffix for name in FILES} == {".toml", ".py"}
