"""Results as a CSV."""

import csv
from dataclasses import replace

import pytest
from refusal import refuses
from results.runs import failed, result

from basicts_elin.results.schema import FIELD_TYPES, Result
from basicts_elin.results.store import holds_results, merged, read_csv, read_results, write_csv, write_results


@pytest.fixture
def file(tmp_path):
    return tmp_path / "results" / "table.csv"


def rows(file):
    with file.open(newline="") as content:
        return list(csv.DictReader(content))


def test_what_is_written_is_read(file, tmp_path):
    results = [result("A", compiled=False, processes=2), failed("B", "PEMS04", reason='a "reason", with a comma')]
    write_results(file, results)
    assert read_results(file) == results
    assert read_results(tmp_path / "nothing.csv") == []
    write_results(file, [])
    assert read_results(file) == []


def test_the_columns_are_the_fields_and_every_metric(file):
    own = Result("B", "MyCity", metrics={"24": {"WAPE": 0.0123446}, "overall": {"MAE": 1.23456, "WAPE": 0.5}})
    write_results(file, [result("A"), own])
    columns = list(rows(file)[0])
    assert columns[:10] == ["model", "dataset", "differences", "seed", "MAE", "RMSE", "MAPE", "WAPE", "MAE_3", "RMSE_3"]
    assert {*columns} - {*FIELD_TYPES} == {
        "MAE", "RMSE", "MAPE", "WAPE",
        *(f"{metric}_{horizon}" for metric in ("MAE", "RMSE", "MAPE", "WAPE") for horizon in (3, 6, 12, 24)),
    }  # fmt: skip
    line = rows(file)[1]
    # four digits of what is small, whatever its unit is
    assert [line[name] for name in ("MAE", "WAPE", "WAPE_24", "RMSE", "MAE_24")] == [
        "1.2346",
        "0.5000",
        "0.01234",
        "",
        "",
    ]
    assert read_results(file)[1].metrics == {"24": {"WAPE": 0.01234}, "overall": {"MAE": 1.2346, "WAPE": 0.5}}


def test_the_mean_over_horizons_and_the_time_of_inference_have_columns_where_they_are_known(file):
    metrics = {"3": {"MAE": 1.0}, "overall": {"MAE": 2.0, "x_mean": 5.0}, "mean": {"MAE": 1.5}}
    results = [Result("A", "D", metrics=metrics, inference_ms_per_window=0.25, inference_batch_size=64), result("B")]
    write_results(file, results)
    (line, other) = rows(file)
    assert list(line)[4:12] == ["MAE", "x_mean", "RMSE", "MAPE", "MAE_3", "x_mean_3", "RMSE_3", "MAPE_3"]
    assert (line["MAE"], line["MAE_mean"], other["MAE_mean"]) == ("2.0000", "1.5000", "")
    assert (line["inference_ms_per_window"], line["inference_batch_size"]) == ("0.25", "64")
    assert read_results(file) == results
    assert holds_results(file)
    # a CSV of an earlier version has neither
    write_results(file, [result("B")])
    assert not {"MAE_mean", "inference_ms_per_window", "inference_batch_size"} & set(rows(file)[0])
    assert read_results(file) == [result("B")] and holds_results(file)


def test_a_metric_whose_name_ends_in_a_number_is_read_as_it_was_written(file):
    metrics = {"3": {"quantile_90": 1.5}, "12": {"quantile_90": 1.75}, "overall": {"quantile_90": 2.0}}
    write_results(file, [Result("A", "D", metrics=metrics)])
    assert read_results(file)[0].metrics == metrics


@pytest.mark.parametrize("names", [("epochs",), ("MAE", "MAE_3")])
def test_a_metric_that_is_called_as_another_column_is_refused(file, names):
    values = dict.fromkeys(names, 1.0)
    with refuses("metrics", found=names[-1], fix="rename"):
        write_results(file, [Result("A", "D", metrics={"3": values, "overall": values})])
    assert not file.exists()


