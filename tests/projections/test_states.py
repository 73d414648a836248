"""A state comes back from its row as it was."""

from dataclasses import fields, replace

import msgspec
import pytest

from domain.task.state import Task
from domain.values.text import ERASED
from projections.states import PackedCodec
from tests.projections.history import History, made_id


def a_state(**given: object) -> Task:
    past = History()
    task_id = past.task(42, past.project(1, past.workspace(1)), **given)
    return past.state_of(task_id)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"title": ERASED, "description": ERASED},
        {
            "tags": ("a", "b"),
            "assignee_ids": (made_id("user", 1),),
            "fields": {"size": 3, "x": "y"},
        },
    ],
)
def test_a_packed_state_is_the_same_again_and_holds_no_names(given: dict[str, object]) -> None:
    codec, state = PackedCodec(Task), a_state(**given)
    packed = codec.encode(state)
    again = codec.decode(packed)
    assert again == state
    assert all(
        type(getattr(again, each.name)) is type(getattr(state, each.name)) for each in fields(Task)
    )
    assert b"status_category" not in packed


def test_what_stands_elsewhere_is_not_packed() -> None:
    state = a_state(description="long", title="short")
    again = PackedCodec(Task, description="").decode(
        PackedCodec(Task, description="").encode(state)
    )
    assert again == replace(state, description="")


@pytest.mark.parametrize("data", [b"", b"\x91\x01", b"\x80"])
def test_other_bytes_are_no_state(data: bytes) -> None:
    with pytest.raises(msgspec.MsgspecError):
        PackedCodec(Task).decode(data)
