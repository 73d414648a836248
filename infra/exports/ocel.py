"""Projects as an object-centric event log, OCEL 2.0 in JSON: tasks, projects and people.

A task is an object whose attributes change over time; what happened to it are events that name it,
its project and who did it. Tasks go out as they are read; events wait in a file beside, and types
come last, when it is known which there were.
"""

import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import field, fields
from datetime import datetime
from functools import lru_cache
from types import UnionType
from typing import Any, Final, get_args, get_type_hints

import orjson

from commands.imports.event_log import text_of
from domain.project.fields import FieldDefinition
from domain.project.state import Project
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskEvent,
    TaskMovedToProject,
    TaskParentChanged,
    TaskRecordImported,
    TaskRespaced,
    TaskUnblocked,
)
from domain.task.state import TASK, Task
from domain.values.frozen import dataclass
from domain.values.moment import written
from domain.values.recorded import Recorded
from domain.values.text import Erased, readable, shown
from infra.exports.histories import History
from infra.exports.people import Names

Source = tuple[Project, AsyncIterator[History]]

_IMPORTED: Final = "import"
_SINCE_EVER: Final = "1970-01-01T00:00:00Z"
_IN_MEMORY_BYTES: Final = 8 * 1024 * 1024
_CHUNK_BYTES: Final = 256 * 1024
# Places on a board say nothing of the work.
_LEFT_OUT: Final = (TaskRespaced,)
_OURS: Final = frozenset(each.__name__ for each in get_args(TaskEvent))
_SAID_OTHERWISE: Final = ("task_id", "attributes", "resource", "digest", "rank", "was_rank")

_TASK: Final = {
    "key": "string",
    "title": "string",
    "external_id": "string",
    "status": "string",
    "status_category": "string",
    "priority": "integer",
    "type": "string",
    "due_date": "time",
    "start_date": "time",
    "estimate": "float",
    "tags": "string",
    "is_blocked": "boolean",
    "trashed": "boolean",
}
_PROJECT: Final = {"key": "string", "name": "string"}
_PERSON: Final = {"name": "string"}
_OF_FIELDS: Final = {"number": "float", "date": "time", "checkbox": "boolean"}


@dataclass(slots=True)
class Told:
    """What the file tells, counted as it is written."""

    events: int = 0
    objects: int = 0


async def ocel(
    sources: Iterable[Source],
    names: Names,
    told: Told,
    *,
    after: int = 0,
    upto: int | None = None,
) -> AsyncIterator[bytes]:
    """The file in pieces. Of a task all its attributes are told; events only where they stand
    after the one position and not after the other. In memory are some 100 bytes for each task
    and person."""
    with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as spool:
        log = _Log(names, told)
        yield b'{"objects":['
        for project, histories in sources:
            log.begin(project)
            async for history in histories:
                if upto is not None and history.events[0].position > upto:
                    continue
                yield log.object(_task(history, project, log.types_of(project)))
                within = project.project_id
                for recorded in history.events:
                    if isinstance(recorded.event, TaskCreated | TaskMovedToProject):
                        within = recorded.event.project_id
                    if recorded.position > after and (upto is None or recorded.position <= upto):
                        spool.write(log.event(recorded, within))
        for piece in await log.others():
            yield piece
        yield b'],"events":['
        spool.seek(0)
        while chunk := spool.read(_CHUNK_BYTES):
            yield chunk
        yield log.types()


