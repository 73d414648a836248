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
from datetime import datetime
from typing import Any

import msgspec

from domain.saved_view.state import SavedView
from domain.saved_view.state import evolve as evolve_view
from domain.task.events import (
    TaskCreated,
    TaskDescribed,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskRecordImported,
    TaskRespaced,
    TaskTagged,
)
from domain.user.events import ApiKeyMade, ApiKeyRevoked
from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from domain.values.text import Text

from .activity_rows import (
    CLOCKS,
    ENTRIES,
    MOVED,
    SUBJECTS,
    VIEWS,
    ClockRow,
    EntryRow,
    MovedRow,
    SubjectRow,
    ViewRow,
)
from .activity_words import (
    accounts,
    comments,
    labels,
    projects,
    recurrences,
    tasks,
    views,
    workspaces,
)
from .activity_words.entries import Change, Entry, Said, value_of
from .people import named
from .projection import Projection, Rows, drawn_by
from .states import StateCodec
from .typeids import entry_id

ACTIONS = (
    *tasks.ACTIONS,
    *recurrences.ACTIONS,
    *comments.ACTIONS,
    *projects.ACTIONS,
    *labels.ACTIONS,
    *accounts.ACTIONS,
    *workspaces.ACTIONS,
    *views.ACTIONS,
)

# A card that gets another rank in the same place; what the series says itself in the same commit.
UNNOTICED = (TaskRespaced, TaskMadeRecurring)
_OTHERS_OF_TASKS = frozenset({TaskDescribed, TaskMovedToProject, *UNNOTICED})


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityFilter:
    """What entries of a feed have in common; an empty field asks nothing. `since` and `until`
    compare with the time of recording and are inclusive; with `happened_by`, which asks for what
    had happened by then and has it in the order in which it happened, with that time."""

    task_id: str | None = None
    project_id: str | None = None
    workspace_id: str | None = None
    actor_ids: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    upto: int | None = None
    happened_by: datetime | None = None


_json = msgspec.json.Encoder()
_views = StateCodec(SavedView)


def _created(recorded: Recorded, rows: Rows) -> None:
    event: TaskCreated = recorded.event
    task_id = recorded.stamp.stream
    subject = SubjectRow(
        task_id,
        recorded.stamp.workspace_id,
        event.project_id,
        _text(event.description),
        recorded.stamp.occurred_at,
    )
    rows.add("subjects", subject)
    said = Said("task_created", Change("title", None, _text(event.title)))
    _write_of_task((said,), recorded, rows, subject)


def _described(recorded: Recorded, rows: Rows) -> None:
    subject = _subject(recorded, rows)
    if subject is None:
        return
    before, after = subject.description, _text(recorded.event.description)
    subject.description = after
    rows.put("subjects", subject)
    said = Said("description_changed", Change("description", before, after))
    _write_of_task((said,), recorded, rows, subject)


def _task_changed(recorded: Recorded, rows: Rows) -> None:
    subject = _subject(recorded, rows)
    if subject is None:
        # Without its project nobody could tell who may see this. It comes with the healing of
        # its stream, whose first event is missing here.
        return
    says = tasks.EVENTS[type(recorded.event)]
    if isinstance(recorded.event, TaskTagged):
        says = tasks.tagged(recorded.stamp.workspace_id)
    _write_of_task(says(recorded.event), recorded, rows, subject)


def _unnoticed(recorded: Recorded, rows: Rows) -> None:
    subject = _subject(recorded, rows)
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
                subject.happened_at,
                None,
            ),
        )


def _moved_to_project(recorded: Recorded, rows: Rows) -> None:
    """Two entries: that the task is here now, in the project that it came to; that it is gone,
    in the one that it left, which tells nothing of where to."""
    subject = _subject(recorded, rows)
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
    _write_of_task((came,), recorded, rows, subject)
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
        happened_at=subject.happened_at,
    )


def _recurrence_changed(recorded: Recorded, rows: Rows) -> None:
    """Shown with the task that it is about, which is the last of the series."""
    subject: SubjectRow | None = rows.get("subjects", recorded.event.task_id)
    if subject is not None:
        said = recurrences.EVENTS[type(recorded.event)](recorded.event)
        _write_beside(said, recorded, rows, "recurrence", subject.task_id, subject.project_id)


