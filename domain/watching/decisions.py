"""What somebody may decide about the news of a task, for themselves."""

from domain.errors import invalid
from domain.task.decisions import require_not_trashed
from domain.task.state import Task
from domain.values.limits import Limits
from domain.watching.events import (
    TaskMuted,
    TaskUnmuted,
    WatchingEvent,
    WatchStarted,
    WatchStopped,
)
from domain.watching.state import Watching


def watch(
    task: Task, watching: Watching | None, user_id: str, limits: Limits
) -> tuple[WatchingEvent, ...]:
    require_not_trashed(task)
    chosen = {} if watching is None else watching.chosen
    if chosen.get(user_id):
        return ()
    if sum(chosen.values()) >= limits.watchers:
        raise invalid("", f"At most {limits.watchers} people watch a task.", "too-many")
    return (WatchStarted(task_id=task.task_id, user_id=user_id),)


def unwatch(task: Task, watching: Watching | None, user_id: str) -> tuple[WatchingEvent, ...]:
    """Also of a task in the trash: nobody needs it back to have their peace."""
    if watching is not None and watching.chosen.get(user_id) is False:
        return ()
    return (WatchStopped(task_id=task.task_id, user_id=user_id),)


def mute(task: Task, watching: Watching | None, user_id: str) -> tuple[WatchingEvent, ...]:
    if watching is not None and user_id in watching.muted:
        return ()
    return (TaskMuted(task_id=task.task_id, user_id=user_id),)


def unmute(task: Task, watching: Watching | None, user_id: str) -> tuple[WatchingEvent, ...]:
    if watching is None or user_id not in watching.muted:
        return ()
    return (TaskUnmuted(task_id=task.task_id, user_id=user_id),)
