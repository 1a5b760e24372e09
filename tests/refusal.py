"""Asserting what an error says by its slots, whatever the words around them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from basicts_elin.errors import UserError

SLOTS = ("field", "found", "expected", "fix")


@contextmanager
def refuses(field: object, *, error: type[UserError] = UserError, **slots: object) -> Iterator[pytest.ExceptionInfo]:
    """Asserts that the block raises a UserError about `field`.

    slots: found, expected, fix: a value that the slot of that name must contain, or several in a tuple.
    """
    with pytest.raises(error) as caught:
        yield caught
    assert caught.value.field == str(field)
    for name, values in slots.items():
        assert name in SLOTS
        for value in values if isinstance(values, tuple) else (values,):
            assert str(value) in getattr(caught.value, name)
