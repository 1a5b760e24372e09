"""Input that cannot hurt: one or two lines, exit code 2, nothing is changed and nothing in it is run.

The cases are in bad_cases/, a line each.
"""

import shutil

import pytest
from cli.bad_cases.configurations import CONFIG_CASES, OPTION_CASES, SET_CASES
from cli.bad_cases.prepared_folders import PREPARED_CASES
from cli.bad_cases.raw_files import GRAPH_CASES, H5_CASES, NPZ_CASES, OLD_CASES, OUT_CASES
from cli.bad_cases.run_folders import CHECKPOINT_CASES, REPORT_CASES
from cli.bad_input import COMMANDS, NOTHING, TRAIN, fill, tree

from basicts_elin.cli import main

CASES = {
    f"{group}: {name}": (breaks, command, says)
    for group, cases in {
        "npz": NPZ_CASES,
        "h5": H5_CASES,
        "0.5": OLD_CASES,
        "graph": GRAPH_CASES,
        "out": OUT_CASES,
        "prepared": PREPARED_CASES,
        "config": CONFIG_CASES,
        "set": [
            (name, NOTHING, (*TRAIN.split(), "--set", *change.split()), *says) for name, change, *says in SET_CASES
        ],
        "option": OPTION_CASES,
        "checkpoint": CHECKPOINT_CASES,
        "report": REPORT_CASES,
    }.items()
    for name, breaks, command, *says in cases
}


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """What the commands take, made once."""
    folder = tmp_path_factory.mktemp("sound")
    fill(folder)
    return folder


@pytest.fixture
def folder(sound, workplace, small_catalogue):
    shutil.copytree(sound, workplace, dirs_exist_ok=True)
    return workplace


def run(command):
    try:
        return main(command.split() if isinstance(command, str) else command)
    except SystemExit as exit_:
        # argparse's
        return exit_.code


@pytest.mark.parametrize("command", COMMANDS)
def test_unbroken_they_are_taken(folder, command):
    assert run(command) == 0


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_is_said_and_nothing_is_changed(folder, capsys, case):
    breaks, command, says = CASES[case]
    breaks()
    before = tree()
    assert run(command) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ") and said.endswith("\n")
    assert said.count("\n") <= 2
    for text_ in says:
        assert text_ in said
    assert tree() == before
