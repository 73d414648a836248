"""Many calls in one request: in order, each with its answer, or all of them as one commit."""

from typing import Any

import httpx
import pytest

from api.http.batched import BatchedCall, answer_alone
from api.http.reply import Reply
from api.http.route_table import RouteTable
from infra.ids import new_id
from tests.api.client import PASSWORD, Api, pointers
from tests.api.product import Product


def command(method: str, path: str, body: Any = None, **other: Any) -> dict[str, Any]:
    made = {"method": method, "path": f"/api/v1{path}", **other}
    return made if body is None else {**made, "body": body}


async def send(api: Api, *commands: Any, **other: Any) -> httpx.Response:
    headers = other.pop("headers", None)
    return await api.send("POST", "/batch", {"commands": commands, **other}, headers=headers)


async def test_answers_come_in_order_and_one_refusal_stops_nothing(ada: Api) -> None:
    task_id = new_id("task")
    answer = await send(
        ada,
        command("POST", "/tasks", {"title": "Paint it", "task_id": task_id}, id="make"),
        command("PATCH", f"/tasks/{task_id}", {"title": ""}, id=2),
        command("PATCH", f"/tasks/{task_id}/", {"status": "in_progress"}),
        command("GET", f"/tasks/{task_id}?trashed=true"),
        command("GET", "/user/tasks?status=in_progress"),
        command("DELETE", f"/tasks/{task_id}"),
        command("GET", f"/tasks/{new_id('task')}"),
        command("POST", "/nothing/here"),
        command("POST", "/user/tasks"),
        command("POST", "/tasks"),
    )
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [
        201, 422, 200, 200, 200, 204, 404, 404, 405, 422,
    ]  # fmt: skip
    assert [each["id"] for each in results[:3]] == ["make", 2, None]
    assert results[0]["body"]["id"] == task_id
    assert results[0]["headers"]["Location"] == f"/api/v1/tasks/{task_id}"
    assert results[3]["headers"]["ETag"] == results[2]["headers"]["ETag"]
    assert pointers(results[1]["body"]) == ["/title"]
    # A list shows what the calls before it wrote.
    assert [each["id"] for each in results[4]["body"]["tasks"]] == [task_id]
    assert results[5]["body"] is None
    assert answer.headers["X-Log-Position"] == results[5]["headers"]["X-Log-Position"]
    ids = {each["body"]["request_id"] for each in results if "request_id" in (each["body"] or {})}
    assert ids == {f"{answer.headers['X-Request-Id']}.{n}" for n in (1, 6, 7, 8, 9)}


async def test_the_key_of_a_batch_makes_each_of_its_calls_repeatable(ada: Api) -> None:
    commands = [command("POST", "/tasks", {"title": f"Task {n}"}) for n in range(3)]
    commands.append(command("POST", "/tasks", {"title": ""}))
    first = await send(ada, *commands, headers={"Idempotency-Key": "all"})
    again = await send(ada, *commands, headers={"Idempotency-Key": "all"})
    ids = [each["body"].get("id") for each in first.json()["results"]]
    assert [each["body"].get("id") for each in again.json()["results"]] == ids
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len((await ada.get("/user/tasks"))["tasks"]) == 3


