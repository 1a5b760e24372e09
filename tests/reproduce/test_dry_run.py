"""What the plan says is missing."""

import shutil
from pathlib import Path

from miniature import adjacency, checkout  # noqa: F401  fixtures
from tiny import NAME

from basicts_elin.env_vars import ROOT_VARIABLE
from basicts_elin.reproduce.cost import Estimator
from basicts_elin.reproduce.dry_run import plan_lines
from basicts_elin.reproduce.plan import plan_runs
from basicts_elin.reproduce.status import answer

MODELS = [f"legacy/Mini{name}" for name in ("", "MTGNN", "HimNet")]


def plan():
    runs = plan_runs("table3", MODELS, [NAME])
    return plan_lines(runs, answer(runs, ["cpu"]), Estimator([]))


def test_a_dataset_that_is_not_prepared_is_said_once(checkout):  # noqa: F811
    # Mini looks at it while its configuration is read, MiniMTGNN does not
    shutil.rmtree(Path("datasets", NAME))
    *runs, missing, count, _ = plan()
    assert len(runs) == 3 and all(f"/{NAME}: cannot run, dataset {NAME} is not prepared" in line for line in runs)
    folder = Path("datasets", NAME)
    assert missing.startswith(f"dataset {NAME} is not prepared: there is no folder {folder} here; make it by")
    assert count == "3 runs on cpu: 0 finished, 0 to be made, 3 that cannot run yet"


def test_everything_that_is_missing_is_said(checkout, monkeypatch):  # noqa: F811
    (checkout / "baselines" / "MiniHimNet" / "arch" / "__init__.py").write_text("import no_such_package")
    Path("datasets", NAME, "meta.json").unlink()
    problems = plan()[3:-2]
    incomplete = f"dataset {NAME} is incomplete: {Path('datasets', NAME, 'meta.json')} is missing"
    package = "MiniHimNet/Tiny.py of BasicTS 0.5 imports something that is not there: No module named 'no_such_package'"
    assert [problem.partition(" (")[0].partition(";")[0] for problem in problems] == [incomplete, package]
    # also where nothing looks at it
    shutil.rmtree(Path("datasets", NAME))
    monkeypatch.delenv(ROOT_VARIABLE)
    dataset, baselines = plan()[3:-2]
    assert dataset.startswith(f"dataset {NAME} is not prepared") and baselines.startswith("older baselines not found")
