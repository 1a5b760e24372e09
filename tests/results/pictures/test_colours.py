import pytest

from basicts_elin.results.pictures.colours import MEASURED, look_of, looks
from basicts_elin.zoo import registry


def test_the_methods_of_the_comparison_have_colours_of_their_own():
    names = (MEASURED, "ELinFormer", "STAEformer", "STID", "last value", "historical average")
    assert len({look_of(name).color for name in names}) == len(names)


@pytest.mark.parametrize(
    ("variant", "model"),
    [
        ("ELinFormer_small", "ELinFormer"),
        ("legacy/STID", "STID"),
        ("STID (dropout=0.2)", "STID"),
        ("STID, 6 epochs", "STID"),
        ("ELinFormer_small, 6 epochs", "ELinFormer"),
        ("iTransformer_linear", "iTransformer"),
        ("softmax (SDPA)", "STAEformer"),
        ("entropy-equal, taylor", "ELinFormer"),
    ],
)
def test_variants_have_the_colour_of_their_model(variant, model):
    assert look_of(variant).color == look_of(model).color


def test_a_method_keeps_its_colour_whatever_is_beside_it():
    names = ["iTransformer", *registry.variant_names()]
    assert {name: look.color for name, look in looks(names).items()} == {name: look_of(name).color for name in names}


def test_no_two_methods_of_a_picture_look_alike():
    names = [*registry.model_names(), "ELinFormer_small", "A", "B", MEASURED]
    found = looks(names)
    assert len({*found.values()}) == len(names) == len(found)


def test_the_models_of_the_paper_can_be_told_apart_in_different_pictures():
    names = ("AGCRN", "DCRNN", "GWNet", "MTGNN", "STGCN", "iTransformer", "STID", "ELinFormer", "STAEformer")
    assert len({(look_of(name).color, look_of(name).marker) for name in names}) == len(names)
    assert look_of("GWNet") == look_of("legacy/GWNet")
