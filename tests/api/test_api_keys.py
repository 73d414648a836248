"""API keys and service accounts through the served product: what they open, and what never."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.http.scopes import ANY, SCOPE_OF, WITHOUT_KEYS, scope_of
from domain.user.keys import ADMIN, SCOPES
from domain.values.recorded import Recorded
from infra.people.api_keys import is_key
from tests.api.client import Api
from tests.api.matrix import Operation, operations
from tests.api.product import Product
from tests.api.test_matrix import MADE_BY_PUT, fresh, said, things
from tests.waiting import keeps_within


async def key_of(someone: Api, *scopes: str, **other: Any) -> tuple[Api, dict[str, Any]]:
    """Somebody's program, with a key of these scopes."""
    made = await someone.post("/api-keys", {"name": "CI", "scopes": list(scopes), **other})
    program = someone.with_token(made["key"])
    program.position = someone.position
    program.user = someone.user
    return program, made


async def refused_at_last(program: Api, within_s: float = 40.0) -> None:
    """Until its key is not good any more."""
    async with asyncio.timeout(within_s):
        while (await program.send("GET", "/tasks")).status_code != 401:
            pass


@pytest.fixture
async def calls(nobody: Api) -> list[Operation]:
    return list(operations(await nobody.get("!/api/openapi.json")))


def plain(call: Operation) -> str:
    return f"{call.method} {call.path.removeprefix('/api/v1')}"


async def test_a_key_is_told_once_and_opens_what_it_is_for(ada: Api) -> None:
    program, made = await key_of(ada, "tasks:write", "tasks:read")
    assert is_key(made["key"])
    task = await program.post("/tasks", {"title": "By a program"})
    assert task["creator_id"] == ada.user_id
    assert (await program.get(f"/tasks/{task['id']}"))["title"] == "By a program"
    (listed,) = (await ada.get("/api-keys"))["api_keys"]
    assert listed.items() >= {"name": "CI", "scopes": ["tasks:read", "tasks:write"]}.items()
    assert "key" not in listed
    feed = (await ada.get("/users/me/activity"))["activities"]
    assert "api_key_made" in {each["action"] for each in feed}


