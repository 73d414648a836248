"""Boards: a project's columns, and a compact card for each of its tasks, in order of rank."""

from collections.abc import Iterable
from typing import Any

import msgspec

from domain.comment.events import CommentAdded, CommentDeleted, CommentRestored
from domain.project.board import Column
from domain.project.events import (
    ProjectArchived,
    ProjectColumnsChanged,
    ProjectCreated,
    ProjectPrivacyChanged,
    ProjectRenamed,
    ProjectUnarchived,
    ProjectViewTypeChanged,
    ProjectWorkflowChanged,
)
from domain.project.lanes import lanes_of_every_kind
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
from domain.values.priority import band_of
from domain.values.recorded import Recorded
from domain.values.text import readable

from .board_answers import BoardHead, Card, CardProgress, render_column
from .board_rows import BOARDS, CARDS, COLUMNS, BoardRow, CardRow, ColumnRow
from .labels import held, tags_in
from .people import person
from .progress import NO_SHARE, Share, Tally, recategorised
from .projection import Projection, Rows, Scan, drawn_by

_json = msgspec.json.Encoder()
_cards = msgspec.json.Decoder(Card)
_heads = msgspec.json.Decoder(BoardHead)
_PROGRESS = Tally("cards", CardRow)
# What moves a card to other lanes.
_OF_LANES = (TaskAssigned, TaskPrioritised, TaskTagged, TaskParentChanged)


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    stamp = recorded.stamp
    row = CardRow(stamp.stream, stamp.workspace_id, event.project_id)
    row.status_category, row.parent_task_id = event.status_category, event.parent_task_id
    row.card = Card(
        stamp.stream,
        stamp.stream,
        f"{event.project_key}-{drawn_by(recorded)}",
        readable(event.title),
        event.status,
        band_of(event.priority),
        event.priority,
        event.type,
        [person(user_id) for user_id in event.assignee_ids],
        event.due_date,
        event.due_all_day,
        held(stamp.workspace_id, event.tags),
        event.rank,
        row.comment_count,
        CardProgress(),
        False,
        stamp.version,
    )
    row.lanes = lanes_of_every_kind(
        event.assignee_ids, event.priority, event.tags, event.parent_task_id
    )
    rows.add("cards", row)
    _PROGRESS.shift(rows, row, NO_SHARE, _share(row))


def _changed(recorded: Recorded, rows: Rows) -> None:
    row: CardRow | None = rows.get("cards", recorded.stamp.stream)
    card = _card_of(row) if row is not None else None
    if row is None or card is None:
        return
    before = _share(row)
    card.version = recorded.stamp.version
    match recorded.event:
        case TaskStatusChanged() as event:
            card.status, card.rank = event.status, event.rank
            row.status_category = event.category
        case TaskRanked() | TaskRespaced() as event:
            card.rank = event.rank
        case TaskMovedToProject() as event:
            row.project_id, card.rank = event.project_id, event.rank
            card.key = f"{event.project_key}-{drawn_by(recorded)}"
        case TaskRetitled() as event:
            card.title = readable(event.title)
        case TaskAssigned() as event:
            card.assignees = [person(user_id) for user_id in event.assignee_ids]
        case TaskPrioritised() as event:
            card.priority, card.priority_level = band_of(event.priority), event.priority
        case TaskDueDateChanged() as event:
            card.due_date, card.due_all_day = event.due_date, event.due_all_day
        case TaskTypeChanged() as event:
            card.type = event.type
        case TaskTagged() as event:
            card.tags = held(row.workspace_id, event.tags)
        case TaskParentChanged() as event:
            row.parent_task_id = event.parent_task_id
        case TaskBlocked():
            card.is_blocked = True
        case TaskUnblocked():
            card.is_blocked = False
        case TaskTrashed():
            row.trashed = True
        case TaskRestored():
            row.trashed = False
    if isinstance(recorded.event, _OF_LANES):
        row.lanes = _lanes_of(card, row.parent_task_id)
    rows.put("cards", row)
    _PROGRESS.shift(rows, row, before, _share(row))


def _purged(recorded: Recorded, rows: Rows) -> None:
    rows.delete("cards", recorded.stamp.stream)


def _share(row: CardRow) -> Share:
    if row.parent_task_id is None:
        return NO_SHARE
    return Share.of(row.parent_task_id, row.status_category, trashed=row.trashed)


def _commented(recorded: Recorded, rows: Rows) -> None:
    task_id = recorded.event.task_id
    row: CardRow = rows.get("cards", task_id) or CardRow(task_id, recorded.stamp.workspace_id)
    row.comment_count += -1 if isinstance(recorded.event, CommentDeleted) else 1
    rows.put("cards", row)


def _card_of(row: CardRow) -> Card | None:
    if row.card is None and row.doc is not None:
        card = row.card = _cards.decode(row.doc)
        # What decodes an answer leaves out that there were marks.
        card.assignees = [person(each.user_id) for each in card.assignees]
        card.tags = held(row.workspace_id, tags_in(card.tags))
    return row.card


def title_of(doc: bytes) -> str | None:
    """The title of a card as it is stored."""
    return _cards.decode(doc).title


def _finish_card(row: CardRow) -> None:
    card = _card_of(row)
    if card is not None:
        card.comment_count = row.comment_count
        card.progress = CardProgress(row.progress_done, row.progress_total)
        row.status, row.rank = card.status, card.rank
        row.doc = _json.encode(card)


def _lanes_of(card: Card, parent_task_id: str | None) -> list[str]:
    assignee_ids = [each.user_id for each in card.assignees]
    return lanes_of_every_kind(
        assignee_ids, card.priority_level, tags_in(card.tags), parent_task_id
    )