class _Log:
    def __init__(self, names: Names, told: Told) -> None:
        self._names = names
        self._told = told
        self._projects: list[Project] = []
        self._tasks: set[str] = set()
        self._named: set[str] = set()
        self._people: set[str] = set()
        self._event_types: dict[str, dict[str, str]] = {}
        self._task_types: dict[str, str] = dict(_TASK)
        self._fields: dict[str, dict[str, tuple[FieldDefinition, str]]] = {}

    def begin(self, project: Project) -> None:
        self._projects.append(project)
        known: dict[str, tuple[FieldDefinition, str]] = {}
        for each in project.fields:
            wanted = _OF_FIELDS.get(each.type, "string")
            name = f"field: {each.key}"
            if self._task_types.setdefault(name, wanted) != wanted:
                name = f"{name} ({project.key})"  # another project has it of another type
                self._task_types[name] = wanted
            known[each.key] = (each, name)
        self._fields[project.project_id] = known

    def types_of(self, project: Project) -> Mapping[str, tuple[FieldDefinition, str]]:
        return self._fields[project.project_id]

    def object(self, one: "_Object") -> bytes:
        """An object as JSON, with the comma before it where it is not the first."""
        if one.type == "task":
            self._tasks.add(one.id)
        for target, _ in one.relations:
            self._named.add(target)
        first, self._told.objects = self._told.objects == 0, self._told.objects + 1
        said = orjson.dumps(
            {
                "id": one.id,
                "type": one.type,
                "attributes": one.attributes,
                "relationships": [
                    {"objectId": target, "qualifier": qualifier}
                    for target, qualifier in one.relations
                ],
            }
        )
        return said if first else b"," + said

    def event(self, recorded: Recorded, project_id: str) -> bytes:
        """An event as JSON with a comma as for objects; nothing for what is told otherwise. In
        which project the task was then, or came into by it."""
        event = recorded.event
        if event is None or isinstance(event, _LEFT_OUT):
            return b""
        is_record = isinstance(event, TaskRecordImported)
        if recorded.origin.via == _IMPORTED and not is_record:
            return b""  # a record beside it says it in its own words
        name = (event.activity or event.status) if is_record else type(event).__name__
        if is_record and name in _OURS:
            name = f"record: {name}"  # else two kinds would have to agree on their attributes
        types = self._event_types.setdefault(name, {})
        relations = _relations(recorded, project_id)
        self._named.update(target for target, _ in relations)
        first, self._told.events = self._told.events == 0, self._told.events + 1
        said = orjson.dumps(
            {
                "id": f"event_{recorded.position}",
                "type": name,
                "time": written(recorded.stamp.at),
                "attributes": [
                    {"name": each, "value": value}
                    for each, value in _attributes(recorded, types).items()
                ],
                "relationships": [
                    {"objectId": target, "qualifier": qualifier} for target, qualifier in relations
                ],
            }
        )
        return said if first else b"," + said

    async def others(self) -> list[bytes]:
        """Objects that are not tasks of these projects, and that something here names."""
        projects = {project.project_id: project for project in self._projects}
        names = await self._names.of(
            each for each in self._named if not each.startswith(("task_", "proj_"))
        )
        found = [_project(project) for project in projects.values()]
        for each in sorted(self._named - self._tasks - projects.keys()):
            if each.startswith("task_"):
                found.append(_Object(each, "task"))
            elif each.startswith("proj_"):
                found.append(_Object(each, "project"))
            else:
                found.append(_person(each, names.get(each)))
        return [self.object(each) for each in found]

    def types(self) -> bytes:
        """The end of the file."""
        objects = {"task": self._task_types, "project": _PROJECT, "person": _PERSON}
        return (
            b'],"objectTypes":'
            + orjson.dumps([_declared(name, types) for name, types in objects.items()])
            + b',"eventTypes":'
            + orjson.dumps(
                [_declared(name, types) for name, types in sorted(self._event_types.items())]
            )
            + b"}\n"
        )


@dataclass(frozen=True, slots=True)
class _Object:
    id: str
    type: str
    attributes: list[dict[str, Any]] = field(default_factory=list)
    relations: tuple[tuple[str, str], ...] = ()


