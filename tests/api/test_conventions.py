"""What every call has in common: ids, times, JSON, positions, errors, paths; lists and what is done
once stand beside it."""

import asyncio
import gc
import re
from typing import Any

import httpx
import pytest

from api.http.call import Call
from infra.ids import new_id
from tests.api.client import Api, pointers
from tests.api.product import Product


async def test_every_resource_has_an_id_beside_its_own(ada: Api) -> None:
    project = await ada.project()
    task = await ada.task(project_id=project["id"])
    comment = await ada.post(f"/tasks/{task['id']}/comments", {"text": "hm"})
    workspace = await ada.post("/workspaces", {"name": "Another"})
    assert project["id"] == project["project_id"]
    assert task["id"] == task["task_id"]
    assert comment["id"] == comment["comment_id"]
    assert workspace["id"] == workspace["workspace_id"]


async def test_a_client_may_bring_its_own_fresh_ids(ada: Api) -> None:
    task_id, comment_id = new_id("task"), new_id("cmt")
    assert (await ada.task(task_id=task_id))["id"] == task_id
    comment = {"text": "hm", "comment_id": comment_id}
    assert (await ada.post(f"/tasks/{task_id}/comments", comment))["id"] == comment_id
    problem = await ada.refused(
        409, "already-exists", "POST", "/tasks", {"title": "x", "task_id": task_id}
    )
    assert problem["field"] == "task_id"
    for bad in ("x", new_id("proj"), task_id.upper()):
        problem = await ada.refused(
            422, "validation-failed", "POST", "/tasks", {"title": "x", "task_id": bad}
        )
        assert pointers(problem) == ["/task_id"]


async def test_keys_are_taken_wherever_ids_are(ada: Api) -> None:
    project = await ada.project("WEB")
    task = await ada.task(project_id="WEB")
    other = await ada.task(project_id="web")
    assert (await ada.get("/tasks/web-1"))["id"] == task["id"]
    assert (await ada.get("/projects/web"))["id"] == project["id"]
    assert len((await ada.get("/tasks?project_id=WEB"))["tasks"]) == 2
    moved = await ada.post("/tasks/WEB-1/move", {"after": "WEB-2"})
    assert moved["rank"] > other["rank"]
    (column, *_) = (await ada.get("/projects/WEB/board"))["columns"]
    for path, last, left in (
        ("/tasks?project_id=WEB&sort_by=key", "WEB-1", [other["id"]]),
        ("/search?q=task&project_id=WEB&sort_by=key", "web-1", [other["id"]]),
        (f"/projects/WEB/board/columns/{column['id']}?", "WEB-2", [task["id"]]),
        (f"/projects?workspace_id={task['workspace_id']}&sort_by=name", "me", [project["id"]]),
    ):
        found = await ada.get(f"{path}&last_id={last}")
        rows = next(found[name] for name in ("tasks", "cards", "projects") if name in found)
        assert [each["id"] for each in rows] == left


async def test_a_key_of_two_workspaces_is_the_default_ones_else_ambiguous(ada: Api) -> None:
    one = await ada.post("/workspaces", {"name": "One"})
    two = await ada.post("/workspaces", {"name": "Two"})
    first = await ada.project("TWIN", workspace_id=one["id"])
    second = await ada.project("TWIN", workspace_id=two["id"])
    problem = await ada.refused(409, "key-ambiguous", "GET", "/projects/TWIN")
    assert set(problem["candidates"]) == {first["id"], second["id"]}
    named = await ada.get(f"/projects/TWIN?workspace_id={two['id']}")
    assert named["id"] == second["id"]
    own = await ada.project("TWIN")
    ada.position = 0  # the default workspace's is met though the view has only heard of the others
    assert (await ada.get("/projects/TWIN"))["id"] == own["id"]


