"""What a trace makes of its task: from the records of a file to the events of the log."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import UTC, datetime
from typing import Final

import msgspec

from commands.imports.event_log import (
    LIFECYCLE,
    NAME,
    RESOURCE,
    Attributes,
    Value,
    moment,
    plain,
    text_of,
)
from commands.imports.reading import Record
from domain.errors import Kind, Refused
from domain.project.fields import FieldDefinition, FieldValue
from domain.project.workflow import Status
from domain.task.decisions import fields_changed
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskEvent,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskStatusChanged,
)
from domain.task.state import Task, authors_after, former_author, running_digest
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.moment import written
from domain.values.priority import DEFAULT_LEVEL
from domain.values.rank import fresh_rank

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A trace that can come in. `attributes` are its own; `digests` has one for each record."""

    name: str
    attributes: Attributes
    records: tuple[Record, ...]
    digests: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Destination:
    """What the file's words mean in the project: statuses by name, fields by the attribute of a
    trace or of an event, people by resource. `importer` stands for whom the file does not name."""

    project_key: str
    initial: Status
    statuses: Mapping[str, Status]
    fields_of_trace: Mapping[str, FieldDefinition]
    fields_of_event: Mapping[str, FieldDefinition]
    people: Mapping[str, str]
    source: str
    importer: str


@dataclass(frozen=True, slots=True)
class Planned:
    """An event to come. `person` did it, and owns the keys that seal what it says; `authors` are
    those of single fields that somebody else wrote. Without a person it is the importer."""

    event: TaskEvent
    at: datetime | None
    person: str | None
    authors: Mapping[str, str] = field(default_factory=dict)


class HistoryChanged(Refused):
    """What the file says of the past is not what an earlier import has brought in."""

    def __init__(self, detail: str) -> None:
        super().__init__(Kind.CONFLICT, detail)


def record_digest(record: Record, secret: bytes) -> str:
    """Tells a record again by all that the file says in it; whoever has no secret can neither
    make it nor guess from it what is said."""
    said = msgspec.json.encode(record.attributes, order="deterministic")
    return hashlib.blake2b(said, key=secret, digest_size=16).hexdigest()


def first_new(case: Case, state: Task | None) -> int:
    """How many of the records are in already. Raises HistoryChanged where those differ."""
    if state is None:
        return 0
    if len(case.records) < state.imported:
        raise HistoryChanged(
            f"the file has {len(case.records)} records of it, and {state.imported} were imported"
        )
    running = ""
    for digest in case.digests[: state.imported]:
        running = running_digest(running, digest)
    if running != state.imported_digest:
        raise HistoryChanged(f"its first {state.imported} records are not those imported before")
    return state.imported


def creation(
    case: Case,
    to: Destination,
    project_id: str,
    limits: Limits,
    tail: str,
    now: datetime,
    defaults: Mapping[str, FieldValue],
) -> Planned:
    """The task as its first record has it; without any record, where new tasks begin. `defaults`
    go for fields of which the file says nothing for this task, as for any new one; what the
    project requires beyond that is not asked of the past."""
    first = case.records[0] if case.records else None
    status = to.statuses[first.status] if first else to.initial
    person = _person(first, to)
    return Planned(
        TaskCreated(
            project_id=project_id,
            project_key=to.project_key,
            title=case.name,
            description="",
            status=status.key,
            status_category=status.category,
            priority=DEFAULT_LEVEL,
            rank=_rank(first, tail, now),
            assignee_ids=(person,) if person else (),
            fields=_first_fields(case, to, limits, defaults),
            external_id=case.name,
        ),
        first.at if first else None,
        None,
        {"fields": person} if person else {},
    )


def history(
    case: Case,
    records: Sequence[Record],
    state: Task,
    to: Destination,
    limits: Limits,
    tail: Callable[[], str],
    now: datetime,
) -> Iterator[Planned]:
    """Each record whole, and behind it what it changed; `state` is the task before them."""
    before = records[0].ordinal - 1 if records else 0
    was = case.records[before - 1].status if before else None
    status, category, assignees = state.status, state.status_category, state.assignee_ids
    fields = _Fields(state, to, limits)
    for record in records:
        person = _person(record, to)
        original = _original(record, case.digests[record.ordinal - 1], was, person, to)
        yield Planned(original, record.at, person)
        was = record.status
        entered = to.statuses[record.status]
        if entered.key != status:
            yield Planned(
                TaskStatusChanged(
                    status=entered.key,
                    category=entered.category,
                    was=status,
                    was_category=category,
                    rank=_rank(record, tail(), now),
                ),
                record.at,
                person,
            )
            status, category = entered.key, entered.category
        if person is not None and assignees != (person,):
            yield Planned(TaskAssigned(assignee_ids=(person,), was=assignees), record.at, person)
            assignees = (person,)
        for changed, authors in fields.take(record):
            yield Planned(changed, record.at, person, authors)