def _declared(name: str, types: Mapping[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "attributes": [{"name": each, "type": type_} for each, type_ in types.items()],
    }


def _project(project: Project) -> _Object:
    at = written(project.created_at)
    said = {"key": project.key, "name": shown(project.name)}
    attributes = [{"name": name, "value": value, "time": at} for name, value in said.items()]
    return _Object(project.project_id, "project", attributes)


def _person(user_id: str, name: str | None) -> _Object:
    said = [] if name is None else [{"name": "name", "value": name, "time": _SINCE_EVER}]
    return _Object(user_id, "person", said)


def _task(
    history: History,
    project: Project,
    custom: Mapping[str, tuple[FieldDefinition, str]],
) -> _Object:
    """With each value that an attribute had, since when. What was cleared is an empty text; a
    number or a date that was is told by the event alone."""
    attributes: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    state: Task | None = None
    for recorded in history.events:
        state = TASK.evolve(state, recorded.event, recorded.stamp)
        if state is None:
            continue
        now = _values(state, custom)
        at = written(recorded.stamp.at)
        for name in {**before, **now}:
            if before.get(name) != now.get(name):
                value = now.get(name, "" if isinstance(before.get(name), str) else None)
                if value is not None and (value != "" or name in before):
                    attributes.append({"name": name, "value": value, "time": at})
        before = now
    task = history.task
    relations = [(project.project_id, "in project"), (task.creator_id, "created by")]
    relations += [(each, "assigned to") for each in task.assignee_ids]
    if task.parent_task_id is not None:
        relations.append((task.parent_task_id, "part of"))
    relations += [(each.task_id, each.relation) for each in task.dependencies.values()]
    return _Object(task.task_id, "task", attributes, tuple(dict.fromkeys(relations)))


def _values(task: Task, custom: Mapping[str, tuple[FieldDefinition, str]]) -> dict[str, Any]:
    said: dict[str, object] = {
        "key": task.key,
        "title": shown(task.title),
        "external_id": readable(task.external_id),
        "status": task.status,
        "status_category": task.status_category,
        "priority": task.priority,
        "type": task.type,
        "due_date": None if task.due_date is None else written(task.due_date),
        "start_date": None if task.start_date is None else written(task.start_date),
        "estimate": task.estimate,
        "tags": ", ".join(task.tags),
        "is_blocked": task.is_blocked,
        "trashed": task.trashed,
    }
    for key, value in task.fields.items():
        if key in custom:
            definition, name = custom[key]
            said[name] = _custom(definition, value)
    return {name: value for name, value in said.items() if value is not None}


def _custom(definition: FieldDefinition, value: object) -> object:
    match value:
        case tuple():
            return ", ".join(definition.option_names.get(each, each) for each in value)
        case str():
            return definition.option_names.get(value, value)
        case _:
            return value


def _relations(recorded: Recorded, project_id: str) -> list[tuple[str, str]]:
    """Whom and what an event names, and as what."""
    event, stamp = recorded.event, recorded.stamp
    found = [(stamp.stream, "task"), (project_id, "project")]
    match event:
        case TaskRecordImported():
            return found + ([(event.resource_id, "resource")] if event.resource_id else [])
        case TaskCreated():
            found += [(event.parent_task_id, "parent")] if event.parent_task_id else []
            found += [(each, "assignee") for each in event.assignee_ids]
        case TaskMovedToProject():
            found.append((event.was_project_id, "former project"))
        case TaskAssigned():
            found += [(each, "assignee") for each in event.assignee_ids]
            found += [(each, "former assignee") for each in event.was]
        case TaskParentChanged():
            found += [(event.parent_task_id, "parent")] if event.parent_task_id else []
            found += [(event.was, "former parent")] if event.was else []
        case TaskDependencyAdded() | TaskDependencyRemoved():
            found.append((event.task_id, event.relation))
        case TaskBlocked():
            found += [(each, "blocked by") for each in event.blocked_by]
        case TaskUnblocked():
            found += [(each, "freed by") for each in event.freed_by]
        case _:
            pass
    found.append((stamp.actor, "by"))
    return list(dict.fromkeys(found))


def _attributes(recorded: Recorded, types: dict[str, str]) -> dict[str, Any]:
    """What an event says; `types` learns of what type each is."""
    event = recorded.event
    said: dict[str, Any] = {}
    kind: Any = type(event)
    declared = _declared_types(kind)
    for name, type_ in declared.items():
        value = getattr(event, name)
        if value is None or isinstance(value, Erased):
            continue
        if type_ == "mapping":
            for key, each in value.items():
                if each is not None:
                    said[f"{name}.{key}"] = _text(each)
                    types[f"{name}.{key}"] = "string"
            continue
        said[name] = _text(value) if type_ == "string" else value
        if type_ == "time":
            said[name] = written(value)
        types.setdefault(name, type_)
    if isinstance(event, TaskRecordImported) and not isinstance(event.attributes, Erased):
        for key, given in event.attributes.items():
            text = text_of(given)  # type: ignore[arg-type]  # a Value, as it was imported
            if text is not None:
                name = f"record: {key}" if key in declared else key
                said[name] = text
                types[name] = "string"
    reason = readable(recorded.origin.reason)
    if reason is not None:
        said["reason"] = reason
        types["reason"] = "string"
    return said


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case tuple() | list():
            return ", ".join(map(str, value))
        case _:
            return str(value)


@lru_cache(maxsize=256)
def _declared_types(event: Any) -> Mapping[str, str]:
    """Field -> the type of attribute that holds it."""
    hints = get_type_hints(event)
    return {
        each.name: _type_of(hints[each.name])
        for each in fields(event)
        if each.name not in _SAID_OTHERWISE
    }


def _type_of(hint: Any) -> str:
    choices = {*get_args(hint)} if isinstance(hint, UnionType) else {hint}
    choices -= {type(None), Erased}
    if choices == {bool}:
        return "boolean"
    if choices == {int}:
        return "integer"
    if choices <= {int, float}:
        return "float"
    if choices == {datetime}:
        return "time"
    if any(getattr(each, "__origin__", None) not in (None, tuple) for each in choices):
        return "mapping"
    return "string"