async def test_times_are_rfc_3339_in_utc_and_need_an_offset(ada: Api) -> None:
    task = await ada.task(due_date="2026-03-01T10:00:00+02:00")
    assert task["due_date"] == "2026-03-01T08:00:00Z"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", task["created_at"])
    for bad in ("2026-03-01T10:00:00", "tomorrow", "2026-02-30", "2026-03-01T25:00:00Z", ""):
        problem = await ada.refused(
            422, "validation-failed", "PATCH", f"/tasks/{task['id']}", {"due_date": bad}
        )
        assert pointers(problem) == ["/due_date"]


async def test_a_whole_day_is_one_of_the_users_zone(ada: Api) -> None:
    await ada.patch("/users/me", {"time_zone": "America/New_York"})
    task = await ada.task(due_date="2026-07-01", start_date="2026-07-01")
    assert (task["due_date"], task["due_all_day"]) == ("2026-07-02T03:59:59Z", True)
    assert task["start_date"] == "2026-07-01T04:00:00Z"
    same = await ada.patch(f"/tasks/{task['id']}", {"due_date": task["due_date"]})
    assert (same["version"], same["due_all_day"]) == (1, True)


async def test_everything_wrong_is_named_at_once(ada: Api) -> None:
    body = {"title": 5, "tags": "a", "priority": True, "colour": "red"}
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks", body)
    assert sorted(pointers(problem)) == ["/colour", "/priority", "/tags", "/title"]
    problem = await ada.refused(422, "validation-failed", "GET", "/tasks?limit=x&colour=red")
    assert sorted(pointers(problem)) == ["/query/colour", "/query/limit"]


async def test_a_parameter_is_unknown_where_a_call_has_none(ada: Api) -> None:
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks?x=1", {"title": "x"})
    assert pointers(problem) == ["/query/x"]


async def test_an_answer_sent_back_whole_changes_nothing(ada: Api) -> None:
    task = await ada.task("As it is", tags=["b", "a"], assignee_ids=[ada.user_id], priority=2)
    answer = await ada.send("PUT", f"/tasks/{task['id']}", task)
    assert answer.status_code == 200
    assert answer.json() == task
    assert int(answer.headers["X-Log-Position"]) == task["position"]
    project = await ada.project()
    assert await ada.patch(f"/projects/{project['id']}", project) == project
    myself = await ada.get("/users/me")
    assert await ada.patch("/users/me", myself) == myself


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "task_01jd3m5c8ze6fb0nx4q4t6qk7v"),
        ("key", "WEB-9"),
        ("creator_id", "me"),
        ("created_at", "2026-01-01T00:00:00Z"),
        ("project_id", "proj_01jd3m5c8ze6fb0nx4q4t6qk7v"),
        ("workspace_id", None),
    ],
)
async def test_identity_sent_back_changed_is_refused(ada: Api, name: str, value: Any) -> None:
    task = await ada.task()
    problem = await ada.refused(
        422, "validation-failed", "PATCH", f"/tasks/{task['id']}", {name: value}
    )
    assert pointers(problem) == [f"/{name}"]


async def test_a_task_sent_back_may_name_its_project_by_key_and_another_is_a_move(ada: Api) -> None:
    await ada.project("WEB")
    await ada.project("OPS")
    task = await ada.task(project_id="WEB")
    path = f"/tasks/{task['id']}"
    assert await ada.patch(path, {"project_id": "web"}) == task
    problem = await ada.refused(422, "validation-failed", "PATCH", path, {"project_id": "OPS"})
    assert "POST /tasks/{id}/move" in problem["detail"]


async def test_a_field_left_out_stays_and_null_clears_it(ada: Api) -> None:
    task = await ada.task(description="Long", due_date="2026-03-01", tags=["a"], estimate=3)
    left = await ada.patch(f"/tasks/{task['id']}", {"due_date": None, "tags": None})
    assert (left["due_date"], left["tags"], left["due_all_day"]) == (None, [], False)
    assert (left["description"], left["estimate"]) == ("Long", 3)


