"""A project as an object-centric log: by the rules of OCEL 2.0, and with what happened."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from commands.project.create_project import CreateProject
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.move_to_project import MoveToProject
from domain.project.state import PROJECT
from domain.task.state import TASK
from domain.values.recorded import Origin
from infra.exports.histories import History
from infra.exports.ocel import Told, ocel
from infra.exports.people import Names
from tests.infra.imports.conftest import Office

Json = dict[str, Any]

_TEXT = {"type": "string"}
_RELATIONS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"objectId": _TEXT, "qualifier": _TEXT},
        "required": ["objectId", "qualifier"],
        "additionalProperties": False,
    },
}
_TYPES = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "name": _TEXT,
            "attributes": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {
                        "name": _TEXT,
                        "type": {"enum": ["string", "time", "integer", "float", "boolean"]},
                    },
                    "required": ["name", "type"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["name", "attributes"],
        "additionalProperties": False,
    },
}


def _of(required: list[str], timed: bool) -> Json:
    time = {"type": "string", "format": "date-time", "pattern": r"T.*(Z|[+-]\d\d:\d\d)$"}
    value = {"name": _TEXT, "value": {"type": ["string", "number", "boolean"]}}
    attribute = value | {"time": time} if timed else value
    return {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "id": _TEXT,
                "type": _TEXT,
                "time": time,
                "attributes": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": attribute,
                        "required": list(attribute),
                        "additionalProperties": False,
                    },
                },
                "relationships": _RELATIONS,
            },
            "required": required,
            "additionalProperties": False,
        },
    }


# What the standard says of its JSON form, in a schema of our own.
SCHEMA = {
    "type": "object",
    "properties": {
        "objectTypes": _TYPES,
        "eventTypes": _TYPES,
        "objects": _of(["id", "type"], timed=True),
        "events": _of(["id", "type", "time"], timed=False),
    },
    "required": ["objectTypes", "eventTypes", "objects", "events"],
    "additionalProperties": False,
}
_PYTHON = {"string": str, "time": str, "integer": int, "float": (int, float), "boolean": bool}


def require_ocel(log: Json) -> None:
    """Beyond the schema: ids are unique, relations lead somewhere, values are as declared."""
    Draft202012Validator(SCHEMA, format_checker=FormatChecker()).validate(log)
    objects = {each["id"] for each in log["objects"]}
    assert len(objects) == len(log["objects"])
    assert len({each["id"] for each in log["events"]}) == len(log["events"])
    for kind in ("object", "event"):
        declared = {
            each["name"]: {own["name"]: own["type"] for own in each["attributes"]}
            for each in log[f"{kind}Types"]
        }
        assert len(declared) == len(log[f"{kind}Types"])
        for one in log[f"{kind}s"]:
            for relation in one["relationships"]:
                assert relation["objectId"] in objects
            for attribute in one["attributes"]:
                type_ = declared[one["type"]][attribute["name"]]
                assert isinstance(attribute["value"], _PYTHON[type_]), attribute
                assert (type_ == "boolean") == isinstance(attribute["value"], bool)


class _NobodyKnown:
    async def names(self, user_ids: set[str]) -> dict[str, bytes]:
        return {}


async def exported(office: Office, project_id: str, tasks: list[str]) -> Json:
    project = await office.house.executor.states.read(PROJECT, project_id)
    assert project is not None

    async def histories() -> AsyncIterator[History]:
        for task_id in tasks:
            history = await office.house.histories.one(task_id, await office.head())
            assert history is not None
            yield history

    names = Names(_NobodyKnown(), office.house.executor.states)  # type: ignore[arg-type]
    pieces = [piece async for piece in ocel([(project, histories())], names, Told())]
    log: Json = json.loads(b"".join(pieces))
    require_ocel(log)
    return log


def related(one: Json) -> set[tuple[str, str]]:
    return {(each["qualifier"], each["objectId"]) for each in one["relationships"]}


async def test_tasks_people_and_what_happened(office: Office):
    execute, origin = office.house.executor.execute, Origin(actor=office.user_id, reason="so")
    made = await execute([CreateProject(workspace_id=office.workspace_id, name="Web")], origin)
    project_id = made.main_stream

    async def task(**said: Any) -> str:
        created = CreateTask(project_id=project_id, priority="high", **said)
        return (await execute([created], origin)).main_stream

    above, blocker = await task(title="Above"), await task(title="First")
    elsewhere = await execute([CreateTask(title="Of another project")], origin)
    below = await task(title="Below", parent_task_id=above, depends_on=(blocker,))
    await execute([ChangeStatus(task_id=above, status="in_progress")], origin)
    await execute([AssignTask(task_id=above, assignee_ids=(office.user_id,))], origin)
    log = await exported(office, project_id, [above, blocker, below])

    await execute([MoveToProject(task_id=elsewhere.main_stream, project_id=project_id)], origin)
    moved = await exported(office, project_id, [elsewhere.main_stream])
    home = elsewhere.state(TASK).project_id
    places = [
        target for each in moved["events"] for as_, target in related(each) if as_ == "project"
    ]
    assert (places[0], places[-1], set(places)) == (home, project_id, {home, project_id})

    objects = {each["id"]: each for each in log["objects"]}
    assert elsewhere.main_stream not in objects
    assert {each["type"] for each in objects.values()} == {"task", "project", "person"}
    assert related(objects[below]) >= {
        ("in project", project_id),
        ("part of", above),
        ("blocked_by", blocker),
        ("created by", office.user_id),
    }
    statuses = [each for each in objects[above]["attributes"] if each["name"] == "status"]
    assert [each["value"] for each in statuses] == ["todo", "in_progress"]
    assert statuses[0]["time"] < statuses[1]["time"]
    assert objects[office.user_id]["attributes"][0]["value"] == "ines"

    of_above = [each for each in log["events"] if ("task", above) in related(each)]
    assert [each["type"] for each in of_above] == [
        "TaskCreated",
        "TaskStatusChanged",
        "TaskAssigned",
    ]
    changed, assigned = of_above[1:]
    said = {each["name"]: each["value"] for each in changed["attributes"]}
    assert (said["status"], said["was"], said["reason"]) == ("in_progress", "todo", "so")
    assert related(assigned) >= {("by", office.user_id), ("assignee", office.user_id)}


@pytest.mark.parametrize("sample", ["helpdesk.xes"])
async def test_imported_records_are_events_of_their_own_kind(
    office: Office, samples: Path, sample: str
):
    _, place = await office.bring_in(samples / sample)
    names = ["HL-1001", "HL-1002", "HL-1003", "HL-1004"]
    tasks = [office.task_id(place, name) for name in names]
    log = await exported(office, place.project_id, tasks)
    assert len(log["events"]) == 10
    assert {each["name"] for each in log["eventTypes"]} == {
        "Reported",
        "Investigated",
        "Solved",
        "Waiting for parts",
    }
    first = log["events"][0]
    assert (first["type"], first["time"]) == ("Reported", "2024-03-04T08:12:00Z")
    (resource,) = [target for qualifier, target in related(first) if qualifier == "resource"]
    people = {
        each["id"]: each["attributes"][0]["value"]
        for each in log["objects"]
        if each["type"] == "person" and each["attributes"]
    }
    assert people[resource] == "Ines Moreau"
