"""list, as a user sees it: what is prepared, what can be run."""

import shlex
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from cli.commands import run
from tiny import write_dataset

from basicts_elin.cli import main
from basicts_elin.data.catalog import CATALOG
from basicts_elin.zoo.attention import attention_names
from basicts_elin.zoo.registry import entry, model_names


def listed(capsys, code=0):
    assert main(["list"]) == code
    return capsys.readouterr()


def lines_of(text, name):
    return [line.strip() for line in text.splitlines() if line.split()[:1] == [name]]


def test_every_dataset_of_the_catalogue_has_a_line(place, capsys):
    printed = listed(capsys).out
    assert printed.splitlines()[0] == f"datasets, in {place / 'datasets'}:"
    assert all(len(lines_of(printed, name)) == 1 for name in CATALOG)


def test_a_dataset_that_is_there_says_its_size(place, capsys):
    assert lines_of(listed(capsys).out, "Tiny")[0].endswith("prepared, 212 rows x 5 nodes, without a graph")
    Path("datasets/Tiny/adj_mx.pkl").touch()
    assert lines_of(listed(capsys).out, "Tiny")[0].endswith("prepared, 212 rows x 5 nodes, with a graph")


@pytest.mark.parametrize(
    ("name", "command"),
    [
        ("PEMS08", "PEMS08 --raw PEMS08.npz"),
        ("METR-LA", "METR-LA --raw metr-la.h5"),
        ("PEMS08_tail", "PEMS08_tail --raw PEMS08.npz --rows 10713:"),
        ("PEMS-BAY_67", "PEMS-BAY_67 --raw pems-bay.h5 --sensors FILE"),
        ("SyntheticTraffic", "SyntheticTraffic"),
    ],
)
def test_a_dataset_that_is_not_there_says_how_to_make_it(place, capsys, name, command):
    (line,) = lines_of(listed(capsys).out, name)
    assert line.split(maxsplit=1)[1] == f"not prepared: basicts-elin prepare {command}"


def test_the_command_makes_the_dataset(workplace, capsys):
    (line,) = lines_of(listed(capsys).out, "SyntheticTraffic")
    command = line.rpartition("basicts-elin ")[2].split()
    assert main([*command, "--nodes", "5", "--days", "7"]) == 0
    (line,) = lines_of(listed(capsys).out, "SyntheticTraffic")
    assert line.endswith("prepared, 2016 rows x 5 nodes, with a graph")


def test_what_is_missing_of_a_dataset_is_named(place, capsys):
    Path("datasets/Tiny/val_data.npy").unlink()
    (line,) = lines_of(listed(capsys).out, "Tiny")
    assert "incomplete, without val_data.npy: basicts-elin prepare Tiny" in line


def test_a_dataset_of_ones_own_has_a_line_too(place, capsys):
    write_dataset(place, name="Mine")
    assert lines_of(listed(capsys).out, "Mine")[0].endswith("prepared, 212 rows x 5 nodes, without a graph")


@pytest.mark.parametrize("text", ["{", "{}", "[]"])
def test_a_meta_json_that_says_nothing_does_not_stop_the_list(place, capsys, text):
    Path("datasets/Tiny/meta.json").write_text(text)
    assert lines_of(listed(capsys).out, "PEMS08")


def test_raw_files_have_addresses(workplace, capsys):
    printed = listed(capsys).out
    sources = {facts.source for facts in CATALOG.values() if facts.source}
    assert sources and all(f": {source}\n" in printed for source in sources)


def test_models_are_listed_and_the_others_with_their_reasons(workplace, capsys):
    captured = listed(capsys)
    assert captured.err == ""
    printed = captured.out.splitlines()
    entries = [entry(name) for name in model_names() if not entry(name).is_legacy]
    assert f"  {', '.join(one.name for one in entries if not one.unfit)}" in printed
    assert all(f"  {one.name}: {one.unfit}" in printed for one in entries if one.unfit)


def test_what_a_name_can_be_made_of_is_listed(workplace, capsys):
    printed = listed(capsys).out.splitlines()
    assert "  MODEL: Crossformer, ELinFormer, iTransformer, Leddam, PatchTST, STAEformer, TimeXer" in printed
    assert [line.split(":")[0] for line in printed if line.split(":")[0].strip() in attention_names()] == [
        f"  {name}" for name in attention_names()
    ]
    assert "  MODEL: ELinFormer, STAEformer" in printed
    assert "  linformer: Linformer; only ELinFormer, iTransformer, STAEformer" in printed
    assert "  ELinFormer, PDFormer, STAEformer, STLAformer" in printed


def test_every_listed_name_can_be_given(workplace, capsys):
    """From any folder, without the repository."""
    for name in ("ELinFormer_gaussian", "STID", "iTransformer_linear", "STAEformer_matmul_small"):
        assert main(["train", "-c", f"{name}/SyntheticTraffic", "--gpus", "cpu", "--print-config"]) == 0
        assert f"# {name.removesuffix('_small')} on SyntheticTraffic" in capsys.readouterr().out.replace(
            "ForForecasting", ""
        )


def test_nothing_is_made(workplace, capsys):
    listed(capsys)
    assert not list(workplace.iterdir())


def raise_not_found(name):
    raise metadata.PackageNotFoundError(name)


def test_without_basicts_the_datasets_are_listed(place, capsys, monkeypatch):
    monkeypatch.setattr("importlib.metadata.version", raise_not_found)
    captured = listed(capsys, code=2)
    assert lines_of(captured.out, "Tiny") and lines_of(captured.out, "PEMS08")
    assert "DLinear" not in captured.out
    assert captured.err.startswith("error: basicts: not installed; expected 1.1.x; ")
    assert captured.err.count("\n") == 1


def test_neither_torch_nor_basicts_is_imported(place):
    """They take seconds."""
    script = (
        "import sys; from basicts_elin import cli; cli.main(['list']); print({'torch', 'basicts'} & {*sys.modules})"
    )
    done = run(place, "-c", script)
    assert (done.stdout.splitlines()[-1], done.stderr) == ("set()", "")
    assert "DLinear" in done.stdout


def test_a_reader_that_has_seen_enough_is_no_error(place):
    command = f"{shlex.quote(sys.executable)} -m basicts_elin.cli list | head -1"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=100, check=False)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
