"""What keeps a task in the trash: a stream beside the task's, which those do not see who see it."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.retention.events import TaskPurgeHeld
from domain.values.evolved import touched
from domain.values.ids import beside
from domain.values.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """`hold_ids`: the legal holds that kept the task when it was last due."""

    task_id: str
    workspace_id: str
    hold_ids: tuple[str, ...]
    updated_at: datetime
    updated_by: str
    version: int
    position: int


def retention_of(task_id: str) -> str:
    """The stream of what keeps a task in the trash."""
    return beside("kept", task_id)


def evolve(state: Retention | None, event: object, stamp: Stamp) -> Retention | None:
    if not isinstance(event, TaskPurgeHeld):
        return None if state is None else touched(state, stamp)
    if state is not None:
        return touched(state, stamp, hold_ids=event.hold_ids)
    return Retention(
        task_id=event.task_id,
        workspace_id=stamp.workspace_id,
        hold_ids=event.hold_ids,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


RETENTION = Aggregate("kept", evolve)