@pytest.mark.parametrize(
    ("content", "pointer"),
    [
        (b"", ""),
        (b"[]", ""),
        (b'{"title": "a", "title": "b"}', "/title"),
        (b'{"title": NaN}', "/title"),
        (b'{"title": "\\u0000"}', "/title"),
        (b'{"title": "a", "fields": ' + b"[" * 50 + b"]" * 50 + b"}", ""),
        (b'{"title": "\xff"}', ""),
    ],
)
async def test_malformed_json_is_422(ada: Api, content: bytes, pointer: str) -> None:
    headers = {"Content-Type": "application/json"}
    problem = await ada.refused(
        422, "validation-failed", "POST", "/tasks", headers=headers, content=content
    )
    assert pointers(problem) == [pointer]
    assert (problem["errors"][0]["code"] == "required") == (content == b"")


async def test_a_call_that_needs_nothing_needs_no_body(ada: Api, nobody: Api) -> None:
    task = await ada.task("Twice")
    copy = await ada.send("POST", f"/tasks/{task['id']}/duplicate")
    assert (copy.status_code, copy.json()["title"]) == (201, "Twice")
    assert (await ada.send("POST", "/notifications/read-all")).status_code == 204
    command = {"method": "POST", "path": f"/api/v1/tasks/{task['id']}/duplicate"}
    (result,) = (await ada.post("/batch", {"commands": [command]}))["results"]
    assert result["status"] == 201
    await ada.refused(422, "validation-failed", "PATCH", f"/tasks/{task['id']}")
    paths = (await nobody.get("!/api/openapi.json"))["paths"]
    assert paths["/api/v1/notifications/read-all"]["post"]["requestBody"]["required"] is False


async def test_other_media_types_are_415(ada: Api) -> None:
    for media in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        await ada.refused(
            415, "unsupported-media-type", "POST", "/tasks",
            headers={"Content-Type": media}, content=b"title=x",
        )  # fmt: skip
    for media in ("application/json; charset=utf-8", "application/merge-patch+json"):
        answer = await ada.send(
            "POST", "/tasks", headers={"Content-Type": media}, content=b'{"title":"x"}'
        )
        assert answer.status_code == 201


async def test_a_body_too_large_is_413_while_it_is_still_being_sent(
    ada: Api, product: Product
) -> None:
    limit = product.settings.max_body_bytes
    head = (
        "POST /api/v1/tasks HTTP/1.1\r\nHost: test\r\nContent-Type: application/json\r\n"
        f"Authorization: Bearer {ada.token}\r\n"
    )
    chunk = b"%x\r\n" % limit + b"x" * limit + b"\r\n"
    for sent in (
        f"{head}Content-Length: {limit + 1}\r\n\r\n".encode(),
        f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunk + b"1\r\nx\r\n",
    ):
        url = httpx.URL(product.base_url)
        reader, writer = await asyncio.open_connection(url.host, url.port)
        writer.write(sent)
        answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
        assert answer.startswith(b"HTTP/1.1 413 ")
        assert b"application/problem+json" in answer
        writer.close()
        await writer.wait_closed()


async def test_a_list_waits_for_the_position_that_was_written(ada: Api) -> None:
    for number in range(5):
        task = await ada.task(f"Task {number}")
        listed = await ada.get("/tasks?limit=1", is_patient=False)
        assert listed["tasks"][0]["id"] == task["id"]


async def test_a_position_that_does_not_come_is_503(ada: Api) -> None:
    far = str(10**15)
    asked: dict[str, Any] = {"headers": {"X-Min-Log-Position": far}, "is_patient": False}
    problem = await ada.refused(503, "view-behind", "GET", "/tasks", **asked)
    assert problem["position"] >= 0
    answer = await ada.send("GET", f"/tasks?min_position={far}", is_patient=False)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    for bad in ("-1", "x", "1.5", "9" * 20, "1" * 5_000):
        await ada.refused(
            422, "validation-failed", "GET", "/tasks", headers={"X-Min-Log-Position": bad}
        )


