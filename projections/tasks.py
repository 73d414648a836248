"""Tasks: each task's whole answer, and every column that lists filter and sort by."""

from collections.abc import Iterable
from typing import Any

from domain.comment.events import CommentAdded, CommentDeleted, CommentRestored
from domain.dependency_graph.events import DependencyAdded, DependencyRemoved
from domain.project.events import ProjectCreated, ProjectWorkflowChanged
from domain.project.workflow import Workflow
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskPurged,
    TaskRanked,
    TaskRecordImported,
    TaskRespaced,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)
from domain.task.state import Task, evolve
from domain.values.recorded import Recorded

from .custom_fields import FIELDS, FieldsRow, finish_fields
from .progress import NO_SHARE, Share, Tally, recategorised
from .projection import Projection, Rows, Scan
from .states import PackedCodec
from .task_answers import NO_PROGRESS, Facts, Progress, render, render_dependency
from .task_columns import fill_columns
from .task_rows import (
    EDGES,
    FORMER_KEYS,
    STATUSES,
    TASKS,
    EdgeRow,
    FormerKeyRow,
    StatusRow,
    TaskRow,
)

_states = PackedCodec(Task)
_PROGRESS = Tally("tasks", TaskRow)


def _task_of(row: TaskRow) -> Task | None:
    if row.task is None and row.state is not None:
        row.task = _states.decode(row.state)
    return row.task


def _evolve(recorded: Recorded, rows: Rows) -> TaskRow | None:
    stamp = recorded.stamp
    row: TaskRow | None = rows.get("tasks", stamp.stream)
    before = None if row is None else _task_of(row)
    task = None if before is None else evolve(before, recorded.event, stamp)
    if row is None or before is None or task is None:
        return None
    row.task, row.state = task, None
    rows.put("tasks", row)
    if task.fields is not before.fields:
        rows.put("fields", FieldsRow(row.task_id, row.workspace_id, task=task))
    return row


def _changed(recorded: Recorded, rows: Rows) -> None:
    _evolve(recorded, rows)


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    stamp = recorded.stamp
    task = evolve(None, event, stamp)
    assert task is not None  # it is how a task begins
    row = TaskRow(
        stamp.stream,
        stamp.workspace_id,
        event.project_id,
        event.status_category,
        parent_task_id=event.parent_task_id,
        task=task,
    )
    rows.add("tasks", row)
    if task.fields:
        rows.add("fields", FieldsRow(row.task_id, row.workspace_id, task=task))
    _PROGRESS.shift(rows, row, NO_SHARE, _share(row))


def _counted(recorded: Recorded, rows: Rows) -> None:
    """A change of what the task adds to those above it."""
    before = _share(rows.get("tasks", recorded.stamp.stream))
    row = _evolve(recorded, rows)
    if row is None:
        return
    match recorded.event:
        case TaskStatusChanged() as event:
            row.status_category = event.category
        case TaskParentChanged() as event:
            row.parent_task_id = event.parent_task_id
    _PROGRESS.shift(rows, row, before, _share(row))


def _purged(recorded: Recorded, rows: Rows) -> None:
    for table in ("tasks", "fields"):
        rows.delete(table, recorded.stamp.stream)


def _share(row: TaskRow | None) -> Share:
    if row is None or row.parent_task_id is None:
        return NO_SHARE
    task = _task_of(row)
    assert task is not None  # only a task names one above it
    return Share.of(row.parent_task_id, row.status_category, trashed=task.trashed)


def _moved_to_project(recorded: Recorded, rows: Rows) -> None:
    row = _evolve(recorded, rows)
    if row is None:
        return
    event: TaskMovedToProject = recorded.event
    row.project_id = event.project_id
    rows.put(
        "former_keys",
        FormerKeyRow(row.workspace_id, event.was_project_key, event.was_number, row.task_id),
    )


def _commented(recorded: Recorded, rows: Rows) -> None:
    task_id = recorded.event.task_id
    row = rows.get("tasks", task_id) or TaskRow(task_id, recorded.stamp.workspace_id)
    row.comment_count += -1 if isinstance(recorded.event, CommentDeleted) else 1
    rows.put("tasks", row)


def _dependency_added(recorded: Recorded, rows: Rows) -> None:
    event: DependencyAdded = recorded.event
    stamp = recorded.stamp
    rows.put(
        "edges",
        EdgeRow(
            event.dependency_id,
            stamp.workspace_id,
            event.type,
            event.from_task_id,
            event.to_task_id,
            stamp.position,
            render_dependency(event, stamp.actor, stamp.at),
        ),
    )


