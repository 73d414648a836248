"""What an event says stands in the state after it, and so do who said it, when, and where."""

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime, timedelta
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from domain.aggregates import AGGREGATES, aggregate_of
from domain.recurrence.events import RecurrenceChanged
from domain.task.events import TaskCreated, TaskMovedToProject, TaskRespaced
from domain.values.text import Erased
from tests.domain.given import BOB, START, WORKSPACE_ID, stamp
from tests.domain.test_laws import EVENTS

# What these say is about a part of what the stream is about, or merged with what stands there.
OF_PARTS = {
    "ApiKeyMade", "ApiKeyRevoked", "TeamCreated", "TeamRenamed", "TeamDeleted", "TeamMemberAdded",
    "TeamMemberRemoved", "TaskDependencyAdded", "TaskDependencyRemoved", "TaskRecordImported",
    "TaskFieldsChanged", "ProjectSettingsChanged", "TemplateTaskAdded", "UserEmailVerified",
    "TaskStatusChanged", "RecurrenceEnded", "RecurrenceResumed",
}  # fmt: skip

# These say whose stream it is.
WHOSE = {
    "cmt": {"task_id", "project_id"},
    "rct": {"comment_id"},
    "watch": {"task_id"},
    "favs": {"user_id"},
    "inbox": {"user_id"},
    "prefs": {"user_id"},
    "due": {"task_id"},
    "kept": {"project_id"},
}


def said(kind: Any, salt: int) -> Any:
    """One with other words in each field than with another salt."""
    hints = get_type_hints(kind)
    return kind(**{name: _word(name, hint, salt) for name, hint in hints.items()})


def _word(name: str, hint: Any, salt: int) -> Any:
    if get_origin(hint) is UnionType or NoneType in get_args(hint):
        hint = next(each for each in get_args(hint) if each not in (NoneType, Erased))
    if get_origin(hint) is tuple:
        return (_word(name, get_args(hint)[0], salt),)
    if get_origin(hint) is Mapping:
        return {f"{name} {salt}": _word(name, get_args(hint)[1], salt)}
    if is_dataclass(hint):
        return said(hint, salt)
    words: Mapping[Any, Any] = {
        str: f"{name} {salt}",
        bool: salt % 2 == 1,
        int: salt + len(name),
        float: salt + 0.5,
        bytes: bytes([salt]) * 32,
        datetime: START + timedelta(days=salt, minutes=len(name)),
    }
    return words[str if hint in (Any, object) else hint]


def by_bob(version: int, stream: str = WORKSPACE_ID, **other: Any) -> Any:
    """Whose each word is differs from field to field, and is never the actor's."""
    names = ("name", "title", "description", "text", "fields")
    return replace(
        stamp(version, stream, BOB, authors={each: f"user of {each}" for each in names}),
        position=100 + version,
        occurred_at=START - timedelta(days=version),
        **other,
    )


def assert_stands(state: Any, event: Any, at: Any, without: Collection[str] = ()) -> None:
    held = {each.name for each in fields(state)}
    for each in fields(event):
        if each.name in held and each.name not in without:
            assert getattr(state, each.name) == getattr(event, each.name), each.name
            if f"{each.name}_author" in held:
                assert getattr(state, f"{each.name}_author") == at.author_of(each.name)
    assert (state.version, state.position) == (at.version, at.position)
    assert state.workspace_id == WORKSPACE_ID


BEGINNINGS: Mapping[str, tuple[Any, ...]] = {
    kind: tuple(
        each
        for each in several
        if AGGREGATES[kind].evolve(None, said(each, 1), by_bob(1)) is not None
    )
    for kind, several in EVENTS.items()
}


def begun(kind: str) -> Any:
    return AGGREGATES[kind].evolve(None, said(BEGINNINGS[kind][0], 1), by_bob(1))


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [(kind, each) for kind, several in BEGINNINGS.items() for each in several],
)
def test_a_beginning_says_what_there_is_from_then_on(kind: str, beginning: Any):
    event, at = said(beginning, 1), by_bob(1)
    state = AGGREGATES[kind].evolve(None, event, at)
    assert_stands(state, event, at, {"workspace_id"})
    whole = {each.name: getattr(state, each.name) for each in fields(state)}
    assert (whole["updated_at"], whole["updated_by"]) == (at.at, BOB)
    for name, expected in (("created_at", at.at), ("creator_id", BOB), ("author_id", BOB)):
        assert whole.get(name, expected) == expected
    own = {"user": "user_id", "proj": "project_id", "task": "task_id", "cmt": "comment_id",
           "rec": "recurrence_id", "tmpl": "template_id"}  # fmt: skip
    assert kind not in own or whole[own[kind]] == WORKSPACE_ID


@pytest.mark.parametrize(
    ("kind", "event"),
    [(kind, each) for kind, several in EVENTS.items() for each in several
     if each not in BEGINNINGS[kind]],
)  # fmt: skip
def test_what_an_event_says_stands_in_the_state_after_it(kind: str, event: Any):
    state, done, at = begun(kind), said(event, 2), by_bob(2)
    after = AGGREGATES[kind].evolve(state, done, at)
    held = {each.name for each in fields(done)} if event.__name__ in OF_PARTS else WHOSE.get(kind)
    if event is RecurrenceChanged:  # it names the last task, and has not made another
        held = {"task_id"}
        assert after.due_at == done.first
    assert_stands(after, done, at, without=held or ())
    if event is not TaskRespaced:
        assert (after.updated_at, after.updated_by) == (at.at, BOB)
    for each in ("created_at", "creator_id", "author_id"):
        assert getattr(after, each, None) == getattr(state, each, None)


@pytest.mark.parametrize("kind", sorted(EVENTS))
def test_an_event_of_newer_code_changes_nothing_but_version_and_time(kind: str):
    before, at = begun(kind), by_bob(2)
    after = AGGREGATES[kind].evolve(before, object(), at)
    moved = {"version": 2, "position": 102, "updated_at": at.at, "updated_by": BOB}
    assert after == replace(before, **moved)
    assert AGGREGATES[kind].evolve(None, object(), at) is None


def test_a_number_out_of_the_sequence_goes_before_the_one_in_the_event():
    evolve = AGGREGATES["task"].evolve
    state: Any = evolve(None, said(TaskCreated, 1), by_bob(1, number=41))
    assert state.number == 41
    state = evolve(state, said(TaskMovedToProject, 2), by_bob(2, number=7))
    assert state.number == 7
    assert state.former_keys == ("was_project_key 2-12",)


def test_a_stream_says_by_its_name_of_what_kind_it_is():
    assert aggregate_of("task_01h455vb4pex5vsknk084sn02q") is AGGREGATES["task"]
    with pytest.raises(KeyError):
        aggregate_of("nothing_01h455vb4pex5vsknk084sn02q")
