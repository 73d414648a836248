"""The trail over HTTP: every event with its origin, for those who watch, and that they did."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import psycopg
from msgspec import msgpack

from tests.api.client import Api, pointers
from tests.api.damage import unreadable
from tests.real import Database


async def watched(ada: Api, nobody: Api) -> tuple[Api, str]:
    """An auditor of a workspace of Ada's, and that workspace."""
    workspace = await ada.post("/workspaces", {"name": "The company"})
    auditor = await nobody.register()
    await ada.post(
        f"/workspaces/{workspace['id']}/members", {"user_id": auditor.user_id, "role": "auditor"}
    )
    auditor.position = ada.position
    return auditor, workspace["id"]


async def told(someone: Api, workspace_id: str, **asked: Any) -> list[dict[str, Any]]:
    """The whole trail that a filter asks for, page by page."""
    params: dict[str, Any] = {"workspace_id": workspace_id, "limit": 7, **asked}
    found: list[dict[str, Any]] = []
    while True:
        page = await someone.get("/audit/events", params=params)
        found += page["events"]
        if not page["has_more"]:
            return found
        params["cursor"] = page["next_cursor"]


def head(database: Database) -> int:
    """Where the log ends: what nobody told the reader of is seen from there on."""
    with psycopg.connect(database.superuser_url) as connection:
        row = connection.execute("SELECT position FROM log.head").fetchone()
    assert row is not None
    return int(row[0])


def positions(events: Sequence[dict[str, Any]]) -> list[int]:
    return [event["position"] for event in events]


def kinds(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["type"].partition(".")[0] for event in events]


