"""What feeds say of tasks."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskParentChanged,
    TaskPrioritised,
    TaskPurged,
    TaskRanked,
    TaskRecordImported,
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
from domain.values.text import Erased
from projections.labels import held
from projections.other_tasks import task_mark, task_marks
from projections.people import named
from projections.task_answers import number

from .entries import Change, ImportedRecord, Said, Says, says, says_only, value_of

ACTIONS = (
    "task_created",
    "title_changed",
    "description_changed",
    "assigned",
    "unassigned",
    "status_changed",
    "priority_changed",
    "due_date_changed",
    "start_date_changed",
    "estimate_changed",
    "type_changed",
    "tags_changed",
    "field_changed",
    "moved",
    "project_changed",
    "parent_changed",
    "task_trashed",
    "task_restored",
    "task_purged",
    "record_imported",
    "dependency_added",
    "dependency_removed",
    "task_blocked",
    "task_unblocked",
)

_MOST_ATTRIBUTES = 50
_MOST_ATTRIBUTE_CHARACTERS = 200

_RELATED = {
    "blocks": "blocking",
    "blocked_by": "blocked_by",
    "relates": "relates",
    "duplicates": "duplicates",
    "duplicated_by": "duplicated_by",
}

_json = msgspec.json.Encoder()


def tagged(workspace_id: str) -> Says:
    return lambda event: (
        Said(
            "tags_changed",
            Change("tags", held(workspace_id, event.was), held(workspace_id, event.tags)),
        ),
    )


def _assigned(event: TaskAssigned) -> Sequence[Said]:
    before, after = [[named(each) for each in ids] for ids in (event.was, event.assignee_ids)]
    action = "assigned" if after else "unassigned"
    return (Said(action, Change("assignees", before, after)),)


def _prioritised(event: TaskPrioritised) -> Sequence[Said]:
    """By the band's name where the band changed, else by level."""
    before, after = band_of(event.was), band_of(event.priority)
    if before != after:
        change = Change("priority", before, after)
    else:
        change = Change("priority_level", event.was, event.priority)
    return (Said("priority_changed", change),)


def _estimated(event: TaskEstimateChanged) -> Sequence[Said]:
    change = Change("estimate", number(event.was), number(event.estimate))
    return (Said("estimate_changed", change),)


def _fields_changed(event: TaskFieldsChanged) -> Sequence[Said]:
    if isinstance(event.fields, Erased):
        return (Said("field_changed", Change("fields", None, None)),)
    was = {} if isinstance(event.was, Erased) else event.was
    return [
        Said("field_changed", Change(f"fields.{key}", value_of(was.get(key)), value_of(value)))
        for key, value in event.fields.items()
    ]


def _record_imported(event: TaskRecordImported) -> Sequence[Said]:
    record = ImportedRecord(
        event.source,
        event.ordinal,
        event.activity,
        event.lifecycle,
        named(event.resource_id) if event.resource_id else None,
        None if isinstance(event.attributes, Erased) else _in_short(event.attributes),
    )
    return (Said("record_imported", Change("status", event.was, event.status), record),)


def _in_short(attributes: Mapping[str, object]) -> Mapping[str, Any]:
    """The first attributes; what is not a plain value as text, and no text long."""
    first = list(attributes.items())[:_MOST_ATTRIBUTES]
    return {key: _plain(value) for key, value in first}


def _plain(value: object) -> Any:
    if value is None or isinstance(value, bool | int | float | datetime):
        return value
    text = value if isinstance(value, str) else _json.encode(value).decode()
    return text[:_MOST_ATTRIBUTE_CHARACTERS]


def _dependency_added(event: TaskDependencyAdded) -> Sequence[Said]:
    change = Change(_RELATED[event.relation], None, task_mark(event.task_id))
    return (Said("dependency_added", change),)


def _dependency_removed(event: TaskDependencyRemoved) -> Sequence[Said]:
    change = Change(_RELATED[event.relation], task_mark(event.task_id), None)
    return (Said("dependency_removed", change),)


def _blocked(event: TaskBlocked) -> Sequence[Said]:
    change = Change("is_blocked", False, True)
    return (Said("task_blocked", change, because_of=task_marks(event.blocked_by)),)


def _unblocked(event: TaskUnblocked) -> Sequence[Said]:
    change = Change("is_blocked", True, False)
    return (Said("task_unblocked", change, because_of=task_marks(event.freed_by)),)


EVENTS: Mapping[type, Says] = {
    TaskRetitled: says("title_changed", "title", "was", "title"),
    TaskAssigned: _assigned,
    TaskStatusChanged: says("status_changed", "status", "was", "status"),
    TaskPrioritised: _prioritised,
    TaskDueDateChanged: says("due_date_changed", "due_date", "was", "due_date"),
    TaskStartDateChanged: says("start_date_changed", "start_date", "was", "start_date"),
    TaskEstimateChanged: _estimated,
    TaskTypeChanged: says("type_changed", "type", "was", "type"),
    TaskTagged: says("tags_changed", "tags", "was", "tags"),
    TaskFieldsChanged: _fields_changed,
    TaskRanked: says("moved", "rank", "was", "rank"),
    TaskParentChanged: says("parent_changed", "parent_task_id", "was", "parent_task_id"),
    TaskTrashed: says_only("task_trashed"),
    TaskRestored: says_only("task_restored"),
    TaskPurged: says_only("task_purged"),
    TaskRecordImported: _record_imported,
    TaskDependencyAdded: _dependency_added,
    TaskDependencyRemoved: _dependency_removed,
    TaskBlocked: _blocked,
    TaskUnblocked: _unblocked,
}
