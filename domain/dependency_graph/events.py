"""What can happen to the dependencies between a workspace's tasks."""

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyAdded:
    """`type` is one of `blocks`, `relates`, `duplicates`: the task `from_task_id` does it to the
    task `to_task_id`. `task_id` is the one of them at which it was asked for, so that whoever may
    do it may also take it back."""

    dependency_id: str
    type: str
    from_task_id: str
    to_task_id: str
    task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyRemoved:
    """`task_id` is the one of both at which it was asked for; the rest is what stood there
    before."""

    dependency_id: str
    type: str
    from_task_id: str
    to_task_id: str
    task_id: str


DependencyGraphEvent = DependencyAdded | DependencyRemoved
