import pytest

from basicts_elin.data.catalog import CATALOG, dataset_facts, split_lengths
from basicts_elin.errors import UserError


@pytest.mark.parametrize(
    ("name", "num_steps", "expected"),
    [
        ("METR-LA", 34272, (23990, 3427, 6855)),
        ("PEMS-BAY", 52116, (36481, 5211, 10424)),
        ("PEMS03", 26208, (15724, 5241, 5243)),
        ("PEMS04", 16992, (10195, 3398, 3399)),
        ("PEMS07", 28224, (16934, 5644, 5646)),
        ("PEMS08", 17856, (10713, 3571, 3572)),
        ("PEMS08_tail", 7143, (4285, 1428, 1430)),
    ],
)
def test_parts_are_as_long_as_in_basicts(name, num_steps, expected):
    facts = dataset_facts(name)
    assert facts.num_steps == num_steps
    assert split_lengths(facts.num_steps, facts.split) == expected


def test_the_tail_starts_where_pems08_is_split():
    full, tail = dataset_facts("PEMS08"), dataset_facts("PEMS08_tail")
    assert tail.first_row == split_lengths(full.num_steps, full.split)[0]
    assert tail.first_row + tail.num_steps == full.num_steps


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(UserError, match="dataset: 'PEMS99' is not in the catalogue") as error:
        dataset_facts("PEMS99")
    assert all(name in str(error.value) for name in CATALOG)


@pytest.mark.parametrize("name", CATALOG)
def test_regular_settings_repeat_the_facts(name):
    facts = dataset_facts(name)
    assert facts.regular_settings["train_val_test_ratio"] == list(facts.split)
    assert facts.regular_settings["null_val"] == facts.null_value
    assert sum(facts.split) == pytest.approx(1.0)
    assert facts.steps_per_day == 288
