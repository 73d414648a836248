"""The quick copy is the same as the standard library's."""

from dataclasses import FrozenInstanceError, dataclass, replace

import pytest

from domain.values.evolved import evolved
from tests.domain.examples import task_of


def test_a_copy_is_what_replace_makes():
    task = task_of(tags=("a",)).state
    copy = evolved(task, title="Other", tags=())
    assert copy == replace(task, title="Other", tags=())
    assert task.title == "Paint it"


def test_a_copy_is_as_frozen_as_the_first():
    @dataclass(frozen=True, slots=True)
    class Strict:
        title: str

    copy = evolved(Strict("first"), title="Other")
    with pytest.raises(FrozenInstanceError):
        copy.title = "Third"


def test_there_is_no_field_that_the_state_has_not():
    with pytest.raises(AttributeError):
        evolved(task_of().state, titel="Other")


def test_two_kinds_of_state_do_not_mix():
    @dataclass(frozen=True, slots=True)
    class Other:
        title: str

    assert evolved(Other("a"), title="b") == Other("b")
    assert evolved(task_of().state, title="b").title == "b"
