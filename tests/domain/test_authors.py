"""Whose words an event repeats."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from domain.aggregate import Aggregate
from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited
from domain.comment.state import COMMENT
from domain.project.events import ProjectDescribed, ProjectRenamed
from domain.project.fields import FieldDefinition
from domain.project.state import PROJECT
from domain.saved_view.events import SavedViewCreated, SavedViewDeleted, SavedViewRenamed
from domain.saved_view.state import SAVED_VIEW
from domain.task import decisions as tasks
from domain.task.events import TaskCreated, TaskFieldsChanged, TaskRetitled, TaskTrashed
from domain.task.state import TASK
from domain.template.events import TemplateCreated, TemplateDeleted, TemplateRenamed
from domain.template.state import TEMPLATE
from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    UserEmailChanged,
    UserEmailVerified,
    UserRenamed,
)
from domain.user.state import USER
from domain.values.text import ERASED
from domain.workspace.events import (
    TeamCreated,
    TeamDeleted,
    TeamRenamed,
    WorkspaceMemberAdded,
    WorkspaceRenamed,
)
from domain.workspace.state import WORKSPACE
from infra.event_store.event_types import EVENT_TYPES
from tests.domain.examples import project_of, task_of, workspace_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, PROJECT_ID, TASK_ID, given, stamp
from tests.domain.tried import tried

PERSON = "user_00000000000000000000000009"

FIELDS = tuple(
    FieldDefinition(field_id=f"fld_{key}", key=key, name=key, type="text") for key in "abc"
)


def _next(aggregate: Aggregate[Any], state: Any, event: object, by: str, **other: Any) -> Any:
    return aggregate.evolve(state, event, stamp(state.version + 1, actor=by, **other))


def _began(name: str) -> tuple[Aggregate[Any], Any]:
    match name:
        case "task":
            return TASK, task_of().state
        case "project":
            return PROJECT, project_of().state
        case "template":
            created = TemplateCreated(name="A", description="")
            return TEMPLATE, given(TEMPLATE, "tmpl_1", created).state
        case "saved view":
            saved = SavedViewCreated(name="A", query="", filters={})
            return SAVED_VIEW, given(SAVED_VIEW, "view_1", saved).state
        case _:
            return WORKSPACE, workspace_of().state


RENAMED = [
    ("task", TaskRetitled(title="B", was="A"), TaskTrashed()),
    ("project", ProjectRenamed(name="B", was="A"), ProjectDescribed(description="long")),
    ("template", TemplateRenamed(name="B", was="A"), TemplateDeleted()),
    ("saved view", SavedViewRenamed(name="B", was="A"), SavedViewDeleted()),
    ("workspace", WorkspaceRenamed(name="B", was="A"), WorkspaceMemberAdded(user_id=EVE, role="x")),
]


@pytest.mark.parametrize(("kind", "renamed", "other"), RENAMED)
def test_a_former_name_is_its_writers(kind: str, renamed: object, other: object):
    aggregate, state = _began(kind)
    assert aggregate.authors(state, renamed) == {"was": ANN}
    state = _next(aggregate, state, renamed, BOB)
    assert aggregate.authors(state, renamed) == {"was": BOB}
    state = _next(aggregate, state, other, EVE)
    assert aggregate.authors(state, other) == {}
    assert aggregate.authors(state, renamed) == {"was": BOB}, "whoever changes something else"
    state = _next(aggregate, state, renamed, ANN, author=EVE)
    assert aggregate.authors(state, renamed) == {"was": EVE}, "brought in for somebody"


@pytest.mark.parametrize(("kind", "renamed", "other"), RENAMED)
def test_a_beginning_repeats_nobody(kind: str, renamed: object, other: object):
    assert _began(kind)[0].authors(None, renamed) == {}


def test_what_somebody_was_called_is_about_them_whoever_says_so():
    case = given(USER, PERSON, PersonImported(name="Bo", source="xes"))
    renamed = UserRenamed(name="Bob", was="Bo")
    assert USER.authors(case.state, renamed) == {"name": PERSON, "was": PERSON}
    moved = UserEmailChanged(email="b@example.org", was="a@example.org")
    assert USER.authors(case.state, moved) == {"email": PERSON, "was": PERSON}
    assert USER.authors(case.state, UserEmailVerified(email="x")) == {"email": PERSON}


def test_what_a_comment_said_is_its_writers_also_where_only_its_mentions_change():
    place = {"task_id": TASK_ID, "project_id": PROJECT_ID}
    state = given(COMMENT, "cmt_1", CommentAdded(text="A", **place)).state
    edited = CommentEdited(text="B", mentions=(), was="A", was_mentions=(), **place)
    assert COMMENT.authors(state, edited) == {"was": ANN}
    state = _next(COMMENT, state, edited, ANN, author=EVE)
    mentioned = CommentEdited(text="B", mentions=(BOB,), was="B", was_mentions=(), **place)
    assert COMMENT.authors(state, mentioned) == {"was": EVE, "text": EVE}
    assert COMMENT.authors(state, CommentDeleted(**place)) == {}


def test_every_sealed_text_that_is_repeated_has_an_author():
    """A new type with a former text in it must say whose that is, and stand in these tests."""
    repeating = {each.event for each in EVENT_TYPES if "was" in (*each.content, *each.identity)}
    assert repeating == {
        TaskRetitled, TaskFieldsChanged, ProjectRenamed, WorkspaceRenamed, UserRenamed,
        CommentEdited,
        UserEmailChanged,
        TeamRenamed, TeamDeleted, ApiKeyRevoked, TemplateRenamed,
        SavedViewRenamed,
    }  # fmt: skip


def test_a_keys_name_is_that_of_whoever_made_it():
    state = given(USER, PERSON, PersonImported(name="Bo", source="xes")).state
    made = ApiKeyMade(key_id="key_1", name="CI", scopes=("admin",))
    state = _next(USER, state, made, BOB)
    assert USER.authors(state, ApiKeyRevoked(key_id="key_1", was="CI")) == {"was": BOB}
    assert USER.authors(state, ApiKeyRevoked(key_id="key_2", was="CI")) == {}


def test_a_teams_former_name_is_its_writers():
    state = _next(WORKSPACE, workspace_of().state, TeamCreated(team_id="team_1", name="A"), ANN)
    renamed = TeamRenamed(team_id="team_1", name="B", was="A")
    assert WORKSPACE.authors(state, renamed) == {"was": ANN}
    state = _next(WORKSPACE, state, renamed, BOB)
    gone = TeamDeleted(team_id="team_1", was="B", members=())
    assert WORKSPACE.authors(state, gone) == {"was": BOB}


def test_an_author_of_one_field_goes_before_the_one_of_all():
    by_many = stamp(1, author=BOB, authors={"title": EVE})
    assert [by_many.author_of(each) for each in ("title", "fields")] == [EVE, BOB]
    assert stamp(1).author_of("title") == ANN


def test_each_field_is_whose_who_filled_it():
    made = task_of().events[0]
    assert isinstance(made, TaskCreated)
    with_fields = replace(made, fields={"a": 1, "b": 1})
    state = TASK.evolve(None, with_fields, stamp(1, authors={"fields": EVE}))
    assert state is not None
    assert (state.title_author, state.field_authors) == (ANN, {"a": EVE, "b": EVE})
    state = _next(TASK, state, TaskFieldsChanged(fields={"b": 2, "c": 3}, was={}), BOB)
    assert state.field_authors == {"a": EVE, "b": BOB, "c": BOB}
    state = _next(TASK, state, TaskFieldsChanged(fields={"b": None, "a": 4}, was={}), ANN)
    assert (state.fields, state.field_authors) == ({"a": 4, "c": 3}, {"a": ANN, "c": BOB})
    state = _next(TASK, state, TaskFieldsChanged(fields=ERASED, was=ERASED), EVE)
    assert state.field_authors == {"a": ANN, "c": BOB}


def test_one_event_never_replaces_what_several_people_wrote():
    state = task_of().state
    state = _next(TASK, state, TaskFieldsChanged(fields={"a": 1}, was={"a": None}), ANN)
    state = _next(TASK, state, TaskFieldsChanged(fields={"b": 1}, was={"b": None}), BOB)
    changed = {"c": 2, "b": 2, "a": 2}
    events = tasks.fields_changed(state.fields, state.field_authors, changed)
    assert events == (
        TaskFieldsChanged(fields={"c": 2, "b": 2}, was={"c": None, "b": 1}),
        TaskFieldsChanged(fields={"a": 2}, was={"a": 1}),
    )
    assert [TASK.authors(state, each) for each in events] == [{"was": BOB}, {"was": ANN}]
    with pytest.raises(ValueError, match="several people"):
        TASK.authors(state, TaskFieldsChanged(fields=changed, was={"a": 1, "b": 1}))


_changes = st.one_of(
    st.tuples(st.just("title"), st.sampled_from("xyz")),
    st.tuples(
        st.just("fields"),
        st.dictionaries(st.sampled_from("abc"), st.none() | st.sampled_from("xyz"), min_size=1),
    ),
)


@tried(150)
@for_any(said=st.lists(st.tuples(st.sampled_from([ANN, BOB, EVE]), _changes), max_size=12))
def test_whatever_is_changed_by_whomever_each_former_text_has_its_own_author(
    said: list[tuple[str, tuple[str, Any]]],
):
    state, wrote = task_of().state, {"title": ANN}
    for person, (what, value) in said:
        if what == "title":
            events: Any = tasks.retitle(state, value, LIMITS)
        else:
            events = tasks.change_fields(state, FIELDS, value, LIMITS)
        for event in events:
            replaced = event.was if isinstance(event.was, Mapping) else {"title": event.was}
            expected = {wrote[key] for key, text in replaced.items() if text is not None}
            assert set(TASK.authors(state, event).values()) == expected
            wrote |= dict.fromkeys(replaced, person)
            state = _next(TASK, state, event, person)
