"""Retention: for how long projects keep their trash, and what legal holds keep there beyond that.

Which tasks are in the trash since when stands in the view of tasks; this one knows the rest of what
the clock must be told.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from domain.custody.events import HoldLifted, HoldSet
from domain.project.events import ProjectRetentionChanged
from domain.retention.events import TaskPurgeHeld
from domain.task.events import TaskPurged
from domain.values.recorded import Recorded

from .projection import Projection, Rows, Table


@dataclass(slots=True)
class ProjectRow:
    """A project that does not keep its trash for ever."""

    project_id: str
    workspace_id: str
    trash_days: int


@dataclass(slots=True)
class HoldRow:
    """A legal hold that stands."""

    hold_id: str
    workspace_id: str


@dataclass(slots=True)
class HeldRow:
    """A task that was due, and the holds that kept it; it need not be asked for again while one of
    them stands."""

    task_id: str
    workspace_id: str
    hold_ids: tuple[str, ...]


PROJECTS = Table(
    "projects",
    ProjectRow,
    {"project_id": "text", "workspace_id": "text", "trash_days": "integer"},
    key=("project_id",),
)
HOLDS = Table("holds", HoldRow, {"hold_id": "text", "workspace_id": "text"}, key=("hold_id",))
HELD = Table(
    "held",
    HeldRow,
    {"task_id": "text", "workspace_id": "text", "hold_ids": "text[]"},
    key=("task_id",),
)


def _changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectRetentionChanged = recorded.event
    stamp = recorded.stamp
    if event.trash_days is None:
        rows.delete("projects", stamp.stream)
    else:
        rows.put("projects", ProjectRow(stamp.stream, stamp.workspace_id, event.trash_days))


def _set(recorded: Recorded, rows: Rows) -> None:
    rows.put("holds", HoldRow(recorded.event.hold_id, recorded.stamp.workspace_id))


def _lifted(recorded: Recorded, rows: Rows) -> None:
    rows.delete("holds", recorded.event.hold_id)


def _held(recorded: Recorded, rows: Rows) -> None:
    event: TaskPurgeHeld = recorded.event
    rows.put("held", HeldRow(event.task_id, recorded.stamp.workspace_id, event.hold_ids))


def _purged(recorded: Recorded, rows: Rows) -> None:
    rows.delete("held", recorded.stamp.stream)


def _reads(_recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return ()


RETENTION_VIEW = Projection(
    name="retention",
    version=1,
    tables=(PROJECTS, HOLDS, HELD),
    holds_text=False,
    folds={
        ProjectRetentionChanged: _changed,
        HoldSet: _set,
        HoldLifted: _lifted,
        TaskPurgeHeld: _held,
        TaskPurged: _purged,
    },
    reads=_reads,
)
