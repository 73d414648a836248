"""Ids are fresh and in order, or follow from what they name."""

import pytest

from domain.values.ids import KINDS, is_id
from infra.ids import derived_id, new_id


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_has_ids(kind):
    assert is_id(new_id(kind), kind)
    assert is_id(derived_id(kind, b"secret", "a"), kind)


def test_fresh_ids_differ():
    assert len({new_id("task") for _ in range(10_000)}) == 10_000


def test_a_derived_id_is_always_the_same_and_only_for_the_same():
    first = derived_id("task", b"secret", "ws", "trace")
    assert first == derived_id("task", b"secret", "ws", "trace")
    others = {
        derived_id("task", b"secret", "wstrace"),
        derived_id("task", b"secret", "ws", "trac", "e"),
        derived_id("task", b"secret", "ws", "trace", ""),
        derived_id("task", b"other secret", "ws", "trace"),
    }
    assert len(others) == 4
    assert first not in others
    assert derived_id("user", b"secret", "ws", "trace")[5:] != first[5:]


def test_an_unknown_kind_is_a_fault_of_the_program():
    with pytest.raises(ValueError, match="unknown kind"):
        new_id("cat")
    with pytest.raises(ValueError, match="unknown kind"):
        derived_id("cat", b"secret")
