"""Where pictures are written, and what they replace."""

import numpy as np
import pytest
from refusal import refuses

from basicts_elin.results.pictures.canvas import picture, spread


def write(path, kind="errors", conditions="conditions"):
    with picture(path, kind, 2.0, conditions) as figure:
        figure.subplots().plot([1, 2, 3])


@pytest.mark.parametrize(
    ("name", "start"), [("a.png", b"\x89PNG\r\n\x1a\n"), ("a.svg", b"<?xml"), ("a.PNG", b"\x89PNG")]
)
def test_the_ending_says_the_format(tmp_path, name, start):
    write(tmp_path / name)
    assert (tmp_path / name).read_bytes().startswith(start)


def test_a_picture_replaces_one_of_its_kind(tmp_path):
    for suffix in ("png", "svg"):
        path = tmp_path / f"a.{suffix}"
        write(path)
        before = path.read_bytes()
        write(path, conditions="others")
        assert path.read_bytes() != before
        write(path)
        # nothing in it depends on the time
        assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["mine", "another kind"])
def test_a_picture_replaces_nothing_else(tmp_path, content):
    path = tmp_path / "a.png"
    if content == "mine":
        path.write_bytes(b"\x89PNG of mine")
    else:
        write(path, "training")
    before = path.read_bytes()
    with refuses("--output", found=path, expected="basicts-elin plot errors"):
        write(path)
    assert path.read_bytes() == before


def test_a_picture_that_fails_leaves_nothing(tmp_path):
    from matplotlib import pyplot

    with pytest.raises(ZeroDivisionError), picture(tmp_path / "a.png", "errors", 2.0, ""):
        raise ZeroDivisionError
    assert not any(tmp_path.iterdir()) and not pyplot.get_fignums()


@pytest.mark.parametrize("name", ["a.pdf", "a", "png"])
def test_other_formats_are_refused(tmp_path, name):
    with refuses("--output", found=name, expected=".svg"):
        write(tmp_path / name)


def test_names_keep_their_order_and_their_distance():
    generator = np.random.default_rng(0)
    for _ in range(200):
        places = sorted(generator.uniform(0, 1, generator.integers(1, 9)))
        found = spread(places, 0.1)
        assert all(np.diff(found) > 0.1 - 1e-9)
        assert max(np.abs(np.array(found) - places)) < 0.1 * len(places)


def test_names_far_apart_stay_where_they_are():
    assert spread([0.1, 0.5, 0.9], 0.2) == [0.1, 0.5, 0.9]
    np.testing.assert_allclose(spread([0.5, 0.5], 0.2), [0.4, 0.6])
    np.testing.assert_allclose(spread([0.3, 0.45, 0.5], 0.2), [0.21666667, 0.41666667, 0.61666667])
