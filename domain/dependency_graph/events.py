"""What can happen to the dependencies between a workspace's tasks."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyAdded:
    """`type` is one of `blocks`, `relates`, `duplicates`: the task `from_task_id` does it to the
    task `to_task_id`."""

    dependency_id: str
    type: str
    from_task_id: str
    to_task_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DependencyRemoved:
    """The rest is what stood there before."""

    dependency_id: str
    type: str
    from_task_id: str
    to_task_id: str


DependencyGraphEvent = DependencyAdded | DependencyRemoved