async def test_a_repeated_request_makes_one_key_and_does_not_tell_it(ada: Api) -> None:
    key, body = {"Idempotency-Key": "once"}, {"name": "CI", "scopes": ["admin"]}
    first = (await ada.send("POST", "/api-keys", body, headers=key)).json()
    await ada.post("/api-keys", {"name": "Another", "scopes": ["admin"]})
    again = await ada.send("POST", "/api-keys", body, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    first.pop("key")
    assert again.json() == first
    assert len((await ada.get("/api-keys"))["api_keys"]) == 2


async def test_every_route_says_what_a_key_must_be_for(calls: list[Operation]) -> None:
    """Where this fails: one more line in `api.http.scopes`."""
    here = {plain(call) for call in calls}
    assert here - SCOPE_OF.keys() - WITHOUT_KEYS == set()
    assert SCOPE_OF.keys() | WITHOUT_KEYS <= here
    assert not SCOPE_OF.keys() & WITHOUT_KEYS


@pytest.mark.parametrize("scope", ["tasks:read", "projects:write", "admin"])
async def test_a_key_opens_no_route_of_another_scope(
    ada: Api, calls: list[Operation], scope: str
) -> None:
    program, _ = await key_of(ada, scope)
    never = {"user": "user_x", "emoji": "x"}
    wrong = []
    for call in calls:
        path = call.at({name: never.get(name, f"never-{name}") for name in call.in_path})
        answer = await program.send(call.method, path, None if call.method == "GET" else {})
        takes = scope_of(call.method, call.path)
        opens = takes is not None and (takes in (ANY, scope) or scope == ADMIN)
        refused = answer.status_code == 403 and answer.json()["code"] == "forbidden"
        if refused == opens or answer.status_code >= 500:
            wrong.append((plain(call), answer.status_code))
    assert wrong == []


async def test_a_call_in_a_batch_takes_its_own_scope(ada: Api) -> None:
    program, _ = await key_of(ada, "tasks:read")
    answer = await program.post(
        "/batch",
        {
            "commands": [
                {"method": "GET", "path": "/api/v1/tasks"},
                {"method": "POST", "path": "/api/v1/tasks", "body": {"title": "x"}},
            ]
        },
    )
    assert [each["status"] for each in answer["results"]] == [200, 403]


async def test_what_a_key_cannot_be(ada: Api, bob: Api) -> None:
    for body, pointer in (
        ({"name": "CI", "scopes": []}, "/scopes"),
        ({"name": "CI", "scopes": ["everything"]}, "/scopes/0"),
        ({"name": " ", "scopes": ["admin"]}, "/name"),
        ({"name": "CI", "scopes": ["admin"], "expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "CI", "scopes": ["admin"], "expires_at": "soon"}, "/expires_at"),
        (
            {
                "name": "CI",
                "scopes": ["admin"],
                "workspace_id": bob.user["default_workspace_id"],
            },
            "/workspace_id",
        ),
    ):
        problem = await ada.refused(422, "validation-failed", "POST", "/api-keys", body)
        assert [each["pointer"] for each in problem["errors"]] == [pointer]


async def test_a_revoked_key_opens_nothing_and_anothers_cannot_be_revoked(
    ada: Api, bob: Api
) -> None:
    program, made = await key_of(ada, "tasks:read")
    await program.get("/tasks")
    path = f"/api-keys/{made['key_id']}"
    await bob.refused(404, "not-found", "DELETE", path)
    await program.get("/tasks")
    await ada.delete(path)
    answer = await program.send("GET", "/tasks")
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    assert "WWW-Authenticate" in answer.headers
    assert (await ada.get("/api-keys"))["api_keys"] == []
    await ada.refused(404, "not-found", "DELETE", path)


async def test_a_key_that_was_revoked_elsewhere_is_refused_within_a_second(
    ada: Api, product: Product
) -> None:
    keys = product.house.api_keys  # as another process would, which tells this one nothing

    async def took_s() -> float:
        program, made = await key_of(ada, "tasks:read")
        await program.get("/tasks")
        began = time.monotonic()
        await product.do(keys.revoke(made["key_id"], ada.user_id))
        await refused_at_last(program)
        return time.monotonic() - began

    await keeps_within(1.5, took_s)


async def test_a_key_ends_when_it_says(ada: Api) -> None:
    for lasting_s in (1, 20):  # a machine may stall for longer than the first
        until = datetime.now(UTC) + timedelta(seconds=lasting_s)
        asked = {"name": "CI", "scopes": ["tasks:read"], "expires_at": until.isoformat()}
        made = await ada.send("POST", "/api-keys", asked)
        program = ada.with_token(made.json().get("key", ""))
        opened = await program.send("GET", "/tasks")
        if datetime.now(UTC) < until:
            break
    assert opened.status_code == 200
    await refused_at_last(program)
    assert datetime.now(UTC) >= until


async def test_a_key_for_one_workspace_sees_nothing_of_another(
    ada: Api, bob: Api, calls: list[Operation]
) -> None:
    other = await things(bob, "HERE")
    home = {"user_id": ada.user_id}
    await bob.post(f"/workspaces/{other['workspace_id']}/members", home)
    workspace = await bob.post("/workspaces", {"name": "Bound"})
    inside = await bob.project("BOUND", workspace_id=workspace["id"])
    program, _ = await key_of(bob, *SCOPES, workspace_id=workspace["id"])
    hidden = {**other, **dict.fromkeys(("user_id", "user", "member_id"), ada.user_id)}
    wrong = []
    for call in calls:
        if scope_of(call.method, call.path) is None or not set(call.in_path) - {"emoji"}:
            continue
        if str(call) in MADE_BY_PUT:
            continue
        answers = [
            await said(program, call.method, call.at(asked), call.body(other), asked)
            for asked in (hidden, fresh(hidden))
        ]
        if answers[0] != answers[1] or answers[0][0] != 404:
            wrong.append((str(call), answers))
    assert wrong == []
    assert [each["id"] for each in (await program.get("/projects"))["projects"]] == [inside["id"]]
    assert [each["id"] for each in (await program.get("/workspaces"))["workspaces"]] == [
        workspace["id"]
    ]
    assert (await program.get("/tasks"))["tasks"] == []
    own = await program.get("/users/me")
    assert [each["workspace_id"] for each in own["workspaces"]] == [workspace["id"]]
    made = await program.post("/projects", {"name": "New"})
    assert made["workspace_id"] == workspace["id"]
    for body in ({"title": "x"}, {"title": "x", "project_id": other["project_id"]}):
        await program.refused(422, "validation-failed", "POST", "/tasks", body)
    moved = await program.task("Inside", project_id=inside["id"])
    await program.refused(
        422,
        "validation-failed",
        "POST",
        f"/tasks/{moved['id']}/move",
        {"project_id": other["project_id"]},
    )


async def test_what_a_key_did_is_in_the_trail_with_it(ada: Api, product: Product) -> None:
    program, made = await key_of(ada, "tasks:write")
    task = await program.post("/tasks", {"title": "By a program"})

    async def read() -> list[Recorded]:
        return list(await product.house.store.read_stream(task["id"]))

    (created,) = await product.do(read())
    assert (created.origin.actor, created.origin.key_id) == (ada.user_id, made["key_id"])


async def test_a_key_never_may_more_than_its_owner(ada: Api, bob: Api) -> None:
    workspace_id = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id, "role": "guest"})
    program, _ = await key_of(bob, "admin")
    await program.refused(
        403, "forbidden", "PATCH", f"/workspaces/{workspace_id}", {"name": "Mine"}
    )


async def test_a_service_account_works_with_keys_of_the_admins(ada: Api, bob: Api) -> None:
    workspace_id = ada.user["default_workspace_id"]
    path = f"/workspaces/{workspace_id}/service-accounts"
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id})
    await bob.refused(403, "forbidden", "POST", path, {"name": "Build server"})
    await ada.refused(422, "validation-failed", "POST", path, {"name": "x", "role": "owner"})
    account = await ada.post(path, {"name": "Build server", "role": "member"})
    assert account.items() >= {"name": "Build server", "is_service_account": True}.items()
    keys = f"{path}/{account['user_id']}/keys"
    await bob.refused(403, "forbidden", "POST", keys, {"name": "x", "scopes": ["admin"]})
    await bob.refused(403, "forbidden", "GET", keys)
    made = await ada.post(keys, {"name": "Deploy", "scopes": ["tasks:write", "projects:write"]})
    assert made["workspace_id"] == workspace_id
    program = ada.with_token(made["key"])
    project = await program.post("/projects", {"name": "Built"})
    assert (project["owner"]["name"], project["workspace_id"]) == ("Build server", workspace_id)
    task = await program.post("/tasks", {"title": "Built", "project_id": project["id"]})
    assert task["creator"]["name"] == "Build server"
    assert (await ada.get(f"/users/{account['user_id']}"))["is_service_account"]
    listed = (await ada.get(path))["service_accounts"]
    assert [each["user_id"] for each in listed] == [account["user_id"]]
    ada.position = max(ada.position, program.position)
    members = (await ada.get(f"/workspaces/{workspace_id}/members"))["members"]
    assert [each["is_service_account"] for each in members] == [False, False, True]
    await bob.refused(
        422,
        "validation-failed",
        "POST",
        f"/workspaces/{bob.user['default_workspace_id']}/members",
        {"user_id": account["user_id"]},
    )
    await ada.delete(f"{keys}/{made['key_id']}")
    assert (await program.send("POST", "/tasks", {"title": "x"})).status_code == 401
    again = await ada.post(keys, {"name": "Deploy", "scopes": ["tasks:read"]})
    program = ada.with_token(again["key"])
    await ada.delete(f"/workspaces/{workspace_id}/members/{account['user_id']}")
    await program.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
