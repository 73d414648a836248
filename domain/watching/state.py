"""Who watches a task and who muted it.

A stream of its own beside the task's: what people decide about their news changes no task.
"""

from collections.abc import Iterable, Mapping
from dataclasses import field

from domain.aggregate import Aggregate
from domain.task.state import Task
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun
from domain.watching.events import TaskMuted, TaskUnmuted, WatchStarted, WatchStopped


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching(StreamState):
    """`chosen`: user id -> whether they watch, of those who decided; `muted`: who wants no news."""

    task_id: str
    chosen: Mapping[str, bool] = field(default_factory=dict)
    muted: frozenset[str] = frozenset()


def watching_of(task_id: str) -> str:
    """The stream of who watches a task."""
    return beside("watch", task_id)


def watchers(
    task: Task,
    watching: Watching | None,
    commenters: Iterable[str],
    mentioned: Iterable[str],
    most: int,
) -> Mapping[str, tuple[str, ...]]:
    """Everybody who watches, with why, as `following`. Whether they may see the task is not known
    here, and muting does not end watching."""
    chosen = {} if watching is None else watching.chosen
    return following(task.creator_id, task.assignee_ids, chosen, commenters, mentioned, most)


def following(
    creator_id: str,
    assignee_ids: Iterable[str],
    chosen: Mapping[str, bool],
    commenters: Iterable[str],
    mentioned: Iterable[str],
    most: int,
) -> Mapping[str, tuple[str, ...]]:
    """At most so many people, with why: whoever chose to watch, made the task, has it, wrote about
    it or was mentioned there, but for those who chose not to."""
    why: dict[str, list[str]] = {}
    for reason, people in (
        ("creator", (creator_id,)),
        ("assignee", assignee_ids),
        ("watching", (each for each, watches in chosen.items() if watches)),
        ("commenter", commenters),
        ("mentioned", mentioned),
    ):
        for each in people:
            if chosen.get(each, True) and (each in why or len(why) < most):
                why.setdefault(each, []).append(reason)
    return {each: tuple(reasons) for each, reasons in why.items()}


def evolve(state: Watching | None, event: object, stamp: Stamp) -> Watching | None:
    if not isinstance(event, WatchStarted | WatchStopped | TaskMuted | TaskUnmuted):
        return None if state is None else touched(state, stamp)
    if state is None:
        state = begun(Watching, stamp, task_id=event.task_id)
    match event:
        case WatchStarted():
            return touched(state, stamp, chosen={**state.chosen, event.user_id: True})
        case WatchStopped():
            return touched(state, stamp, chosen={**state.chosen, event.user_id: False})
        case TaskMuted():
            return touched(state, stamp, muted=state.muted | {event.user_id})
        case TaskUnmuted():
            return touched(state, stamp, muted=state.muted - {event.user_id})


WATCHING = Aggregate("watch", evolve)