def _dependency_removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("edges", recorded.event.dependency_id)


def _project_created(recorded: Recorded, rows: Rows) -> None:
    _put_statuses(recorded, recorded.event.workflow, rows)


def _workflow_changed(recorded: Recorded, rows: Rows) -> None:
    event: ProjectWorkflowChanged = recorded.event
    project_id = recorded.stamp.stream
    present = {status.key: status.category for status in event.workflow.statuses}
    for status in event.was.statuses:
        if status.key not in present:
            rows.delete("statuses", project_id, status.key)
    _put_statuses(recorded, event.workflow, rows)
    if not recategorised(event):
        return
    for row in rows.scan("tasks", "project_id", project_id):
        task = _task_of(row)
        category = present.get(task.status) if task is not None else None
        if category is not None and category != row.status_category:
            before = _share(row)
            row.status_category = category
            rows.put("tasks", row)
            _PROGRESS.shift(rows, row, before, _share(row))


def _put_statuses(recorded: Recorded, workflow: Workflow, rows: Rows) -> None:
    project_id, workspace_id = recorded.stamp.stream, recorded.stamp.workspace_id
    for status in workflow.statuses:
        rows.put(
            "statuses",
            StatusRow(project_id, status.key, workspace_id, status.name, status.category),
        )


def _finish_task(row: TaskRow) -> None:
    task = _task_of(row)
    if task is None:
        return
    if row.state is None:
        row.state = _states.encode(task)
    fill_columns(row, task)
    row.trashed_at = task.trashed_at
    row.doc = render(task, _facts_of(row))


def _facts_of(row: TaskRow) -> Facts:
    return Facts(
        row.comment_count,
        row.status_category,
        Progress(row.progress_done, row.progress_total) if row.progress_total else NO_PROGRESS,
    )


_OF_NO_TASK = (ProjectCreated, ProjectWorkflowChanged, DependencyAdded, DependencyRemoved)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, TaskCreated):
        return (("tasks",),)
    if isinstance(event, CommentAdded | CommentDeleted | CommentRestored):
        return (("tasks", event.task_id),)
    if isinstance(event, _OF_NO_TASK):
        return ()
    return (("tasks", recorded.stamp.stream),)


def _scans(recorded: Recorded) -> Iterable[Scan]:
    if recategorised(recorded.event):
        return (_PROGRESS.scan("project_id", recorded.stamp.stream),)
    return ()


TASKS_VIEW = Projection(
    name="tasks",
    version=7,
    tables=(TASKS, FIELDS, FORMER_KEYS, STATUSES, EDGES),
    folds={
        TaskCreated: _created,
        TaskRetitled: _changed,
        TaskDescribed: _changed,
        TaskAssigned: _changed,
        TaskTagged: _changed,
        TaskStatusChanged: _counted,
        TaskParentChanged: _counted,
        TaskPrioritised: _changed,
        TaskDueDateChanged: _changed,
        TaskStartDateChanged: _changed,
        TaskEstimateChanged: _changed,
        TaskTypeChanged: _changed,
        TaskFieldsChanged: _changed,
        TaskRanked: _changed,
        TaskRespaced: _changed,
        TaskMovedToProject: _moved_to_project,
        TaskTrashed: _counted,
        TaskRestored: _counted,
        TaskPurged: _purged,
        TaskMadeRecurring: _changed,
        TaskRecordImported: _changed,
        TaskDependencyAdded: _changed,
        TaskDependencyRemoved: _changed,
        TaskBlocked: _changed,
        TaskUnblocked: _changed,
        DependencyAdded: _dependency_added,
        DependencyRemoved: _dependency_removed,
        CommentAdded: _commented,
        CommentDeleted: _commented,
        CommentRestored: _commented,
        ProjectCreated: _project_created,
        ProjectWorkflowChanged: _workflow_changed,
    },
    reads=_reads,
    scans={ProjectWorkflowChanged: _scans},
    climbs=_PROGRESS.climbs,
    finish={"tasks": _finish_task, "fields": finish_fields},
    unread={
        TaskRetitled: frozenset({"was"}),
        TaskFieldsChanged: frozenset({"was"}),
        CommentAdded: frozenset({"text"}),
    },
    by_workspace=True,
)
