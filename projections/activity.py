"""Activity: what happened to each task, project and workspace, one entry for each changed field.

What is said of an event stands with its aggregate in `activity_words`, as do the actions, a fixed
list that only ever grows. A change's values have the form that its field has in the answer of the
thing itself, people included; long texts are cut (the whole text stands in the event). Entries
follow the log, the newest first; of one event with several fields, the first field comes first.

What happens to nobody's notice has no entry: a card that gets another rank in the same place. It
has a row all the same, without action and document, as every event has that a workspace's feed of
changes may give: so this view tells where the events are that somebody may see.

A task that moved to another project takes what may be seen of it along: an entry about it stays in
the feed of the project where it happened, for those who may see where the task is now.

A dependency is an entry of each of its two tasks, by what it is to that task, and so nothing is
said of the workspace's graph of them itself. `because_of` are the tasks that blocked or freed one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.task.events import (
    TaskCreated,
    TaskDescribed,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskRespaced,
    TaskTagged,
)
from domain.user.events import ApiKeyMade, ApiKeyRevoked
from domain.values.recorded import Recorded
from domain.values.text import Text

from .activity_words import (
    accounts,
    comments,
    labels,
    projects,
    recurrences,
    tasks,
    workspaces,
)
from .activity_words.entries import Change, Entry, Said, value_of
from .people import named
from .projection import Projection, Rows, Table, drawn_by
from .typeids import entry_id

ACTIONS = (
    *tasks.ACTIONS,
    *recurrences.ACTIONS,
    *comments.ACTIONS,
    *projects.ACTIONS,
    *labels.ACTIONS,
    *accounts.ACTIONS,
    *workspaces.ACTIONS,
)

# A card that gets another rank in the same place; what the series says itself in the same commit.
UNNOTICED = (TaskRespaced, TaskMadeRecurring)
_OTHERS_OF_TASKS = frozenset({TaskDescribed, TaskMovedToProject, *UNNOTICED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What entries of a feed have in common; an empty field asks nothing. `since` and `until`
    compare with the time of recording and are inclusive."""

    task_id: str | None = None
    project_id: str | None = None
    workspace_id: str | None = None
    actor_ids: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    upto: int | None = None


@dataclass(slots=True)
class EntryRow:
    """`action` None: an event without an entry, of which only the place is told."""

    workspace_id: str
    position: int
    ordinal: int
    project_id: str | None
    task_id: str | None
    actor_id: str
    action: str | None
    recorded_at: datetime
    doc: bytes | None


@dataclass(slots=True)
class SubjectRow:
    """What an entry about a task must know beyond its event. `description` is cut."""

    task_id: str
    workspace_id: str
    project_id: str
    description: str | None


@dataclass(slots=True)
class MovedRow:
    """Where a task is that has moved to another project: whoever may see that may see what
    happened to it before."""

    task_id: str
    workspace_id: str
    project_id: str


ENTRIES = Table(
    "entries",
    EntryRow,
    {
        "workspace_id": "text",
        "position": "bigint",
        "ordinal": "smallint",
        "project_id": "text",
        "task_id": "text",
        "actor_id": "text",
        "action": "text",
        "recorded_at": "timestamptz",
        "doc": "bytea",
    },
    key=("workspace_id", "position", "ordinal"),
    indexes=(
        "(task_id, position, ordinal) WHERE task_id IS NOT NULL",
        "(project_id, position, ordinal) WHERE project_id IS NOT NULL",
        "(workspace_id, actor_id, action, position, ordinal) WHERE action IS NOT NULL",
        "(workspace_id, action, position, ordinal) WHERE action IS NOT NULL",
        "(workspace_id, position, ordinal) WHERE project_id IS NULL",
    ),
)
SUBJECTS = Table(
    "subjects",
    SubjectRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text", "description": "text"},
    key=("task_id",),
    fillfactor=90,
)
MOVED = Table(
    "moved",
    MovedRow,
    {"task_id": "text", "workspace_id": "text", "project_id": "text"},
    key=("task_id",),
    indexes=("(project_id)",),
)

_json = msgspec.json.Encoder()


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    task_id = recorded.stamp.stream
    rows.add(
        "subjects",
        SubjectRow(
            task_id, recorded.stamp.workspace_id, event.project_id, _text(event.description)
        ),
    )
    said = Said("task_created", Change("title", None, _text(event.title)))
    _write((said,), recorded, rows, "task", task_id, event.project_id)


def _described(recorded: Recorded, rows: Rows) -> None:
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        return
    before, after = subject.description, _text(recorded.event.description)
    subject.description = after
    rows.put("subjects", subject)
    said = Said("description_changed", Change("description", before, after))
    _write((said,), recorded, rows, "task", subject.task_id, subject.project_id)


def _task_changed(recorded: Recorded, rows: Rows) -> None:
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        # Without its project nobody could tell who may see this. It comes with the healing of
        # its stream, whose first event is missing here.
        return
    says = tasks.EVENTS[type(recorded.event)]
    if isinstance(recorded.event, TaskTagged):
        says = tasks.tagged(recorded.stamp.workspace_id)
    _write(says(recorded.event), recorded, rows, "task", subject.task_id, subject.project_id)


def _unnoticed(recorded: Recorded, rows: Rows) -> None:
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is not None:
        stamp = recorded.stamp
        rows.add(
            "entries",
            EntryRow(
                stamp.workspace_id,
                stamp.position,
                0,
                subject.project_id,
                subject.task_id,
                stamp.actor,
                None,
                stamp.recorded_at,
                None,
            ),
        )