def test_another_csv_is_not_taken_for_one(tmp_path):
    other = tmp_path / "attention_cpu.csv"
    other.write_text("tokens,batch\n170,16\n")
    assert not holds_results(other) and not holds_results(tmp_path / "none.csv")
    with refuses(other, found="tokens, batch", expected="model", fix="--output"):
        read_results(other)


@pytest.mark.parametrize(
    ("old", "new", "place", "found"),
    [
        (",15.0000,", ",15.O,", ", line 2, MAE", "'15.O'"),
        (",42,", ",4.2,", ", line 2, seed", "'4.2'"),
        (",True,", ",yes,", ", line 2, compiled", "'yes'"),
        ("abc1234,", "abc1234,,", ", line 2", "cells"),
        ("abc1234,,,", "abc1234", ", line 2", "cells"),
        ("abc1234", "\xff", "", "not a CSV"),
    ],
)
def test_a_csv_that_somebody_has_edited_is_refused(file, old, new, place, found):
    write_results(file, [result("A", compiled=True)])
    text = file.read_text()
    assert old in text
    file.write_bytes(text.replace(old, new, 1).encode("latin-1"))
    with refuses(f"{file}{place}", found=found, fix="--output"):
        read_results(file)


def test_any_dataset_may_be_in_a_csv(file):
    write_results(file, [result("A", "MyCity")])
    assert read_results(file)[0].dataset == "MyCity"


def test_a_table_of_anything_else(file):
    write_csv(file, [{"a": 1, "c": "x, y", "ignored": 2}, {"b": None}], ("a", "b", "c"))
    assert file.read_text() == 'a,b,c\n1,,"x, y"\n,,\n'
    assert read_csv(file, ("a", "b", "c")) == [{"a": "1", "b": "", "c": "x, y"}, {"a": "", "b": "", "c": ""}]
    with refuses(file, found="a, b, c", expected="a, b", fix="--output"):
        read_csv(file, ("a", "b"))
    assert read_csv(file.with_name("none.csv"), ("a",)) == []


def test_a_folder_that_cannot_be_written_is_not_left_behind(tmp_path, monkeypatch):
    def fail(path, content):
        raise OSError(28, "no space", str(path))

    monkeypatch.setattr("basicts_elin.results.store.write_atomically", fail)
    with pytest.raises(OSError, match="no space"):
        write_results(tmp_path / "new" / "x.csv", [result("A")])
    assert not (tmp_path / "new").exists()


def test_a_run_has_one_row():
    old = [result("A", seed=1), result("A", seed=2), result("B", seed=1)]
    new = [result("A", seed=2, mae=9.0), result("A", seed=2, num_epochs=6), result("A", seed=2, differences="lr=1")]
    assert merged(old, new) == [old[0], old[2], *new]


def test_a_failure_does_not_take_the_place_of_a_result():
    old = [result("A", num_epochs=3)]
    assert merged(old, [failed("A", num_epochs=3)]) == old
    # of a run that cannot be started the epochs may not be known
    assert merged(old, [failed("A")]) == old
    other = failed("A", num_epochs=100)
    assert merged(old, [other]) == [*old, other]


def test_an_outdated_result_gives_its_place_to_the_reason():
    old = [result("A", num_epochs=3, run="checkpoints/A/1"), result("B", run="checkpoints/A/1")]
    outdated = failed("A", num_epochs=3, reason="other data", run="checkpoints/A/1")
    assert merged(old, [outdated]) == [old[1], outdated]
    # made elsewhere
    assert merged(old, [replace(outdated, run="checkpoints/A/2")]) == old
    again = result("A", num_epochs=3, run="checkpoints/A/3")
    assert merged([outdated], [again]) == [again]


def test_a_result_takes_the_place_of_a_failure():
    new = result("A", num_epochs=3)
    assert merged([failed("A", num_epochs=3)], [new]) == [new]
    assert merged([failed("A")], [new]) == [new]
    kept = failed("A", num_epochs=100)
    assert merged([kept], [new]) == [kept, new]


def test_a_later_failure_takes_the_place_of_an_earlier_one():
    later = failed("A", num_epochs=3, reason="later")
    assert merged([failed("A")], [later]) == [later]
