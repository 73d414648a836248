"""What holds for any sequence of events and of decisions."""

from dataclasses import Field, fields
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.aggregate import Aggregate
from domain.aggregates import AGGREGATES
from domain.comment.events import CommentEvent
from domain.custody.events import CustodyEvent
from domain.dependency_graph.events import DependencyGraphEvent
from domain.errors import Refused
from domain.export.events import ExportEvent
from domain.favourites.events import FavouriteEvent
from domain.inbox.events import InboxEvent
from domain.labels.events import LabelEvent
from domain.ledger.events import LedgerEvent
from domain.preferences.events import NotificationPreferencesChanged
from domain.project import decisions as projects
from domain.project import membership, process
from domain.project.events import ProjectEvent
from domain.project.state import PROJECT
from domain.project.types import DEFAULT_TYPES
from domain.project.workflow import DEFAULT_WORKFLOW, PERSONAL_WORKFLOW, Workflow
from domain.reactions.events import ReactionEvent
from domain.recurrence.events import RecurrenceEvent
from domain.reminders.events import ReminderEvent
from domain.retention.events import RetentionEvent
from domain.review.events import ReviewEvent
from domain.saved_view.events import SavedViewEvent
from domain.security.events import SecurityEvent
from domain.task import decisions as tasks
from domain.task.events import TaskEvent
from domain.task.state import TASK
from domain.template.events import TemplateEvent
from domain.user.events import UserEvent
from domain.values.ids import KINDS
from domain.values.text import ERASED
from domain.watching.events import WatchingEvent
from domain.workspace import decisions as workspaces
from domain.workspace.events import WorkspaceEvent
from domain.workspace.state import WORKSPACE
from tests.domain.examples import ids, project_of, task_of, workspace_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, WORKSPACE_ID, stamp
from tests.domain.task.test_decisions import FIELDS
from tests.domain.tried import tried

EVENTS = {
    "user": get_args(UserEvent),
    "ws": get_args(WorkspaceEvent),
    "proj": get_args(ProjectEvent),
    "task": get_args(TaskEvent),
    "cmt": get_args(CommentEvent),
    "rct": get_args(ReactionEvent),
    "labels": get_args(LabelEvent),
    "graph": get_args(DependencyGraphEvent),
    "rec": get_args(RecurrenceEvent),
    "watch": get_args(WatchingEvent),
    "favs": get_args(FavouriteEvent),
    "tmpl": get_args(TemplateEvent),
    "inbox": get_args(InboxEvent),
    "prefs": (NotificationPreferencesChanged,),
    "due": get_args(ReminderEvent),
    "view": get_args(SavedViewEvent),
    "exp": (ExportEvent,),
    "ledger": get_args(LedgerEvent),
    "note": get_args(SecurityEvent),
    "custody": get_args(CustodyEvent),
    "reviews": get_args(ReviewEvent),
    "kept": (RetentionEvent,),
}

_aware = st.datetimes(timezones=st.just(UTC))
_json = st.none() | st.booleans() | st.integers() | st.text(max_size=8)
_OF_TYPE = {
    Workflow: st.sampled_from([DEFAULT_WORKFLOW, PERSONAL_WORKFLOW]),
    datetime: _aware,
    datetime | None: st.none() | _aware,
}
_OF_NAME = {"attributes": st.dictionaries(st.text(max_size=8), _json) | st.just(ERASED)}


def _made(of: Field[Any]) -> st.SearchStrategy[Any] | None:
    """For what cannot be made from its type alone."""
    return _OF_TYPE.get(of.type, _OF_NAME.get(of.name))


def _any_event(kind: str) -> st.SearchStrategy[object]:
    known = [
        st.builds(
            event,
            **{each.name: _made(each) for each in fields(event) if _made(each) is not None},
        )
        for event in EVENTS[kind]
    ]
    return st.one_of(*known, st.none(), st.integers())


def _refolded(aggregate: Aggregate[Any], events: list[object]) -> Any:
    return aggregate.fold((event, stamp(n)) for n, event in enumerate(events, start=1))


def test_every_aggregate_and_every_kind_of_event_is_here():
    assert set(EVENTS) == set(AGGREGATES) <= KINDS


@pytest.mark.parametrize("kind", sorted(EVENTS))
@tried(60)
@given(data=st.data())
def test_any_sequence_of_events_folds(kind: str, data: st.DataObject):
    """In any order, repeated, without a beginning, and of newer code."""
    aggregate = AGGREGATES[kind]
    events = data.draw(st.lists(_any_event(kind), max_size=12))
    state = None
    for n, event in enumerate(events, start=1):
        aggregate.touches(state, event, WORKSPACE_ID)
        state = aggregate.evolve(state, event, stamp(n))
        assert state is None or state.version == n
    assert state == _refolded(aggregate, events)