def _commented(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    says = comments.EVENTS[type(event)]
    comment_id = getattr(event, "comment_id", None)
    _write_beside(
        says(event), recorded, rows, "comment", event.task_id, event.project_id, comment_id
    )


def _project_changed(recorded: Recorded, rows: Rows) -> None:
    says = projects.EVENTS[type(recorded.event)]
    _write_beside(says(recorded.event), recorded, rows, "project", None, recorded.stamp.stream)


def _label_changed(recorded: Recorded, rows: Rows) -> None:
    event = recorded.event
    said = labels.EVENTS[type(event)](event)
    _write_beside(said, recorded, rows, "label", None, None, event.label_id)


def _workspace_changed(recorded: Recorded, rows: Rows) -> None:
    says = workspaces.EVENTS[type(recorded.event)]
    _write_beside(says(recorded.event), recorded, rows, "workspace", None, None)


def _account_changed(recorded: Recorded, rows: Rows) -> None:
    """Of a key that is for one workspace, that workspace hears."""
    event: ApiKeyMade | ApiKeyRevoked = recorded.event
    said = accounts.EVENTS[type(event)](event)
    _write_beside(said, recorded, rows, "user", None, None, workspace_id=event.workspace_id)


def _view_changed(recorded: Recorded, rows: Rows) -> None:
    """Of a view that is shared, its project hears; one that is somebody's own is told to nobody."""
    stamp = recorded.stamp
    row: ViewRow | None = rows.get("views", stamp.stream)
    before = None if row is None else _views.decode(row.state)
    after = evolve_view(before, recorded.event, stamp)
    if after is None:
        return
    rows.put("views", ViewRow(after.view_id, after.workspace_id, _views.encode(after)))
    for ordinal, (project_id, said) in enumerate(views.told(recorded.event, before, after)):
        _write_beside(said, recorded, rows, "view", None, project_id, first_ordinal=ordinal)


def _text(text: Text) -> str | None:
    value: str | None = value_of(text)
    return value


def _subject(recorded: Recorded, rows: Rows) -> SubjectRow | None:
    """The task that an event is of, as far as its time has gone on with it."""
    stamp = recorded.stamp
    subject: SubjectRow | None = rows.get("subjects", stamp.stream)
    if subject is not None and stamp.occurred_at is not None:
        subject.happened_at = _no_earlier(subject.happened_at, stamp.occurred_at)
        if isinstance(recorded.event, TaskRecordImported):
            subject.record_command = recorded.command_id
            subject.record_at = stamp.occurred_at
            subject.record_of = recorded.event.resource_id
        rows.put("subjects", subject)
    return subject


def _no_earlier(before: datetime | None, occurred_at: datetime) -> datetime:
    return occurred_at if before is None else max(before, occurred_at)


def _write_of_task(
    said: Sequence[Said], recorded: Recorded, rows: Rows, subject: SubjectRow
) -> None:
    """Of what came in from elsewhere, by the person there."""
    stamp = recorded.stamp
    imported = stamp.occurred_at is not None and (
        (subject.record_command, subject.record_at) == (recorded.command_id, stamp.occurred_at)
    )
    _write(
        said,
        recorded,
        rows,
        "task",
        subject.task_id,
        subject.project_id,
        actor=subject.record_of if imported else None,
        happened_at=subject.happened_at,
    )


def _write_beside(
    said: Sequence[Said],
    recorded: Recorded,
    rows: Rows,
    entity_type: str,
    task_id: str | None,
    project_id: str | None,
    entity_id: str | None = None,
    **given: Any,
) -> None:
    """Of what is no task."""
    stamp = recorded.stamp
    clock: ClockRow | None = rows.get("clocks", stamp.stream) if stamp.version > 1 else None
    happened_at = None if clock is None else clock.happened_at
    if stamp.occurred_at is not None:
        happened_at = _no_earlier(happened_at, stamp.occurred_at)
        rows.put("clocks", ClockRow(stamp.stream, stamp.workspace_id, happened_at))
    _write(
        said,
        recorded,
        rows,
        entity_type,
        task_id,
        project_id,
        entity_id,
        happened_at=happened_at,
        **given,
    )


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
    *,
    actor: str | None = None,
    happened_at: datetime | None,
) -> None:
    """`entity_id`: what it happened to, where that is not the event's own stream; in the same way
    `workspace_id`: whose feed it belongs to, and `actor`: who did it."""
    stamp, origin = recorded.stamp, recorded.origin
    actor_id = actor or stamp.actor
    shown = named(actor_id)
    # Of two entries the one with the higher ordinal is shown first.
    for ordinal, (action, changes, record, because_of) in enumerate(reversed(said), first_ordinal):
        activity_id = entry_id("act", stamp.recorded_at, stamp.position, ordinal)
        entry = Entry(
            id=activity_id,
            activity_id=activity_id,
            task_id=task_id,
            entity_type=entity_type,
            entity_id=entity_id or stamp.stream,
            actor=shown,
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
                actor_id,
                action,
                stamp.recorded_at,
                happened_at,
                _json.encode(entry),
            ),
        )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    event, stamp = type(recorded.event), recorded.stamp
    if event in tasks.EVENTS or event in _OTHERS_OF_TASKS:
        return (("subjects", stamp.stream),)
    if event is TaskCreated:
        return ()
    asked: list[tuple[Any, ...]] = []
    if event in recurrences.EVENTS:
        asked.append(("subjects", recorded.event.task_id))
    if event in views.EVENTS:
        asked.append(("views", stamp.stream))
    if stamp.version > 1:
        asked.append(("clocks", stamp.stream))
    return asked


ACTIVITY_VIEW = Projection(
    name="activity",
    version=5,
    tables=(ENTRIES, SUBJECTS, MOVED, CLOCKS, VIEWS),
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
        **dict.fromkeys(views.EVENTS, _view_changed),
    },
    reads=_reads,
    by_workspace=True,
)
