"""Which runs a table needs."""

import pytest
from refusal import refuses
from tiny import write_dataset

from basicts_elin.errors import UserError
from basicts_elin.reproduce.plan import TABLES, Run, plan_runs
from basicts_elin.results import published
from basicts_elin.zoo import registry


def test_table3_is_every_model_of_the_paper_on_its_datasets():
    runs = plan_runs("table3")
    models = published.systems_of(published.TABLE3)
    assert len(models) == 12
    assert [(run.dataset, run.model) for run in runs] == [
        (d, m) for d in published.datasets_of(published.TABLE3) for m in models
    ]
    assert {run.seed for run in runs} == {42}
    assert registry.absent_models() == {}


def test_the_configurations_of_models_and_of_legacy_models():
    configs = {run.model: run.config for run in plan_runs("table3", datasets=["PEMS08"])}
    assert configs["ELinFormer"] == "baselines_cfg/ELinFormer/PEMS08.py"
    legacy = {model for model, config in configs.items() if config.startswith("legacy/")}
    assert legacy == set(published.systems_of(published.TABLE3)) - {"ELinFormer", "STAEformer", "PDFormer"}
    assert configs["GWNet"] == "legacy/GWNet/PEMS08"


def test_any_legacy_model_has_a_name():
    runs = plan_runs("table3", ["legacy/STID", "STID", "legacy/GWNet", "GWNet"], ["PEMS08"])
    assert [(run.model, run.config, run.is_legacy) for run in runs] == [
        ("legacy/STID", "legacy/STID/PEMS08", True),
        ("STID", "baselines_cfg/STID/PEMS08.py", False),
        ("GWNet", "legacy/GWNet/PEMS08", True),
    ]


def test_every_seed_of_a_dataset_before_the_next_dataset():
    runs = plan_runs("table2", ["ELinFormer", "STID"], ["PEMS08", "PEMS04"], (1, 2), epochs=5)
    assert runs[:3] == [
        Run("ELinFormer", "PEMS08", 1, "baselines_cfg/ELinFormer/PEMS08.py", 5),
        Run("STID", "PEMS08", 1, "baselines_cfg/STID/PEMS08.py", 5),
        Run("ELinFormer", "PEMS08", 2, "baselines_cfg/ELinFormer/PEMS08.py", 5),
    ]
    assert len(runs) == 8 and [run.dataset for run in runs] == ["PEMS08"] * 4 + ["PEMS04"] * 4


def test_small_is_the_small_configuration_where_there_is_one():
    runs = plan_runs("attention", datasets=["PEMS08_tail"], small=True)
    assert [run.model for run in runs] == [
        "STAEformer_matmul_small",
        "STAEformer_small",
        "STAEformer_linformer_small",
        "STAEformer_inline_small",
        "ELinFormer_small",
        "ELinFormer_gaussian_small",
        *list(registry.compared_models())[6:],
    ]
    assert runs[2].config == "baselines_cfg/STAEformer_linformer_small/PEMS08_tail.py"
    assert [run.model for run in plan_runs("table3", ["STID", "GWNet"], ["PEMS08"], small=True)] == ["STID", "GWNet"]


def test_what_is_named_twice_is_run_once():
    assert len(plan_runs("table2", ["STID", "STID"], ["PEMS08", "PEMS08"], (1, 1))) == 1


def test_the_arguments_of_a_run():
    run = Run("M", "PEMS08", 7, "M/PEMS08")
    assert run.arguments("1") == ["-c", "M/PEMS08", "--gpus", "1", "--seed", "7"]
    assert Run("M", "PEMS08", 7, "M/PEMS08", 3).arguments("cpu")[-2:] == ["--set", "num_epochs=3"]
    changed = Run("M", "PEMS08", 7, "M/PEMS08", 3, changes=("lr=0.1", "x=[1, 2]"))
    assert changed.arguments("cpu")[-4:] == ["--set", "num_epochs=3", "lr=0.1", "x=[1, 2]"]


def test_changes_are_part_of_what_a_run_is():
    plan = [plan_runs("table3", ["STID"], ["PEMS08"], changes=changes)[0] for changes in ((), ("lr=0.1", "b=2"))]
    assert [run.identity for run in plan] == [("STID", "PEMS08", "", 42), ("STID", "PEMS08", "b=2, lr=0.1", 42)]
    assert [str(run) for run in plan] == ["STID PEMS08 seed 42", "STID (b=2, lr=0.1) PEMS08 seed 42"]
    legacy = plan_runs("table3", ["legacy/STID"], ["PEMS08"], changes=["lr=0.1"])[0]
    assert legacy.is_legacy and legacy.changes == ("lr=0.1",)


@pytest.mark.parametrize(("name", "option"), [("num_epochs", "--epochs"), ("seed", "--seeds"), ("gpus", "--gpus")])
def test_fields_with_an_option_are_not_set(name, option):
    with refuses(f"--set {name}", found="3", fix=f"{option} 3"):
        plan_runs("table3", ["STID"], ["PEMS08"], changes=[f"{name}=3"])


def test_what_cannot_be_planned_is_said():
    with pytest.raises(UserError, match="PEMS99"):
        plan_runs("table3", datasets=["PEMS99"])
    with refuses("--models", found=("Informer", registry.entry("Informer").unfit), fix="omit it"):
        plan_runs("table3", models=["STID", "Informer"])


def test_any_prepared_dataset_can_be_planned(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path, "MyCity")
    assert [run.config for run in plan_runs("table3", ["STID"], ["MyCity"])] == ["baselines_cfg/STID/MyCity.py"]


def test_no_table_takes_the_name_of_a_benchmark(pytestconfig):
    stems = {table.stem for table in TABLES.values()}
    assert len(stems) == len(TABLES)
    taken = {path.name for path in (pytestconfig.rootpath / "benchmarks").glob("*.py")}
    assert not {f"{stem}.py" for stem in stems} & taken
