"""The past of tasks: every version that each of them had, by the log's clock and by the world's.

A version of a task is what it was from one of its events to the next. What other streams say about
a task (its comments, the tasks below it, its project's workflow) is kept apart, each with its own
span, and put together by whoever asks: so an event makes one row, whatever depends on it. So do
descriptions, which are long and seldom changed.
"""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentEdited, CommentRestored
from domain.project.events import ProjectCreated, ProjectWorkflowChanged
from domain.project.workflow import Status
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
from domain.values.evolved import evolved
from domain.values.recorded import Recorded
from domain.values.text import ERASED, readable

from .past_moments import FOREVER, since_of
from .past_rows import (
    COMMENTS,
    MOVED,
    PRESENT,
    STATUSES,
    TEXTS,
    VERSIONS,
    CommentRow,
    MovedRow,
    StatusRow,
    TextRow,
    VersionRow,
)
from .projection import Projection, Rows, Scan
from .search_words import stored_words
from .states import PackedCodec
from .task_columns import fill_columns, named_by

_json = msgspec.json.Encoder()
_states = PackedCodec(Task, description="")


def task_of(state: bytes, description: str | None) -> Task:
    """The task of a version, with the description that it had then."""
    return evolved(
        _states.decode(state), description=ERASED if description is None else description
    )