def _project_created(recorded: Recorded, rows: Rows) -> None:
    event: ProjectCreated = recorded.event
    project_id, workspace_id = recorded.stamp.stream, recorded.stamp.workspace_id
    head = BoardHead(
        project_id,
        project_id,
        workspace_id,
        event.key,
        readable(event.name),
        event.view_type,
        event.is_private,
        archived=False,
    )
    rows.put("boards", BoardRow(project_id, workspace_id, head=head))
    _put_columns(recorded, event.columns, rows)


def _project_changed(recorded: Recorded, rows: Rows) -> None:
    row: BoardRow | None = rows.get("boards", recorded.stamp.stream)
    if row is None:
        return
    head = _head_of(row)
    match recorded.event:
        case ProjectRenamed() as event:
            head.name = readable(event.name)
        case ProjectViewTypeChanged() as event:
            head.view_type = event.view_type
        case ProjectPrivacyChanged() as event:
            head.is_private = event.is_private
        case ProjectArchived():
            head.archived = True
        case ProjectUnarchived():
            head.archived = False
    rows.put("boards", row)


def _head_of(row: BoardRow) -> BoardHead:
    if row.head is None:
        row.head = _heads.decode(row.doc)
    return row.head


def _finish_board(row: BoardRow) -> None:
    row.doc = _json.encode(_head_of(row))


def _workflow_changed(recorded: Recorded, rows: Rows) -> None:
    _columns_changed(recorded, rows)
    event: ProjectWorkflowChanged = recorded.event
    if not recategorised(event):
        return
    present = {status.key: status.category for status in event.workflow.statuses}
    for row in rows.scan("cards", "project_id", recorded.stamp.stream):
        card = _card_of(row)
        category = None if card is None else present.get(card.status)
        if category is not None and category != row.status_category:
            before = _share(row)
            row.status_category = category
            rows.put("cards", row)
            _PROGRESS.shift(rows, row, before, _share(row))


def _columns_changed(recorded: Recorded, rows: Rows) -> None:
    project_id = recorded.stamp.stream
    columns: tuple[Column, ...] = recorded.event.columns
    for row in rows.scan("columns", "project_id", project_id):
        if row.place >= len(columns):
            rows.delete("columns", project_id, row.place)
    _put_columns(recorded, columns, rows)


def _put_columns(recorded: Recorded, columns: tuple[Column, ...], rows: Rows) -> None:
    project_id, workspace_id = recorded.stamp.stream, recorded.stamp.workspace_id
    for place, column in enumerate(columns):
        rows.put(
            "columns",
            ColumnRow(
                project_id,
                place,
                workspace_id,
                column.column_id,
                column.statuses,
                render_column(column),
            ),
        )


# All of them, since a card shows its task's version.
_TASK_EVENTS = (
    TaskRetitled,
    TaskDescribed,
    TaskAssigned,
    TaskBlocked,
    TaskPrioritised,
    TaskDueDateChanged,
    TaskStartDateChanged,
    TaskEstimateChanged,
    TaskTypeChanged,
    TaskTagged,
    TaskFieldsChanged,
    TaskStatusChanged,
    TaskRanked,
    TaskRespaced,
    TaskMovedToProject,
    TaskParentChanged,
    TaskTrashed,
    TaskRestored,
    TaskRecordImported,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskUnblocked,
    TaskMadeRecurring,
)
_PROJECT_EVENTS = (
    ProjectRenamed,
    ProjectViewTypeChanged,
    ProjectPrivacyChanged,
    ProjectArchived,
    ProjectUnarchived,
)
_WITHOUT_READS = (ProjectCreated, ProjectWorkflowChanged, ProjectColumnsChanged)


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = recorded.event
    if isinstance(event, TaskCreated):
        return (("cards",),)
    if isinstance(event, CommentAdded | CommentDeleted | CommentRestored):
        return (("cards", event.task_id),)
    if isinstance(event, _PROJECT_EVENTS):
        return (("boards", recorded.stamp.stream),)
    if isinstance(event, _WITHOUT_READS):
        return ()
    return (("cards", recorded.stamp.stream),)


def _scans(recorded: Recorded) -> Iterable[Scan]:
    return (Scan("columns", "project_id", recorded.stamp.stream),)


def _scans_of_workflow(recorded: Recorded) -> Iterable[Scan]:
    columns = _scans(recorded)
    if not recategorised(recorded.event):
        return columns
    return (*columns, _PROGRESS.scan("project_id", recorded.stamp.stream))


BOARD_VIEW = Projection(
    name="board",
    version=3,
    tables=(BOARDS, COLUMNS, CARDS),
    folds={
        TaskCreated: _created,
        **dict.fromkeys(_TASK_EVENTS, _changed),
        TaskPurged: _purged,
        CommentAdded: _commented,
        CommentDeleted: _commented,
        CommentRestored: _commented,
        ProjectCreated: _project_created,
        **dict.fromkeys(_PROJECT_EVENTS, _project_changed),
        ProjectWorkflowChanged: _workflow_changed,
        ProjectColumnsChanged: _columns_changed,
    },
    reads=_reads,
    scans={ProjectWorkflowChanged: _scans_of_workflow, ProjectColumnsChanged: _scans},
    climbs=_PROGRESS.climbs,
    finish={"boards": _finish_board, "cards": _finish_card},
    unread={
        TaskCreated: frozenset({"description", "fields", "external_id"}),
        TaskRetitled: frozenset({"was"}),
        TaskDescribed: frozenset({"description"}),
        TaskFieldsChanged: frozenset({"fields", "was"}),
        CommentAdded: frozenset({"text"}),
        ProjectCreated: frozenset({"description"}),
    },
    by_workspace=True,
)
