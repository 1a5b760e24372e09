"""The rows of the ablation, in the plan and on the page."""

from results.runs import result

from basicts_elin.reproduce.plan import plan_runs
from basicts_elin.results.ablation import ROWS, row_of
from basicts_elin.results.markdown import page
from basicts_elin.zoo import registry


def test_each_row_is_a_run_and_each_run_has_its_row():
    for small in (False, True):
        runs = plan_runs("ablation", datasets=["PEMS08"], small=small)
        assert [row_of(run.model, run.differences) for run in runs] == list(ROWS)
    assert {run.dataset for run in plan_runs("ablation")} == {"PEMS08"}
    assert len({row.title for row in ROWS}) == len(ROWS)


def test_the_attentions_are_those_of_their_rows():
    """A name that stands for another model would compare something else."""
    names = [registry.resolve(row.model).name for row in ROWS]
    assert names == [row.model for row in ROWS]
    assert {registry.resolve(row.model).backbone for row in ROWS} == {"STAEformer"}


def test_named_models_are_planned_as_they_are():
    runs = plan_runs("ablation", ["ELinFormer"], ["PEMS08"], changes=["lr=0.1"])
    assert [(run.model, run.differences) for run in runs] == [("ELinFormer", "lr=0.1")]
    changed = plan_runs("ablation", datasets=["PEMS08"], changes=["lr=0.1"])
    assert changed[1].differences == "entropy=taylor2, lr=0.1"


def test_the_page_says_what_each_row_is():
    results = [
        result("STAEformer_linformer_tied_small", mae=17.0),
        result("ELinFormer_small", seed=42, mae=16.0),
        result("ELinFormer_small", seed=43, mae=18.0),
        result("ELinFormer_small", differences="node_embedding=none", mae=20.0),
        result("DLinear", mae=15.0),
    ]
    text = page("ablation", "Title", results, "x.csv", "command")
    rows = [line for line in text.splitlines() if line.startswith("|")][2:]
    lines = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    titles = ["ELinFormer, small (2 seeds)", "no node embedding, small", "Linformer, tied positions, small", "DLinear"]
    assert [line[0] for line in lines] == titles
    assert [line[1] for line in lines] == [ROWS[0].explanation, ROWS[5].explanation, ROWS[8].explanation, ""]
    assert [line[4] for line in lines] == ["", "+3.00", "+0.00", ""]
    # the published figures are those of other questions
    assert "published" not in text.partition("## PEMS08")[2].replace(ROWS[0].explanation, "")