def _moved_to_project(recorded: Recorded, rows: Rows) -> None:
    """Two entries: that the task is here now, in the project that it came to; that it is gone,
    in the one that it left, which tells nothing of where to."""
    subject: SubjectRow | None = rows.get("subjects", recorded.stamp.stream)
    if subject is None:
        return
    event: TaskMovedToProject = recorded.event
    stamp, task_id = recorded.stamp, subject.task_id
    former = f"{event.was_project_key}-{event.was_number}"
    subject.project_id = event.project_id
    rows.put("subjects", subject)
    rows.put("moved", MovedRow(task_id, stamp.workspace_id, event.project_id))
    came = Said(
        "project_changed", Change("key", former, f"{event.project_key}-{drawn_by(recorded)}")
    )
    _write((came,), recorded, rows, "task", task_id, event.project_id)
    went = Said("task_moved_away", Change("key", former, None))
    _write(
        (went,),
        recorded,
        rows,
        "project",
        None,
        event.was_project_id,
        entity_id=event.was_project_id,
        first_ordinal=1,
    )


def _recurrence_changed(recorded: Recorded, rows: Rows) -> None:
    """Shown with the task that it is about, which is the last of the series."""
    subject: SubjectRow | None = rows.get("subjects", recorded.event.task_id)
    if subject is not None:
        said = recurrences.EVENTS[type(recorded.event)](recorded.event)
        _write(said, recorded, rows, "recurrence", subject.task_id, subject.project_id)


def _commented(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    says = comments.EVENTS[type(event)]
    comment_id = getattr(event, "comment_id", None)
    _write(says(event), recorded, rows, "comment", event.task_id, event.project_id, comment_id)


def _project_changed(recorded: Recorded, rows: Rows) -> None:
    says = projects.EVENTS[type(recorded.event)]
    _write(says(recorded.event), recorded, rows, "project", None, recorded.stamp.stream)


def _label_changed(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    _write(labels.EVENTS[type(event)](event), recorded, rows, "label", None, None, event.label_id)


def _workspace_changed(recorded: Recorded, rows: Rows) -> None:
    says = workspaces.EVENTS[type(recorded.event)]
    _write(says(recorded.event), recorded, rows, "workspace", None, None)


def _account_changed(recorded: Recorded, rows: Rows) -> None:
    """Of a key that is for one workspace, that workspace hears."""
    event: ApiKeyMade | ApiKeyRevoked = recorded.event
    said = accounts.EVENTS[type(event)](event)
    _write(said, recorded, rows, "user", None, None, workspace_id=event.workspace_id)


def _text(text: Text) -> str | None:
    value: str | None = value_of(text)
    return value


def _write(
    said: Sequence[Said],
    recorded: Recorded,
    rows: Rows,
    entity_type: str,
    task_id: str | None,
    project_id: str | None,
    entity_id: str | None = None,
    first_ordinal: int = 0,
    workspace_id: str | None = None,
) -> None:
    """`entity_id`: what it happened to, where that is not the event's own stream; in the same way
    `workspace_id`: whose feed it belongs to."""
    stamp, origin = recorded.stamp, recorded.origin
    actor = named(stamp.actor)
    # Of two entries the one with the higher ordinal is shown first.
    for ordinal, (action, changes, record, because_of) in enumerate(reversed(said), first_ordinal):
        activity_id = entry_id("act", stamp.recorded_at, stamp.position, ordinal)
        entry = Entry(
            id=activity_id,
            activity_id=activity_id,
            task_id=task_id,
            entity_type=entity_type,
            entity_id=entity_id or stamp.stream,
            actor=actor,
            action=action,
            changes=changes,
            record=record,
            because_of=because_of,
            command_id=recorded.command_id,
            reason=origin.reason if isinstance(origin.reason, str) else msgspec.UNSET,
            caused_by=origin.causation_id or msgspec.UNSET,
            timestamp=stamp.recorded_at,
            occurred_at=stamp.occurred_at or msgspec.UNSET,
            position=stamp.position,
        )
        rows.add(
            "entries",
            EntryRow(
                workspace_id or stamp.workspace_id,
                stamp.position,
                ordinal,
                project_id,
                task_id,
                stamp.actor,
                action,
                stamp.recorded_at,
                _json.encode(entry),
            ),
        )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event = type(recorded.event)
    if event in tasks.EVENTS or event in _OTHERS_OF_TASKS:
        return (("subjects", recorded.stamp.stream),)
    if event in recurrences.EVENTS:
        return (("subjects", recorded.event.task_id),)
    return ()


ACTIVITY_VIEW = Projection(
    name="activity",
    version=3,
    tables=(ENTRIES, SUBJECTS, MOVED),
    folds={
        TaskCreated: _created,
        TaskDescribed: _described,
        **dict.fromkeys(tasks.EVENTS, _task_changed),
        **dict.fromkeys(UNNOTICED, _unnoticed),
        **dict.fromkeys(comments.EVENTS, _commented),
        TaskMovedToProject: _moved_to_project,
        **dict.fromkeys(recurrences.EVENTS, _recurrence_changed),
        **dict.fromkeys(projects.EVENTS, _project_changed),
        **dict.fromkeys(labels.EVENTS, _label_changed),
        **dict.fromkeys(accounts.EVENTS, _account_changed),
        **dict.fromkeys(workspaces.EVENTS, _workspace_changed),
    },
    reads=_reads,
)