async def test_every_answer_names_its_log_and_position(ada: Api) -> None:
    task = await ada.task()
    status = await ada.get("!/api/status")
    for path in (
        "/tasks", f"/tasks/{task['id']}", f"/tasks/{task['id']}/activity", "/projects",
        "/projects/ME/board", "/workspaces", "/users/me", f"/tasks/{task['id']}/comments",
    ):  # fmt: skip
        answer = await ada.send("GET", path)
        assert int(answer.headers["X-Log-Position"]) >= ada.position
        assert answer.headers["X-Log-Id"] == status["log_id"]


async def test_an_answered_call_is_let_go_of_at_once(ada: Api) -> None:
    def calls() -> int:
        return sum(type(each) is Call for each in gc.get_objects())

    gc.collect()
    gc.disable()  # the collector would let go of them sooner or later
    try:
        before = calls()
        for _ in range(5):
            await ada.task()
        assert calls() <= before + 1  # the last one's answer is here before it has ended
    finally:
        gc.enable()


async def test_unknown_paths_and_methods_are_problems(nobody: Api) -> None:
    await nobody.refused(404, "not-found", "GET", "/nothing")
    await nobody.refused(404, "not-found", "GET", "!/nothing/at/all")
    answer = await nobody.send("PATCH", "/tasks")
    assert answer.status_code == 405
    assert answer.json()["code"] == "method-not-allowed"
    assert answer.headers["Allow"] == "GET, HEAD, POST"


async def test_without_a_token_nothing_is_told(nobody: Api, ada: Api) -> None:
    task = await ada.task()
    for token in (None, "x", f"{ada.token}x"):
        stranger = nobody.with_token(token)
        for method, path in (("GET", f"/tasks/{task['id']}"), ("POST", "/tasks")):
            answer = await stranger.send(method, path)
            assert answer.status_code == 401
            assert answer.json()["code"] == "unauthenticated"
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    answer = await nobody.send("GET", "/tasks", headers={"Authorization": "Basic eDp5"})
    assert answer.status_code == 401


async def test_a_request_id_is_taken_or_made(nobody: Api) -> None:
    given = "my-request_1.2"
    answer = await nobody.send("GET", "/tasks", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == given
    for bad in ("a b", "x" * 129, "<script>"):
        answer = await nobody.send("GET", "/tasks", headers={"X-Request-Id": bad})
        assert re.fullmatch(r"[0-9a-f]{32}", answer.headers["X-Request-Id"])


async def test_a_trace_goes_on(nobody: Api) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    parent = f"00-{trace}-00f067aa0ba902b7-01"
    answer = await nobody.send("GET", "!/healthz", headers={"traceparent": parent})
    assert re.fullmatch(rf"00-{trace}-[0-9a-f]{{16}}-01", answer.headers["traceparent"])
    for bad in ("x", "00-" + "0" * 32 + "-00f067aa0ba902b7-01", "ff" + parent[2:]):
        answer = await nobody.send("GET", "!/healthz", headers={"traceparent": bad})
        assert trace not in answer.headers["traceparent"]


async def test_a_trailing_slash_changes_nothing(ada: Api) -> None:
    task = await ada.task()
    assert (await ada.get(f"/tasks/{task['id']}/"))["id"] == task["id"]
    assert (await ada.send("GET", "/tasks/")).status_code == 200


async def test_head_answers_as_get_without_a_body(ada: Api) -> None:
    task = await ada.task()
    head = await ada.send("HEAD", f"/tasks/{task['id']}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["ETag"] == (await ada.send("GET", f"/tasks/{task['id']}")).headers["ETag"]


async def test_answers_are_safe_for_browsers(nobody: Api) -> None:
    answer = await nobody.send("GET", "/tasks")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in answer.headers
