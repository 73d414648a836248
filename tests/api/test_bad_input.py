"""Whatever is sent in whichever field: never a 5xx, and each 422 says where it is wrong."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote

import pytest

from infra.ids import new_id
from tests.api.client import Api
from tests.api.matrix import Operation, operations
from tests.api.test_matrix import PLAIN, things

# One in the place of a field's value; the names say in a failure what was sent.
BAD: Final[Mapping[str, Any]] = {
    "null": None,
    "empty": "",
    "blank": " \t ",
    "too long": "x" * 20_001,
    "a number": -1,
    "a huge number": 2**62,
    "a fraction": 1e308,
    "a boolean": True,
    "an empty list": [],
    "a list of all": [None, "", 1, {}, []],
    "an object": {"x": {"y": None}},
    "control characters": "a\u0007\u001b[2J",
    "right to left": "\u202egnp.exe\u200f",
    "emoji": "\U0001f469\u200d\U0001f680",
    "year 0": "0000-01-01T00:00:00Z",
    "year 9999": "9999-12-31T23:59:59.999999-12:00",
    "unknown": "no-such-thing",
    "no id": "task_",
    "id of another kind": new_id("hook"),
    "id that never was": new_id("task"),
}
# Where each call costs the hash of a password.
WRONG_ALONE: Final = {"null", "empty", "too long", "a huge number", "an object", "emoji"}
# In the place of an id in a path.
NO_IDS: Final = ("x", " ", "\0", "task_", "TASK-0", "../x", new_id("hook"), "\U0001f44d")
_AT_ONCE: Final = 500


@pytest.fixture
async def calls(nobody: Api) -> list[Operation]:
    return list(operations(await nobody.get("!/api/openapi.json"), public=True))


def bodies(call: Operation, ids: Mapping[str, str]) -> Iterator[tuple[str, str, Any]]:
    """A body for each field and each bad value: (field, what it is, body). The field is empty
    where the whole body is bad."""
    good = call.body(ids)
    for name, value in BAD.items():
        if call.alone and name not in WRONG_ALONE:
            continue
        yield "", name, value
        for field in call.fields:
            yield field, name, {**(good if isinstance(good, dict) else {}), field: value}


async def test_every_field_of_every_body_is_refused_where_it_is_wrong(
    ada: Api, calls: list[Operation]
) -> None:
    ids = await things(ada, "BAD")
    wrong: list[Any] = []
    tried = 0
    for call in calls:
        if not call.schema:
            continue
        asked = [each for each in bodies(call, ids) if each[2] is not None or each[0]]
        fields = {field for field, _, _ in asked}
        assert fields == {"", *call.fields}, call
        for first in range(0, len(asked), _AT_ONCE):
            some = asked[first : first + _AT_ONCE]
            for each, (status, problem) in zip(some, await sent(ada, call, ids, some), strict=True):
                tried += 1
                if is_wrong(call, each, status, problem):
                    wrong.append((str(call), each[:2], status, problem))
    assert wrong == []
    assert tried > 4_000


def is_wrong(
    call: Operation, asked: tuple[str, str, Any], status: int, problem: Mapping[str, Any]
) -> bool:
    field, what, body = asked
    if status == 429 and call.path == "/api/v1/audit/exports":
        return False  # bodies that it takes have begun as many jobs as somebody may have
    if status >= 500 or (status == 429 and not call.alone):
        return True
    pointers = [each["pointer"] for each in problem.get("errors", ())]
    if what == "an object" and field and not call.takes_objects(field):
        return status != 422 or not any(f"{each}/".startswith(f"/{field}/") for each in pointers)
    if status != 422:
        # Nothing takes what is no object in the place of a whole body.
        return not field and not isinstance(body, dict) and status < 300
    details = [each["detail"] for each in problem.get("errors", ())]
    return not pointers or not all(details) or not all(at == "" or at[0] == "/" for at in pointers)


def at(call: Operation, ids: Mapping[str, str]) -> str:
    """The path as a batch takes it."""
    return f"/api/v1{quote(call.at(ids))}"


async def sent(
    someone: Api, call: Operation, ids: Mapping[str, str], asked: list[tuple[str, str, Any]]
) -> list[tuple[int, Mapping[str, Any]]]:
    """The answers. Most calls go many at once; those that a batch does not take, alone."""
    if call.alone:
        path = call.at(ids)
        found = []
        for _, _, body in asked:
            content = json.dumps(body).encode()
            answer = await someone.send(
                call.method, path, content=content, headers={"Content-Type": "application/json"}
            )
            found.append((answer.status_code, answer.json() if answer.content else {}))
        return found
    commands = [
        {"method": call.method, "path": at(call, ids), "body": body} for _, _, body in asked
    ]
    answer = await someone.send(
        "POST",
        "/batch",
        content=json.dumps({"commands": commands}).encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code == 200, answer.text
    return [(each["status"], each["body"] or {}) for each in answer.json()["results"]]


async def test_every_id_in_a_path_that_is_none_is_not_found(
    ada: Api, calls: list[Operation]
) -> None:
    ids = await things(ada, "PATHS")
    wrong: list[Any] = []
    tried = 0
    for call in calls:
        if call.alone:
            continue
        body = call.body(ids)
        commands = [
            {"method": call.method, "path": at(call, {**ids, name: bad}), "body": body}
            for name in call.in_path
            if name not in PLAIN
            for bad in NO_IDS
        ]
        if not commands:
            continue
        answer = await ada.post("/batch", {"commands": commands})
        for command, told in zip(commands, answer["results"], strict=True):
            tried += 1
            if told["status"] not in (404, 405, 422) or told["body"]["status"] != told["status"]:
                wrong.append((str(call), command["path"], told["status"], told["body"]))
    assert wrong == []
    assert tried > 500