async def test_an_atomic_batch_is_one_commit_in_which_one_may_name_the_other(ada: Api) -> None:
    project = await ada.project("ATOM")
    task_id, key = new_id("task"), {"Idempotency-Key": "atom"}
    family = await ada.task("Above", project_id=project["id"])
    await ada.task("Below", parent_task_id=family["id"])
    commands = (
        command(
            "POST", "/tasks", {"title": "One", "task_id": task_id, "project_id": project["id"]}
        ),
        command("POST", f"/tasks/{task_id}/comments", {"text": "Two"}),
        command("PUT", f"/tasks/{task_id}", {"priority": 1, "tags": ["a"]}),
        command("POST", f"/tasks/{family['id']}/duplicate", {"with_subtasks": True}),
        command("POST", "/tasks", {"title": "Three", "project_id": "ATOM"}),
        command("PATCH", f"/projects/{project['id']}", {"name": "Molecule"}),
    )
    before = ada.position
    answer = await send(ada, *commands, atomic=True, headers=key)
    results = answer.json()["results"]
    assert [each["status"] for each in results] == [201, 201, 200, 201, 201, 200]
    assert results[2]["body"]["priority"] == "critical"
    feed = (await ada.get("/projects/ATOM/activity"))["activities"]
    assert len({each["command_id"] for each in feed if each["position"] > before}) == 1
    again = await send(ada, *commands, atomic=True, headers=key)
    assert [each["body"]["id"] for each in again.json()["results"]] == [
        each["body"]["id"] for each in results
    ]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["X-Log-Position"] == answer.headers["X-Log-Position"]
    await ada.refused(
        422, "idempotency-key-reused", "POST", "/batch",
        {"commands": commands[:1], "atomic": True}, headers=key,
    )  # fmt: skip


async def test_an_atomic_batch_is_undone_as_one(ada: Api) -> None:
    tasks = [await ada.task(f"Task {n}") for n in range(3)]
    await send(
        ada,
        *(command("PATCH", f"/tasks/{each['id']}", {"priority": 1}) for each in tasks),
        atomic=True,
    )
    await ada.post(f"/tasks/{tasks[1]['id']}/undo", {"position": ada.position})
    for each in tasks:
        assert (await ada.get(f"/tasks/{each['id']}"))["priority_level"] == 5


@pytest.mark.parametrize(
    ("bad", "status", "code", "where"),
    [
        (("PATCH", "/tasks/{task}", {"title": " "}), 422, "validation-failed",
         ["/commands/1/body/title"]),
        (("POST", "/tasks", {"title": "x", "priority": 99, "task_id": "x"}), 422,
         "validation-failed", ["/commands/1/body/task_id"]),
        (("POST", "/tasks", {"title": "x", "colour": 1}), 422, "validation-failed",
         ["/commands/1/body/colour"]),
        (("PATCH", "/tasks/{task}", {"status": "done"}), 409, "transition-not-allowed", None),
        (("PATCH", "/tasks/{other}", {"title": "x"}), 409, "conflict", None),
        (("POST", "/tasks/WEB-99/move", {"status": "done"}), 409, "conflict", None),
    ],
)  # fmt: skip
async def test_an_atomic_batch_of_which_one_is_refused_does_nothing(
    ada: Api, bob: Api, bad: Any, status: int, code: str, where: Any
) -> None:
    await ada.project("WEB")
    task = await ada.task("As it was", project_id="WEB")
    other = await bob.task("Hidden")
    method, path, body = bad
    commands = [
        command("PATCH", f"/tasks/{task['id']}", {"title": "Changed"}),
        command(method, path.format(task=task["id"], other=other["id"]), body, id="second"),
        command("PATCH", f"/tasks/{task['id']}", {"title": "Changed again"}),
    ]
    problem = await ada.refused(
        status, code, "POST", "/batch", {"commands": commands, "atomic": True}
    )
    assert (problem["index"], problem["id"]) == (1, "second")
    assert problem["failed"]["instance"] == commands[1]["path"]
    assert where is None or pointers(problem) == where
    assert (await ada.get(f"/tasks/{task['id']}"))["version"] == 1