def _created(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    task = evolve(None, recorded.event, stamp)
    assert task is not None  # it is how a task begins
    since = since_of(stamp)
    span = (stamp.stream, FOREVER, stamp.workspace_id, stamp.position, since, FOREVER)
    if task.description:
        rows.add("texts", TextRow(*span, readable(task.description)))
        task = evolved(task, description="")
    rows.add("present", VersionRow(*span, task=task))


def _changed(recorded: Recorded, rows: Rows) -> None:
    _next_version(recorded, rows)


def _called_otherwise(recorded: Recorded, rows: Rows) -> None:
    """A change of what the task is found by apart from its description."""
    row = _next_version(recorded, rows)
    if row is not None:
        row.found_by = None


def _described(recorded: Recorded, rows: Rows) -> None:
    row = _next_version(recorded, rows)
    if row is None:
        return
    assert row.task is not None  # it is as the event left it
    row.task = evolved(row.task, description="")
    _close_text(row, rows)
    # By the world's clock it is where the version is: no earlier than what was not about texts.
    span = (row.task_id, FOREVER, row.workspace_id, row.first, row.since, FOREVER)
    rows.put("texts", TextRow(*span, readable(recorded.event.description)))


def _close_text(row: VersionRow, rows: Rows) -> None:
    """The description that stood until this version began."""
    text: TextRow | None = rows.get("texts", row.task_id, FOREVER)
    if text is not None:
        span = (row.task_id, row.first, row.workspace_id, text.first, text.since, row.since)
        rows.add("texts", TextRow(*span, text.description))


def _moved(recorded: Recorded, rows: Rows) -> None:
    _called_otherwise(recorded, rows)
    stamp = recorded.stamp
    rows.put("moved", MovedRow(stamp.stream, stamp.workspace_id, recorded.event.project_id))


def _purged(recorded: Recorded, rows: Rows) -> None:
    """From here on it is not there; what it was before stays."""
    row = _next_version(recorded, rows)
    if row is not None:
        _close_text(row, rows)
    rows.delete("present", recorded.stamp.stream)
    rows.delete("texts", recorded.stamp.stream, FOREVER)


def _next_version(recorded: Recorded, rows: Rows) -> VersionRow | None:
    """The version that begins; None where the task is not there."""
    stamp = recorded.stamp
    row: VersionRow | None = rows.get("present", stamp.stream)
    if row is None:
        return None
    before = _task_of(row)
    after = evolve(before, recorded.event, stamp)
    assert after is not None  # a task that is there stays
    since = since_of(stamp, row.since)
    closed = VersionRow(
        row.task_id,
        stamp.position,
        row.workspace_id,
        row.first,
        row.since,
        since,
        row.state,
        row.found_by,
        task=before,
    )
    rows.add("versions", closed)
    row.first, row.since, row.state, row.task = stamp.position, since, None, after
    rows.put("present", row)
    return row


def _task_of(row: VersionRow) -> Task:
    if row.task is None:
        assert row.state is not None  # it was read back
        row.task = _states.decode(row.state)
    return row.task


def _comment_added(recorded: Recorded, rows: Rows) -> None:
    rows.add("comments", _comment(recorded, since_of(recorded.stamp), counts=True))


def _comment_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: CommentRow | None = rows.get("comments", recorded.event.task_id, stamp.stream, FOREVER)
    if row is None:
        return
    counts = not isinstance(recorded.event, CommentDeleted)
    since = since_of(stamp, row.since)
    if (counts, since) == (row.counts, row.since):
        return
    row.last, row.until = stamp.position, since
    rows.put("comments", row)
    rows.put("comments", _comment(recorded, since, counts=counts))


def _comment(recorded: Recorded, since: int, *, counts: bool) -> CommentRow:
    stamp = recorded.stamp
    return CommentRow(
        recorded.event.task_id,
        stamp.stream,
        FOREVER,
        stamp.workspace_id,
        stamp.position,
        since,
        FOREVER,
        counts,
    )


def _project_created(recorded: Recorded, rows: Rows) -> None:
    for status in recorded.event.workflow.statuses:
        rows.put("statuses", _status(recorded, status, since_of(recorded.stamp), 0))


def _workflow_changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    present = {
        row.status: row
        for row in rows.scan("statuses", "project_id", stamp.stream)
        if row.last == FOREVER
    }
    for status in recorded.event.workflow.statuses:
        row: StatusRow | None = present.pop(status.key, None)
        if row is None:
            rows.put("statuses", _status(recorded, status, since_of(stamp), 0))
        elif (row.name, row.category) != (status.name, status.category):
            since = since_of(stamp, row.since)
            same = row.category == status.category
            categorised = row.categorised if same else stamp.position
            _close(row, stamp.position, since, rows)
            rows.put("statuses", _status(recorded, status, since, categorised))
    for row in present.values():
        rows.delete("statuses", row.project_id, row.status, FOREVER)
        _close(row, stamp.position, since_of(stamp, row.since), rows)


def _close(row: StatusRow, position: int, until: int, rows: Rows) -> None:
    row.last, row.until = position, until
    rows.put("statuses", row)


def _status(recorded: Recorded, status: Status, since: int, categorised: int) -> StatusRow:
    stamp = recorded.stamp
    return StatusRow(
        stamp.stream,
        status.key,
        FOREVER,
        stamp.workspace_id,
        status.name,
        status.category,
        stamp.position,
        since,
        FOREVER,
        categorised,
    )


def _finish_version(row: VersionRow) -> None:
    task = _task_of(row)
    if row.state is None:
        row.state = _states.encode(task)
    if row.found_by is None:
        row.found_by = " ".join(chain(*map(stored_words, named_by(task))))
    row.project_id = task.project_id
    fill_columns(row, task)
    row.status_category = task.status_category
    row.status_since = task.status_since
    row.parent_task_id = task.parent_task_id
    row.fields = _json.encode(task.fields) if task.fields else None


def _finish_text(row: TextRow) -> None:
    row.found_by = " ".join(stored_words(row.description or "")) or None


_OF_COMMENTS = (CommentEdited, CommentDeleted, CommentRestored)
_OF_TEXTS = (TaskDescribed, TaskPurged)
_WITHOUT_READS = (CommentAdded, ProjectCreated, ProjectWorkflowChanged)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stream = recorded.event, recorded.stamp.stream
    if isinstance(event, TaskCreated):
        return (("present",),)
    if isinstance(event, _WITHOUT_READS):
        return ()
    if isinstance(event, _OF_COMMENTS):
        return (("comments", event.task_id, stream, FOREVER),)
    if isinstance(event, _OF_TEXTS):
        return (("present", stream), ("texts", stream, FOREVER))
    return (("present", stream),)


def _scans(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("statuses", "project_id", recorded.stamp.stream),)


_CHANGES = (
    TaskAssigned,
    TaskTagged,
    TaskStatusChanged,
    TaskParentChanged,
    TaskPrioritised,
    TaskDueDateChanged,
    TaskStartDateChanged,
    TaskEstimateChanged,
    TaskTypeChanged,
    TaskFieldsChanged,
    TaskRanked,
    TaskRespaced,
    TaskTrashed,
    TaskRestored,
    TaskMadeRecurring,
    TaskRecordImported,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskBlocked,
    TaskUnblocked,
)
PAST_VIEW = Projection(
    name="past",
    version=5,
    tables=(PRESENT, VERSIONS, TEXTS, COMMENTS, STATUSES, MOVED),
    folds={
        TaskCreated: _created,
        **dict.fromkeys(_CHANGES, _changed),
        TaskRetitled: _called_otherwise,
        TaskDescribed: _described,
        TaskMovedToProject: _moved,
        TaskPurged: _purged,
        CommentAdded: _comment_added,
        **dict.fromkeys(_OF_COMMENTS, _comment_changed),
        ProjectCreated: _project_created,
        ProjectWorkflowChanged: _workflow_changed,
    },
    reads=_reads,
    scans={ProjectWorkflowChanged: _scans},
    finish={"present": _finish_version, "versions": _finish_version, "texts": _finish_text},
    unread={
        TaskRetitled: frozenset({"was"}),
        TaskFieldsChanged: frozenset({"was"}),
        CommentAdded: frozenset({"text"}),
    },
    by_workspace=True,
)
