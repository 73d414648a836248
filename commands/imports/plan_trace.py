"""What a trace makes of its task: from the records of a file to the events of the log."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
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
from commands.imports.reading import Reading, Record
from domain.project.fields import FieldDefinition, FieldValue
from domain.project.workflow import Status
from domain.task.events import (
    TaskAssigned,
    TaskCreated,
    TaskEvent,
    TaskFieldsChanged,
    TaskRecordImported,
    TaskStatusChanged,
)
from domain.task.state import Task, running_digest
from domain.values.limits import Limits
from domain.values.rank import fresh_rank

DEFAULT_PRIORITY: Final = 5
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Case:
    """A trace that can come in. `fields` are its own attributes, those of its events apart."""

    name: str
    attributes: Attributes
    records: tuple[Record, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Destination:
    """What the file's words mean in the project: statuses by name, fields by attribute, people
    by resource. `digest` tells a record again, whoever else may read the log."""

    project_key: str
    initial: Status
    statuses: Mapping[str, Status]
    fields: Mapping[str, FieldDefinition]
    people: Mapping[str, str]
    reading: Reading
    source: str
    digest: Callable[[Record], str]


@dataclass(frozen=True, slots=True)
class Planned:
    """An event to come. `person` did it, and owns the keys that seal what it says."""

    event: TaskEvent
    at: datetime | None
    person: str | None


class HistoryChanged(Exception):
    """What the file says of the past is not what an earlier import has brought in."""


def keyed_digest(secret: bytes) -> Callable[[Record], str]:
    """Digests of records that nobody without the secret can make or guess from."""

    def digest(record: Record) -> str:
        said = msgspec.json.encode(record.attributes, order="deterministic")
        return hashlib.blake2b(said, key=secret, digest_size=16).hexdigest()

    return digest


def first_new(case: Case, state: Task | None, digest: Callable[[Record], str]) -> int:
    """How many of the records are in already. Raises HistoryChanged where those differ."""
    if state is None:
        return 0
    if len(case.records) < state.imported:
        raise HistoryChanged(
            f"the file has {len(case.records)} records of it, and {state.imported} were imported"
        )
    running = ""
    for record in case.records[: state.imported]:
        running = running_digest(running, digest(record))
    if running != state.imported_digest:
        raise HistoryChanged(f"its first {state.imported} records are not those imported before")
    return state.imported


def creation(
    case: Case, to: Destination, project_id: str, limits: Limits, tail: str, now: datetime
) -> Planned:
    """The task as its first record has it; without any record, where new tasks begin."""
    first = case.records[0] if case.records else None
    status = to.statuses[first.status] if first else to.initial
    wanted = _values(case.attributes, to, to.reading.is_field_of_trace, limits)
    if first is not None:
        wanted |= _values(first.attributes, to, to.reading.is_field_of_event, limits)
    person = _person(first, to)
    return Planned(
        TaskCreated(
            project_id=project_id,
            project_key=to.project_key,
            title=case.name,
            description="",
            status=status.key,
            status_category=status.category,
            priority=DEFAULT_PRIORITY,
            rank=_rank(first, tail, now),
            assignee_ids=(person,) if person else (),
            fields=_fitting({}, wanted, limits),
            external_id=case.name,
        ),
        first.at if first else None,
        None,
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
    status, category = state.status, state.status_category
    assignees, fields = state.assignee_ids, dict(state.fields)
    was = case.records[records[0].ordinal - 2].status if records[0].ordinal > 1 else None
    for record in records:
        person = _person(record, to)
        yield Planned(_original(record, was, person, to), record.at, person)
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
        wanted = _values(record.attributes, to, to.reading.is_field_of_event, limits)
        changed = _fitting(fields, wanted, limits)
        if changed:
            before = {key: fields.get(key) for key in changed}
            yield Planned(TaskFieldsChanged(fields=changed, was=before), record.at, person)
            fields |= changed


def _original(
    record: Record, was: str | None, person: str | None, to: Destination
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
        digest=to.digest(record),
    )


def _person(record: Record | None, to: Destination) -> str | None:
    return None if record is None or record.resource is None else to.people[record.resource]


def _rank(record: Record | None, tail: str, now: datetime) -> str:
    """Cards stand in the order in which they came into their column, by the record's own time."""
    at = record.at if record is not None else None
    return fresh_rank(max(at or now, _EPOCH), tail)


def _values(
    attributes: Attributes, to: Destination, is_field: Callable[[str], bool], limits: Limits
) -> dict[str, FieldValue]:
    """Custom fields by their keys, of the attributes that are one."""
    found: dict[str, FieldValue] = {}
    for name, value in attributes.items():
        definition = to.fields.get(name)
        if definition is not None and is_field(name):
            found[definition.key] = _as_field(definition, value, limits)
    return found


def _as_field(definition: FieldDefinition, value: Value, limits: Limits) -> FieldValue:
    match definition.type:
        case "number" | "checkbox":
            return plain(value)
        case "date":
            at = moment(value)
            return None if at is None else at.isoformat().replace("+00:00", "Z")
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
