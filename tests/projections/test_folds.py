"""What holds for every view: rows follow from the events, however these come in batches."""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from domain.comment.events import CommentEvent
from domain.labels.events import LabelEvent
from domain.project.events import ProjectEvent
from domain.reactions.events import ReactionEvent
from domain.task.events import TaskEvent
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from infra.event_store.codec import UNREAD
from infra.event_store.event_types import EVENT_TYPES
from projections.projection import Projection
from projections.registry import VIEWS, view
from tests.projections.history import History
from tests.projections.marked import filled, people_of, tasks_of
from tests.projections.memory import folded
from tests.projections.strategies import histories

every_view = pytest.mark.parametrize("projection", VIEWS, ids=lambda each: each.name)
quick = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@every_view
def test_a_table_reads_back_its_first_columns_and_computes_the_rest(projection: Projection) -> None:
    for table in projection.tables:
        names = [name for name in table.row.__dataclass_fields__ if name in table.types]
        assert names == list(table.types), table.name
        assert table.kept + table.computed == table.columns, table.name
        assert set(table.key) <= set(table.kept), table.name
        assert not table.computed or table.name in projection.finish, table.name


@every_view
def test_what_a_view_leaves_unread_is_sealed(projection: Projection) -> None:
    sealed = {each.event: {*each.content, *each.identity} for each in EVENT_TYPES}
    for event, names in projection.unread.items():
        assert event in projection.folds
        assert names <= sealed[event]


@every_view
@given(past=histories(), cuts=st.lists(st.integers(0, 40), max_size=5))
@quick
def test_rows_are_the_same_in_one_batch_one_by_one_and_cut_anywhere(
    projection: Projection, past: History, cuts: list[int]
) -> None:
    at_once = folded(projection, [past.events])
    one_by_one = folded(projection, [[recorded] for recorded in past.events])
    edges = [0, *sorted(cuts), len(past.events)]
    closed = [_closed(projection, recorded) for recorded in past.events]
    in_bits = folded(projection, [closed[a:b] for a, b in itertools.pairwise(edges)])
    assert at_once.stored == one_by_one.stored == in_bits.stored


@pytest.mark.parametrize(
    "projection", [each for each in VIEWS if each.by_workspace], ids=lambda each: each.name
)
@given(past=histories(), other=histories(), chance=st.randoms(use_true_random=False))
@quick
def test_workspaces_of_the_same_people_are_built_side_by_side(
    projection: Projection, past: History, other: History, chance: Random
) -> None:
    here = [each for each in past.events if each.stamp.workspace_id != SYSTEM_WORKSPACE]
    there = [
        _elsewhere(each) for each in other.events if each.stamp.workspace_id != SYSTEM_WORKSPACE
    ]
    of_nobody = [each for each in past.events if each not in here]
    waiting = [of_nobody, here, there]
    turns = [nth for nth, events in enumerate(waiting) for _ in events]
    chance.shuffle(turns)
    left = [iter(events) for events in waiting]
    mixed = [_at(position, next(left[nth])) for position, nth in enumerate(turns, 1)]
    together = folded(projection, [mixed]).stored
    apart: dict[str, dict[Any, Any]] = {table.name: {} for table in projection.tables}
    for workspace in {each.stamp.workspace_id for each in mixed}:
        own = [each for each in mixed if each.stamp.workspace_id == workspace]
        for name, rows in folded(projection, [own]).stored.items():
            assert not rows.keys() & apart[name].keys()
            apart[name] |= rows
    assert together == apart


@every_view
@given(past=histories())
@quick
def test_every_stored_answer_is_json_and_takes_names(projection: Projection, past: History) -> None:
    for rows in folded(projection, [past.events]).stored.values():
        for row in rows.values():
            for column, value in row.items():
                if isinstance(value, bytes) and column in {"doc", "own", "workflow", "columns"}:
                    doc = json.loads(value)
                    names = dict.fromkeys(people_of(value), b'"N"')
                    told = json.loads(filled(value, names, visible=tasks_of(value)))
                    assert _filled_in(doc) == told


@every_view
@given(past=histories())
@quick
def test_a_view_stands_what_is_missing_before_it(projection: Projection, past: History) -> None:
    """Streams that were parked are not there; what others say of them does no harm."""
    for parked in ("task_", "proj_", "ws_", "user_"):
        events = [each for each in past.events if not each.stream.startswith(parked)]
        folded(projection, [events])


def test_comments_on_a_task_that_is_parked_make_rows_that_no_question_finds() -> None:
    past = History()
    task_id = past.task(1, past.project(1, past.workspace(1)))
    past.comment(1, task_id)
    *before, _created, comment = past.events
    for name, table in (("tasks", "tasks"), ("board", "cards"), ("search", "docs")):
        (row,) = folded(view(name), [[*before, comment]]).stored[table].values()
        assert row["project_id"] is None
        assert row.get("doc") is None


def test_every_event_of_tasks_projects_and_comments_is_shown_somewhere() -> None:
    kinds: tuple[Any, ...] = (TaskEvent, ProjectEvent, CommentEvent, ReactionEvent, LabelEvent)
    events = {event for kind in kinds for event in kind.__args__}
    assert events <= set(view("activity").folds)
    assert set(TaskEvent.__args__) <= set(view("tasks").folds)  # type: ignore[attr-defined]
    assert set(TaskEvent.__args__) <= set(view("board").folds)  # type: ignore[attr-defined]


def _at(position: int, recorded: Recorded) -> Recorded:
    return replace(recorded, stamp=replace(recorded.stamp, position=position))


def _elsewhere(value: Any) -> Any:
    """The same, of other workspaces with all that is in them; people are who they are."""
    if isinstance(value, str):
        return re.sub(r"\b(?!user)([a-z]+)_0(\d{25})\b", r"\1_1\2", value)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {each.name: _elsewhere(getattr(value, each.name)) for each in fields(value)}
        return replace(value, **changed)
    if isinstance(value, Mapping):
        return {_elsewhere(key): _elsewhere(each) for key, each in value.items()}
    if isinstance(value, tuple | list | frozenset):
        return type(value)(map(_elsewhere, value))
    return value


def _closed(projection: Projection, recorded: Recorded) -> Recorded:
    """As a build of the view finds it: whoever looks at what is unread there fails."""
    names = projection.unread.get(type(recorded.event))
    if names is None:
        return recorded
    return replace(recorded, event=replace(recorded.event, **dict.fromkeys(names, UNREAD)))


def _filled_in(value: object) -> object:
    """The answer filled in where the structure, not the marks, says so."""
    if isinstance(value, dict):
        if set(value) == {"#", "tags"}:
            return value["tags"]
        found = {key: _filled_in(each) for key, each in value.items()}
        if found.get("user_id") and found.get("name") == found["user_id"]:
            found["name"] = "N"
        return found
    if isinstance(value, list):
        alone = len(value) == 1 and isinstance(value[0], list)
        return value[0][0] if alone else [_filled_in(each) for each in value]
    return value