async def test_a_task_and_a_project_are_asked_for_by_their_keys_as_well(
    ada: Api, nobody: Api
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    # A private project that the auditor is not in, and Ada's own one with the same keys.
    project = await ada.project("SEC", workspace_id=workspace_id, is_private=True)
    task = await ada.task(project_id=project["id"])
    await ada.task(project_id=(await ada.project("SEC"))["id"])
    auditor.position = ada.position
    for key, stream in (("SEC-1", task["id"]), ("sec", project["id"])):
        for someone in (ada, auditor):
            found = await told(someone, workspace_id, stream=key)
            assert {event["stream"] for event in found} == {stream}
            asked = {"format": "csv", "workspace_id": workspace_id, "stream": key}
            assert (await someone.post("/audit/exports", asked))["filter"] == {"stream": stream}
    problem = await ada.refused(
        422, "validation-failed", "GET", f"/audit/events?workspace_id={workspace_id}&stream=SEC-9"
    )
    assert pointers(problem) == ["/query/stream"]
    member = await nobody.register()
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": member.user_id})
    for key in ("SEC-1", "SEC-9"):
        asked = {"format": "csv", "workspace_id": workspace_id, "stream": key}
        await member.refused(403, "forbidden", "POST", "/audit/exports", asked)


async def test_an_auditor_reads_who_did_what_from_where_in_the_order_of_the_log(
    ada: Api, nobody: Api
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    project = await ada.project("SEC", workspace_id=workspace_id, is_private=True)
    task = await ada.task("Before", project_id=project["id"])
    headers = {"X-Request-Id": "the-request"}
    changed = await ada.send("PATCH", f"/tasks/{task['id']}", {"title": "After"}, headers=headers)
    auditor.position = ada.position
    events = await told(auditor, workspace_id)
    assert positions(events) == sorted(set(positions(events)))
    assert {"WorkspaceCreated", "ProjectCreated", "TaskCreated"} <= set(kinds(events))
    (retitled,) = [each for each in events if each["type"] == "TaskRetitled.v1"]
    assert retitled["data"] == {"title": "After", "was": "Before"}
    assert retitled["actor"] == {"user_id": ada.user_id, "name": ada.user["name"]}
    assert retitled["ip"] == "127.0.0.1"
    assert (retitled["via"], retitled["request_id"]) == ("api", "the-request")
    assert retitled["correlation_id"] == changed.headers["traceparent"].split("-")[1]
    assert len(retitled["command_id"]) == 32
    assert retitled["position"] == int(changed.headers["X-Log-Position"])


async def test_any_filters_go_together(ada: Api, nobody: Api) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    project = await ada.project("FIL", workspace_id=workspace_id)
    made = {"name": "k", "scopes": ["tasks:write"], "workspace_id": workspace_id}
    key = await ada.post("/api-keys", made)
    tasks = [await ada.task(f"T{n}", project_id=project["id"]) for n in range(3)]
    by_key = ada.with_token(key["key"])
    await by_key.patch(f"/tasks/{tasks[0]['id']}", {"priority": 1})
    await by_key.patch(f"/tasks/{tasks[1]['id']}", {"title": "Other", "priority": 2})
    auditor.position = by_key.position
    whole = await told(auditor, workspace_id)
    filters: dict[str, tuple[Any, Any]] = {
        "actor": (ada.user_id, lambda each: each["actor"]["user_id"] == ada.user_id),
        "stream": (tasks[1]["id"], lambda each: each["stream"] == tasks[1]["id"]),
        "type": (
            "TaskCreated,TaskPrioritised.v1",
            lambda each: each["type"] in ("TaskCreated.v1", "TaskPrioritised.v1"),
        ),
        "key_id": (key["key_id"], lambda each: each["key_id"] == key["key_id"]),
        "ip": ("::ffff:127.0.0.1,127.0.0.1", lambda each: each["ip"] == "127.0.0.1"),
        "from_position": (tasks[0]["position"], lambda e: e["position"] >= tasks[0]["position"]),
        "to_position": (by_key.position - 1, lambda each: each["position"] < by_key.position),
        "from": (tasks[1]["created_at"], lambda e: e["recorded_at"] >= tasks[1]["created_at"]),
        "to": (tasks[2]["created_at"], lambda e: e["recorded_at"] <= tasks[2]["created_at"]),
    }
    names = list(filters)
    combinations = [[name] for name in names] + [
        [one, other] for n, one in enumerate(names) for other in names[n + 1 :]
    ]
    upto = whole[-1]["position"]
    for chosen in [*combinations, ["actor", "type", "key_id", "ip", "stream"]]:
        asked = {name: filters[name][0] for name in chosen}
        meant = [each for each in whole if all(filters[name][1](each) for name in chosen)]
        asked.setdefault("to_position", upto)
        assert positions(await told(auditor, workspace_id, **asked)) == positions(meant), chosen
    (made_key,) = [each for each in whole if each["type"] == "ApiKeyMade.v1"]
    assert made_key["workspace_id"] == "system", "what an account did about this workspace"


async def test_asking_is_recorded_once_for_a_walk_and_only_whoever_began_it_goes_on(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    params = {"workspace_id": workspace_id, "limit": 1, "ip": "127.0.0.1", "actor": ada.user_id}
    first = await auditor.get("/audit/events", params=params)
    assert first["has_more"]
    on = {**params, "cursor": first["next_cursor"]}
    await auditor.get("/audit/events", params=on)
    ada.position = head(product_database)
    reads = await told(ada, workspace_id, type="TrailRead")
    assert [each["actor"]["user_id"] for each in reads] == [auditor.user_id]
    said = reads[0]["data"]
    assert said["filter"] == {"actor": ada.user_id, "ip": "given"}
    assert (said["events"], said["goes_on"]) == (1, True)
    # Nor where it began: what was passed over at the beginning was not told to anybody.
    name, log, (after, upto, seal) = msgpack.decode(urlsafe_b64decode(on["cursor"] + "=="))
    forged = urlsafe_b64encode(msgpack.encode((name, log, (after - 1, upto, seal))))
    for other in (
        {**on, "cursor": forged.rstrip(b"=").decode()},
        {**on, "actor": auditor.user_id},
        {**on, "ip": "10.0.0.1"},
        {**on, "to_position": 1},
    ):
        problem = await auditor.refused(
            422, "validation-failed", "GET", "/audit/events", params=other
        )
        assert pointers(problem) == ["/query/cursor"]
    await ada.refused(422, "validation-failed", "GET", "/audit/events", params=on)
    # What came after the walk began is another question.
    rest = {**on, "limit": 1000}
    assert "TrailRead" not in kinds((await auditor.get("/audit/events", params=rest))["events"])


async def test_the_trail_is_counted_and_begun_anywhere_like_any_list(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    project = await ada.project("ANY", workspace_id=workspace_id)
    for number in range(6):
        await ada.task(f"T{number}", project_id=project["id"])
    auditor.position = ada.position
    whole = await told(auditor, workspace_id, type="TaskCreated")
    asked = {"workspace_id": workspace_id, "type": "TaskCreated", "limit": 2}
    last_id = str(whole[0]["position"])
    for begun, said, first in (
        ({"skip": 3}, {"skip": "3"}, 3),
        ({"page": 2}, {"skip": "2"}, 2),
        ({"last_id": last_id}, {"last_id": last_id}, 1),
    ):
        page = await auditor.get("/audit/events", params={**asked, **begun, "total": True})
        assert page["events"] == whole[first : first + 2]
        assert (page["total"], page["total_is_exact"]) == (6, True)
        on = {**asked, "cursor": page["next_cursor"], "total": True}
        further = await auditor.get("/audit/events", params=on)
        assert (further["events"], further["total"]) == (whole[first + 2 : first + 4], 6)
        ada.position = head(product_database)
        (*_, read) = await told(ada, workspace_id, type="TrailRead", actor=auditor.user_id)
        recorded = read["data"]["filter"]
        assert {name: recorded[name] for name in recorded if name != "type"} == said


async def test_the_trail_is_for_those_who_watch_and_of_their_workspace(
    ada: Api, bob: Api, nobody: Api
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    member = await nobody.register()
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": member.user_id})
    member.position = auditor.position = ada.position
    params = {"workspace_id": workspace_id}
    await member.refused(403, "forbidden", "GET", "/audit/events", params=params)
    await bob.refused(404, "not-found", "GET", "/audit/events", params=params)
    await bob.project("BOB")
    auditor.position = bob.position
    assert await told(auditor, workspace_id, actor=bob.user_id) == []
    for scope, status in (("tasks:read", 403), ("audit:read", 200)):
        key = await ada.post("/api-keys", {"name": scope, "scopes": [scope]})
        answer = await ada.with_token(key["key"]).send("GET", "/audit/events", params=params)
        assert answer.status_code == status


async def test_what_cannot_be_read_any_more_is_said_to_stand_there(
    ada: Api, nobody: Api, product_database: Database
) -> None:
    auditor, workspace_id = await watched(ada, nobody)
    project = await ada.project("GONE", workspace_id=workspace_id)
    task = await ada.task("Erased", project_id=project["id"])
    auditor.position = ada.position
    with unreadable(product_database, task["id"]):
        (found,) = await told(auditor, workspace_id, stream=task["id"])
    assert found["unreadable"] is True
    assert (found["data"], found["actor"], found["position"]) == (None, None, task["position"])
    assert found["type"] == "TaskCreated.v1"


async def test_what_is_no_filter_is_refused_with_what_would_be(ada: Api) -> None:
    for params, pointer, hint in (
        ({"type": "TaskCreatd"}, "/query/type", "TaskCreated"),
        ({"actor": "bob"}, "/query/actor", "user"),
        ({"key_id": "system"}, "/query/key_id", "key"),
        ({"stream": "x"}, "/query/stream", ""),
        ({"from": "yesterday"}, "/query/from", ""),
        ({"from_position": 2, "to_position": 1}, "/query", "from_position"),
        ({"from": "2026-02-01T00:00:00Z", "to": "2026-01-31T23:59:59+00:00"}, "/query/to", "from"),
        ({"cursor": "AAAA"}, "/query/cursor", ""),
    ):
        problem = await ada.refused(422, "validation-failed", "GET", "/audit/events", params=params)
        assert pointers(problem) == [pointer]
        assert hint in problem["errors"][0]["detail"]


def test_no_address_stands_in_the_view(product_database: Database) -> None:
    with psycopg.connect(product_database.superuser_url) as connection:
        tables = connection.execute(
            "SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'views' AND relname LIKE 'trail%' AND relkind = 'r'"
        ).fetchall()
        rows = [
            row
            for (table,) in tables
            for (row,) in connection.execute(f'SELECT t::text FROM views."{table}" AS t').fetchall()
        ]
    assert len(rows) > 10
    assert not any("127.0.0.1" in row for row in rows)
