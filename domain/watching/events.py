"""What people decide about the news of a task: to have them or not, and to have their peace."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStarted:
    task_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchStopped:
    """Whatever else would make somebody a watcher does not, until they watch again."""

    task_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskMuted:
    task_id: str
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskUnmuted:
    task_id: str
    user_id: str


WatchingEvent = WatchStarted | WatchStopped | TaskMuted | TaskUnmuted
