"""The values of --set, as text."""

import pytest
from refusal import refuses

from basicts_elin.config.assignments import assignment, assignments_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=3", ("a", 3)),
        ("a.b=[1, 2]", ("a.b", [1, 2])),
        ("a=torch.optim.SGD", ("a", "torch.optim.SGD")),
        ("a=x=y", ("a", "x=y")),
        ("a=", ("a", "")),
    ],
)
def test_an_assignment_has_a_name_and_a_value(text, expected):
    assert assignment(text) == expected


@pytest.mark.parametrize("text", ["a", "=3"])
def test_what_is_no_assignment_is_refused(text):
    with refuses("--set", found=text, expected="field=value"):
        assignment(text)


def test_the_text_is_the_same_however_it_is_written():
    texts = [["model_config.dropout=0.20", "betas=[0.8, 0.9]"], ["betas=[0.8,0.9]", "dropout=0.2"]]
    assert {assignments_text(each) for each in texts} == {"betas=[0.8,0.9], dropout=0.2"}
    # the last one counts, as in a run
    assert assignments_text(["lr=1", "lr=2"]) == "lr=2"
    assert assignments_text([]) == ""
