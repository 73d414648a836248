"""Who watches a task, and why, whatever they and others do."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from domain.errors import Kind
from domain.favourites import decisions as favourites
from domain.favourites.events import FavouriteAdded, FavouriteRemoved
from domain.favourites.state import FAVOURITES, favourites_of
from domain.task.events import TaskTrashed
from domain.values.ids import is_id
from domain.watching import decisions
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped
from domain.watching.state import WATCHING, watchers, watching_of
from tests.domain.examples import task_of
from tests.domain.given import ANN, BOB, EVE, LIMITS, START, TASK_ID, WORKSPACE_ID, given

FEW = replace(LIMITS, watchers=1, favourites=1)


def watching(*events: object) -> Any:
    return given(WATCHING, watching_of(TASK_ID), *events).state


def started(user_id: str) -> WatchStarted:
    return WatchStarted(task_id=TASK_ID, user_id=user_id)


def stopped(user_id: str) -> WatchStopped:
    return WatchStopped(task_id=TASK_ID, user_id=user_id)


def muted(user_id: str) -> TaskMuted:
    return TaskMuted(task_id=TASK_ID, user_id=user_id)


def test_somebody_watches_and_stops():
    task = task_of().state
    assert decisions.watch(task, None, BOB, LIMITS) == (started(BOB),)
    state = watching(started(BOB))
    assert decisions.watch(task, state, BOB, LIMITS) == ()
    assert decisions.unwatch(task, state, BOB) == (stopped(BOB),)
    state = watching(started(BOB), stopped(BOB))
    assert decisions.unwatch(task, state, BOB) == ()
    assert decisions.watch(task, state, BOB, LIMITS) == (started(BOB),)


def test_watchers_are_bounded():
    task_of().when(decisions.watch, watching(started(BOB)), EVE, FEW).invalid(" too-many")
    full = watching(started(BOB), stopped(BOB))
    assert decisions.watch(task_of().state, full, EVE, FEW) == (started(EVE),)


def test_a_task_in_the_trash_gets_no_watchers_but_lets_them_go():
    trashed = task_of(TaskTrashed())
    trashed.when(decisions.watch, None, BOB, LIMITS).refused(Kind.TRASHED)
    assert decisions.unwatch(trashed.state, None, BOB) == (stopped(BOB),)
    assert decisions.mute(trashed.state, None, BOB) == (muted(BOB),)


def test_muting_is_ones_own_and_ends_no_watching():
    task = task_of().state
    assert decisions.mute(task, None, ANN) == (muted(ANN),)
    state = watching(muted(ANN))
    assert decisions.mute(task, state, ANN) == ()
    assert decisions.unmute(task, state, BOB) == ()
    unmuted = TaskUnmuted(task_id=TASK_ID, user_id=ANN)
    assert decisions.unmute(task, state, ANN) == (unmuted,)
    assert watching(muted(ANN), muted(BOB), unmuted).muted == {BOB}
    assert ANN in watchers(task, state, (), (), 500)


def test_who_takes_part_watches_until_they_stop():
    task = task_of(assignee_ids=(BOB, ANN)).state
    assert watchers(task, None, (EVE, ANN), (EVE, BOB), 500) == {
        ANN: ("creator", "assignee", "commenter"),
        BOB: ("assignee", "mentioned"),
        EVE: ("commenter", "mentioned"),
    }
    state = watching(started(EVE), stopped(BOB))
    assert watchers(task, state, (), (BOB,), 500) == {
        ANN: ("creator", "assignee"),
        EVE: ("watching",),
    }
    assert list(watchers(task, state, (BOB,), (), 1)) == [ANN]


def test_favourites_are_added_once_and_bounded():
    stream = favourites_of(ANN, WORKSPACE_ID)
    assert is_id(stream, "favs")
    assert stream != favourites_of(BOB, WORKSPACE_ID)
    added = FavouriteAdded(user_id=ANN, entity_id=TASK_ID)
    named = {"user_id": ANN, "entity_id": TASK_ID}
    assert favourites.add(None, limits=LIMITS, **named) == (added,)
    case = given(FAVOURITES, stream, added)
    case.when(favourites.add, limits=LIMITS, **named).nothing()
    other = {"user_id": ANN, "entity_id": "proj_x"}
    case.when(favourites.add, limits=FEW, **other).invalid(" too-many")
    removed = FavouriteRemoved(user_id=ANN, entity_id=TASK_ID)
    assert case.when(favourites.remove, **named).decide() == (removed,)
    assert favourites.remove(None, **named) == ()
    again = given(FAVOURITES, stream, added, added, FavouriteAdded(user_id=ANN, entity_id="x"))
    assert again.state.added == {
        TASK_ID: START + timedelta(seconds=1),
        "x": START + timedelta(seconds=3),
    }
    empty = given(FAVOURITES, stream, added, removed)
    assert empty.state.added == {}
    empty.when(favourites.remove, **named).nothing()
