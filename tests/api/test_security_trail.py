"""Who is refused and who cannot log in is noted in the trail, and does not fill it."""

import asyncio
import time
from typing import Any

import psycopg

from tests.api.client import Api
from tests.api.test_audit import head, told, watched
from tests.real import Database


async def noted(
    auditor: Api, workspace_id: str, kind: str, database: Database, times: int
) -> list[dict[str, Any]]:
    """The notes of a kind, once they tell of so many times."""
    until = time.monotonic() + 10
    while True:
        auditor.position = head(database)
        found = await told(auditor, workspace_id, type=kind)
        if sum(each["data"].get("times", 1) for each in found) >= times:
            return found
        assert time.monotonic() < until, found
        await asyncio.sleep(0.05)


async def test_failed_log_ins_are_counted_into_a_few_notes(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    name = ada.user["username"]
    for _ in range(8):
        body = {"username": name, "password": "not this one"}
        await nobody.refused(401, "unauthenticated", "POST", "/users/login", body)
    notes = await noted(auditor, workspace_id, "LogInsFailed", product_database, 8)
    assert sum(each["data"]["times"] for each in notes) == 8
    assert len(notes) < 8
    for each in notes:
        assert each["data"]["user_id"] == each["actor"]["user_id"] == ada.user_id
        assert each["data"]["how"] == {"password": each["data"]["times"]}
        assert (each["ip"], each["via"]) == ("127.0.0.1", "watch")
    # Whom nobody knows is noted nowhere by name: somebody may have typed a password there.
    await nobody.refused(
        401, "unauthenticated", "POST", "/users/login", {"username": "nobody", "password": "x"}
    )


async def test_what_members_are_refused_is_noted_where_they_were_and_strangers_are_not(
    ada: Api, bob: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    member = await nobody.register()
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": member.user_id})
    secret = await ada.project("HID", workspace_id=workspace_id, is_private=True)
    member.position = ada.position
    here = f"/workspaces/{workspace_id}"
    for _ in range(5):
        await member.refused(403, "forbidden", "PATCH", here, {"name": "Mine"})
        await member.refused(404, "not-found", "GET", f"/projects/{secret['id']}")
        await member.refused(404, "not-found", "GET", "/tasks/task_01h455vb4pex5vsknk084sn02q")
        await bob.refused(404, "not-found", "GET", here)
    notes = await noted(auditor, workspace_id, "CommandsRefused", product_database, 10)
    assert {each["actor"]["user_id"] for each in notes} == {member.user_id}
    what: dict[str, int] = {}
    for each in notes:
        for name, times in each["data"]["what"].items():
            what[name] = what.get(name, 0) + times
    assert what == {
        "PATCH /api/v1/workspaces/{workspace_id} forbidden": 5,
        "GET /api/v1/projects/{project_id} not-found": 5,
    }
    assert len(notes) < 10


async def test_the_first_use_of_a_key_from_an_address_is_noted_once(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    asked = {"name": "k", "scopes": ["tasks:read"], "workspace_id": workspace_id}
    key = await ada.post("/api-keys", asked)
    for _ in range(3):
        await ada.with_token(key["key"]).get("/tasks")
    (use,) = await noted(auditor, workspace_id, "ApiKeyUsed", product_database, 1)
    assert use["data"] == {"key_id": key["key_id"]}
    assert (use["actor"]["user_id"], use["key_id"]) == (ada.user_id, key["key_id"])
    with psycopg.connect(product_database.superuser_url) as connection:
        stored = connection.execute(
            "SELECT payload, metadata FROM log.events WHERE position = %s", (use["position"],)
        ).fetchone()
    assert stored is not None
    assert not any(b"127.0.0.1" in each for each in stored)
