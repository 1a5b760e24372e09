"""What the plan says is missing."""

import shutil
from pathlib import Path

from miniature import adjacency, checkout  # noqa: F401  fixtures
from tiny import NAME

from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.reproduce.cost import Estimator
from basicts_elin.reproduce.dry_run import plan_lines
from basicts_elin.reproduce.plan import plan_runs
from basicts_elin.reproduce.status import status_here

MODELS = [f"legacy/Mini{name}" for name in ("", "MTGNN", "HimNet")]


def plan():
    runs = plan_runs("table3", MODELS, [NAME])
    return plan_lines(runs, status_here(runs, ["cpu"]), Estimator([]))


def test_a_dataset_that_is_not_prepared_is_named_once(checkout):  # noqa: F811
    # Mini reads it while its configuration is read, MiniMTGNN does not
    shutil.rmtree(Path("datasets", NAME))
    *runs, missing, count, _ = plan()
    assert len(runs) == 3 and all(f"/{NAME}: cannot run, " in line and NAME in line for line in runs)
    assert str(Path("datasets", NAME)) in missing
    assert count == "3 runs on cpu: 0 finished, 0 to be made, 3 that cannot run yet"


def test_everything_that_is_missing_is_named(checkout, monkeypatch):  # noqa: F811
    (checkout / "baselines" / "MiniHimNet" / "arch" / "__init__.py").write_text("import no_such_package")
    Path("datasets", NAME, "meta.json").unlink()
    incomplete, package = plan()[3:-2]
    assert str(Path("datasets", NAME, "meta.json")) in incomplete
    assert "MiniHimNet" in package and "no_such_package" in package
    # also if no configuration reads it
    shutil.rmtree(Path("datasets", NAME))
    monkeypatch.delenv(ROOT_VARIABLE)
    dataset, legacy = plan()[3:-2]
    assert str(Path("datasets", NAME)) in dataset and ROOT_VARIABLE in legacy
