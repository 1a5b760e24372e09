"""A run by the names of its model and dataset."""

import json
import os
from pathlib import Path

import pytest
from refusal import refuses

from basicts_elin.zoo.run_name import named_run


def make_run(folder, config, seconds, best=True):
    place = Path("checkpoints", folder)
    place.mkdir(parents=True)
    (place / "run.json").write_text(json.dumps({"config": config, "dataset": "City"}))
    os.utime(place / "run.json", (seconds, seconds))
    if best:
        (place / "Model_best_val_MAE.pt").touch()
    return place


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_run("STID/City_1_12_12/a", "STID/City", 100)
    make_run("STID/City_1_12_12/b", "STID/City", 300)
    make_run("STID/City_1_12_12/c", "STID/City", 400, best=False)
    make_run("ELinFormer/City_1_12_12/d", "/home/me/baselines_cfg/ELinFormer_small/City.py", 500)
    make_run("LegacySTID/City_1_12_12/e", "legacy/STID/City", 600)


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("STID/City", "STID/City_1_12_12/b"),
        ("ELinFormer_small/City", "ELinFormer/City_1_12_12/d"),
        ("legacy/STID/City", "LegacySTID/City_1_12_12/e"),
    ],
)
def test_the_newest_run_with_a_best_checkpoint_is_meant(name, folder):
    assert named_run(Path(name)) == Path("checkpoints", folder)


@pytest.mark.parametrize("path", ["checkpoints/STID", "nowhere", "a/b/c/d"])
def test_a_path_stays_as_it_is(path):
    assert named_run(Path(path)) == Path(path)


@pytest.mark.parametrize("name", ["ELinFormer/City", "STID/Town"])
def test_a_name_without_a_run_is_refused(name):
    with refuses("run", found=name, fix=f"train -c {name}"):
        named_run(Path(name))