class _Fields:
    """A task's custom fields along its records, and who wrote each value."""

    def __init__(self, state: Task, to: Destination, limits: Limits) -> None:
        self._to = to
        self._limits = limits
        self._present = dict(state.fields)
        self._authors = state.field_authors

    def take(self, record: Record) -> Iterator[tuple[TaskFieldsChanged, Mapping[str, str]]]:
        """What a record changes, and who wrote what it replaces."""
        wanted = _values(record.attributes, self._to.fields_of_event, self._limits)
        changed = _fitting(self._present, wanted, self._limits)
        for event in fields_changed(self._present, self._authors, changed):
            yield event, former_author(self._authors, event)
        if changed:
            author = _person(record, self._to) or self._to.importer
            self._present |= changed
            self._authors = authors_after(self._authors, changed, author)


def _original(
    record: Record, digest: str, was: str | None, person: str | None, to: Destination
) -> TaskRecordImported:
    attributes = dict(record.attributes)
    resource = attributes.get(RESOURCE)
    # What is more than a name stays with the attributes, so that the record is whole.
    if isinstance(resource, str):
        del attributes[RESOURCE]
    return TaskRecordImported(
        source=to.source,
        ordinal=record.ordinal,
        status=record.status,
        was=was,
        activity=text_of(record.attributes.get(NAME)),
        lifecycle=text_of(record.attributes.get(LIFECYCLE)),
        resource_id=person,
        resource=resource if isinstance(resource, str) else text_of(resource),
        attributes=attributes,
        digest=digest,
    )


def _person(record: Record | None, to: Destination) -> str | None:
    return None if record is None or record.resource is None else to.people[record.resource]


def _rank(record: Record | None, tail: str, now: datetime) -> str:
    """Cards stand in the order in which they came into their column, by the record's own time."""
    at = record.at if record is not None else None
    return fresh_rank(max(at or now, _EPOCH), tail)


def _first_fields(
    case: Case, to: Destination, limits: Limits, defaults: Mapping[str, FieldValue]
) -> dict[str, FieldValue]:
    """The fields of a task as it is made: those of the trace and of its first record, and what
    goes for those that none of its records names."""
    wanted = _values(case.attributes, to.fields_of_trace, limits)
    if case.records:
        first = case.records[0].attributes
        wanted |= _values(first, to.fields_of_event, limits)
    if defaults:
        named = {
            to.fields_of_event[name].key
            for record in case.records
            for name in record.attributes
            if name in to.fields_of_event
        }
        unnamed = {key: each for key, each in defaults.items() if key not in named}
        wanted = {**unnamed, **wanted}
    return _fitting({}, wanted, limits)


def _values(
    attributes: Attributes, fields: Mapping[str, FieldDefinition], limits: Limits
) -> dict[str, FieldValue]:
    """Custom fields by their keys, of those attributes that are one."""
    found: dict[str, FieldValue] = {}
    for name, value in attributes.items():
        definition = fields.get(name)
        if definition is not None:
            found[definition.key] = _as_field(definition, value, limits)
    return found


def _as_field(definition: FieldDefinition, value: Value, limits: Limits) -> FieldValue:
    match definition.type:
        case "number" | "checkbox":
            return plain(value)
        case "date":
            at = moment(value)
            return None if at is None else written(at)
        case _:
            return (text_of(value) or "")[: limits.field_text] or None


def _fitting(
    present: Mapping[str, FieldValue], wanted: Mapping[str, FieldValue], limits: Limits
) -> dict[str, FieldValue]:
    """What changes of the fields, as far as one task may hold it; the record has it all."""
    changed = {key: value for key, value in wanted.items() if present.get(key) != value}
    if not changed:
        return changed
    room = limits.fields_bytes - sum(
        _size(key, value) for key, value in present.items() if key not in changed
    )
    kept: dict[str, FieldValue] = {}
    for key, value in changed.items():
        room -= _size(key, value)
        if room >= 0:
            kept[key] = value
    return kept


def _size(key: str, value: FieldValue) -> int:
    return len(key) + (len(value.encode()) if isinstance(value, str) else 8)
