"""The page about commands says what the registry says, and every event can be asked about."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from commands.inverse import Inverse, NoInverse, Undone
from commands.inverses import INVERSES
from commands.permissions import SignedIn
from commands.registry import all_commands, page
from commands.spec import BY_EVENTS, CommandSpec, Registry
from domain.errors import Kind, Refused
from domain.task.events import TaskRanked, TaskRetitled, TaskTrashed
from domain.values.text import ERASED
from infra.event_store.event_types import EVENT_TYPES

PAGE = Path(__file__).parents[2] / "docs" / "commands.md"


def test_the_page_is_up_to_date():
    """Where this fails: python -m commands.registry > docs/commands.md"""
    assert PAGE.read_text(encoding="utf-8") == page()


@dataclass(frozen=True, slots=True)
class Paint:
    task_id: str


async def paint(command: Paint, work: Any) -> str:
    return command.task_id


def spec(**other: Any) -> CommandSpec[Paint]:
    return CommandSpec(
        command=Paint,
        handler=paint,
        events=(TaskRanked, TaskTrashed),
        route="POST /paint",
        permission=SignedIn(),
        **other,
    )


BACK = Inverse(Paint, lambda undone: Paint(undone.stream))


def test_a_command_that_does_not_say_what_takes_it_back_keeps_the_program_from_starting():
    with pytest.raises(TypeError, match="inverse"):
        spec()
    with pytest.raises(ValueError, match="no inverse for TaskTrashed"):
        Registry(spec(inverse=BY_EVENTS), inverses={TaskRanked: BACK})


def test_a_command_cannot_say_that_it_has_no_inverse_where_the_log_could_not_tell():
    both = {TaskRanked: BACK, TaskTrashed: BACK}
    with pytest.raises(ValueError, match="each of its events has one"):
        Registry(spec(inverse=NoInverse("paint dries.")), inverses=both)


def test_every_event_has_an_inverse_that_is_a_command_or_a_reason_why_not():
    registry = all_commands()
    registered = {each.command for each in registry}
    for each in EVENT_TYPES:
        match registry.inverse_of(object.__new__(each.event)):
            case Inverse(command):
                assert command in registered
            case NoInverse(reason):
                assert reason.endswith(".")


def test_only_events_that_some_command_records_have_an_inverse():
    recorded = {event for each in all_commands() for event in each.events}
    assert recorded.issuperset(INVERSES)


def test_what_was_erased_cannot_be_brought_back():
    event = TaskRetitled(title="Sand it", was=ERASED)
    with pytest.raises(Refused) as refused:
        INVERSES[TaskRetitled].of(Undone("task_1", event, None))
    assert refused.value.kind is Kind.NOT_UNDOABLE