async def test_what_does_not_belong_into_a_batch_is_refused_before_anything_is_done(
    ada: Api,
) -> None:
    login = {"username": ada.user["username"], "password": PASSWORD}
    for bad in (
        command("POST", "/batch", {"commands": []}),
        command("POST", "/users/login", login),
        command("POST", "/auth/login", login),
        command("POST", "/auth/refresh", {}),
        command("POST", "/users", {}),
        {"method": "GET", "path": "/healthz"},
        {"method": "GET", "path": "https://elsewhere.example/api/v1/tasks"},
        {"method": "GET", "path": "/api/v1/täsks"},
    ):
        problem = await ada.refused(
            422, "validation-failed", "POST", "/batch",
            {"commands": [command("POST", "/tasks", {"title": "x"}), bad]},
        )  # fmt: skip
        assert pointers(problem) == ["/commands/1/path"]
    for commands, where in (
        ([command("TRACE", "/tasks")], ["/commands/0/method"]),
        ([command("GET", "/tasks", headers={"Authorization": "x"})], ["/commands/0/headers"]),
        ([command("GET", "/tasks", headers={"If-Match": "\n"})], ["/commands/0/headers/if-match"]),
        ([command("GET", "/tasks", wish=1)], ["/commands/0/wish"]),
        ([command("GET", "/tasks")] * 1_001, ["/commands"]),
    ):
        problem = await ada.refused(
            422, "validation-failed", "POST", "/batch", {"commands": commands}
        )
        assert pointers(problem) == where
    reading = {"commands": [command("GET", "/tasks")], "atomic": True}
    problem = await ada.refused(422, "validation-failed", "POST", "/batch", reading)
    assert pointers(problem) == ["/commands/0/path"]
    assert (await ada.get("/user/tasks"))["tasks"] == []
    for atomic in (False, True):
        nothing = await send(ada, atomic=atomic)
        assert nothing.json() == {"results": [], "job_id": None}
        assert int(nothing.headers["X-Log-Position"]) > 0


@pytest.mark.parametrize("atomic", [False, True])
async def test_what_is_no_key_is_refused_before_anything_is_done(ada: Api, atomic: bool) -> None:
    commands = [{"method": "POST", "path": "/api/v1/tasks", "body": {"title": "Never"}}]
    for key in ("", "k" * 256):
        problem = await ada.refused(
            422,
            "validation-failed",
            "POST",
            "/batch",
            {"commands": commands, "atomic": atomic},
            headers={"Idempotency-Key": key},
        )
        assert pointers(problem) == ["/headers/Idempotency-Key"]
    assert (await ada.get("/tasks"))["tasks"] == []


async def test_a_batch_may_be_larger_than_other_bodies(ada: Api) -> None:
    long = "x" * 90_000
    answer = await send(
        ada, *(command("POST", "/tasks", {"title": "x", "description": long}) for _ in range(15))
    )
    assert [each["status"] for each in answer.json()["results"]] == [201] * 15


async def test_a_batch_that_died_half_way_is_undone_as_one(
    ada: Api, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [await ada.task(f"Task {n}") for n in range(3)]

    async def dying(call: BatchedCall, routes: RouteTable) -> Reply:
        if call.path.endswith(tasks[2]["id"]):
            raise RuntimeError("It dies here.")
        return await answer_alone(call, routes)

    monkeypatch.setattr("api.routes.batch.answer_alone", dying)
    commands = [command("PATCH", f"/tasks/{each['id']}", {"priority": 1}) for each in tasks]
    answer = await ada.send("POST", "/batch", json={"commands": commands})
    assert answer.status_code == 500
    ada.position = (await ada.get(f"/tasks/{tasks[1]['id']}"))["position"]
    (change, *_) = (await ada.get(f"/tasks/{tasks[1]['id']}/activity"))["activities"]
    job_id = change["caused_by"]
    jobs = product.house.jobs
    await product.do(jobs.book.let_go(jobs._worker))
    job = await ada.finished(job_id)
    assert (job["total"], job["changed"]) == (2, 2)
    undone = await ada.post(f"/jobs/{job_id}/undo")
    assert undone["changed"] == 2
    for each in tasks:
        assert (await ada.get(f"/tasks/{each['id']}"))["priority_level"] == 5


async def test_what_is_one_change_is_no_job(ada: Api, product: Product) -> None:
    task = await ada.task("One")
    answer = await send(
        ada, command("PATCH", f"/tasks/{task['id']}", {"priority": 1}),
        command("PATCH", f"/tasks/{task['id']}", {"priority": 1}),
    )  # fmt: skip
    assert answer.json()["job_id"] is None
    (change, *_) = (await ada.get(f"/tasks/{task['id']}/activity"))["activities"]
    await ada.refused(404, "not-found", "GET", f"/jobs/{change['caused_by']}")