_texts = st.text(max_size=8)
_people = st.sampled_from([ANN, BOB, EVE])
_roles = st.sampled_from(["owner", "admin", "member", "guest", "auditor", "viewer", "king"])
_dates = st.none() | _aware
_project = project_of().state
_statuses = st.sampled_from([each.key for each in _project.workflow.statuses] + ["nowhere"])

_task_decisions = st.one_of(
    st.tuples(st.just(tasks.retitle), st.tuples(_texts, st.just(LIMITS))),
    st.tuples(st.just(tasks.describe), st.tuples(_texts, st.just(LIMITS))),
    st.tuples(st.just(tasks.assign), st.tuples(st.lists(_people), st.just(LIMITS))),
    st.tuples(st.just(tasks.prioritise), st.tuples(st.integers(-1, 12))),
    st.tuples(st.just(tasks.set_due_date), st.tuples(_dates, st.booleans())),
    st.tuples(st.just(tasks.set_start_date), st.tuples(_dates)),
    st.tuples(st.just(tasks.set_estimate), st.tuples(st.none() | st.floats())),
    st.tuples(
        st.just(tasks.change_type),
        st.tuples(st.sampled_from(["task", "bug", "wish"]), st.just(DEFAULT_TYPES)),
    ),
    st.tuples(st.just(tasks.tag), st.tuples(st.lists(_texts), st.just(LIMITS))),
    st.tuples(
        st.just(tasks.change_fields),
        st.tuples(
            st.just(FIELDS),
            st.dictionaries(
                st.sampled_from([*(each.key for each in FIELDS), "gone"]),
                st.none() | _texts | st.integers() | st.booleans() | st.lists(st.just("api")),
            ),
            st.just(LIMITS),
        ),
    ),
    st.tuples(st.just(tasks.change_status), st.tuples(st.just(_project), _statuses, st.just("b1"))),
    st.tuples(st.just(tasks.rerank), st.tuples(st.sampled_from(["a1", "a2"]))),
    st.tuples(st.just(tasks.trash), st.just(())),
    st.tuples(st.just(tasks.restore), st.just(())),
)

_workspace_decisions = st.one_of(
    st.tuples(st.just(workspaces.rename), st.tuples(_texts, st.just(LIMITS))),
    st.tuples(st.just(workspaces.add_member), st.tuples(_people, _roles, _people)),
    st.tuples(st.just(workspaces.change_member_role), st.tuples(_people, _roles, _people)),
    st.tuples(st.just(workspaces.remove_member), st.tuples(_people, _people)),
)

_everybody = workspace_of((BOB, "member"), (EVE, "guest")).state

_project_decisions = st.one_of(
    st.tuples(st.just(projects.rename), st.tuples(_texts, st.just(LIMITS))),
    st.tuples(st.just(projects.describe), st.tuples(_texts, st.just(LIMITS))),
    st.tuples(st.just(projects.change_view_type), st.tuples(st.sampled_from(["list", "pie"]))),
    st.tuples(st.just(projects.change_privacy), st.tuples(st.booleans())),
    st.tuples(st.just(projects.archive), st.just(())),
    st.tuples(st.just(projects.unarchive), st.just(())),
    st.tuples(st.just(membership.add_member), st.tuples(st.just(_everybody), _people, _roles)),
    st.tuples(
        st.just(membership.change_member_role), st.tuples(st.just(_everybody), _people, _roles)
    ),
    st.tuples(st.just(membership.remove_member), st.tuples(_people)),
    st.tuples(
        st.just(process.change_workflow),
        st.tuples(
            st.sampled_from([PERSONAL_WORKFLOW, DEFAULT_WORKFLOW]),
            st.just(ids("col")),
            st.just(LIMITS),
        ),
    ),
)


@pytest.mark.parametrize(
    ("aggregate", "state", "some"),
    [
        (TASK, task_of().state, _task_decisions),
        (WORKSPACE, workspace_of((BOB, "admin")).state, _workspace_decisions),
        (PROJECT, project_of(object(), object()).state, _project_decisions),
    ],
    ids=["task", "workspace", "project"],
)
@tried(150)
@given(data=st.data())
def test_any_decisions_fold_and_a_repeated_one_emits_nothing(
    aggregate: Aggregate[Any], state: Any, some: st.SearchStrategy[Any], data: st.DataObject
):
    before, recorded = state, []
    for decide, args in data.draw(st.lists(some, max_size=12)):
        try:
            events = decide(state, *args)
        except Refused:
            continue
        for event in events:
            recorded.append((event, stamp(state.version + 1)))
            state = aggregate.evolve(state, *recorded[-1])
        assert _nothing_again(decide, state, args)
    assert state == aggregate.fold(recorded, before)


def _nothing_again(decide: Any, state: Any, args: tuple[Any, ...]) -> bool:
    try:
        return tuple(decide(state, *args)) == ()
    except Refused:
        return True
