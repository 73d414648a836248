"""Many tasks changed by one request: few at once, many by a job; each named, all undone as one."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

import pytest

from commands.comment.add_comment import AddComment
from commands.task.set_priority import SetPriority
from infra.ids import new_id
from infra.jobs.book import Item, JobBook, NewJob
from infra.jobs.changes import as_values
from infra.jobs.runner import JobRunner
from infra.jobs.worker import Jobs
from tests.api.client import Api, pointers
from tests.api.product import Product

_SHORT_LEASE_S: Final = 1.5


async def made(api: Api, count: int, **fields: Any) -> list[dict[str, Any]]:
    commands = [
        {"method": "POST", "path": "/api/v1/tasks", "body": {"title": f"Task {n}", **fields}}
        for n in range(count)
    ]
    answer = await api.post("/batch", {"commands": commands})
    return [each["body"] for each in answer["results"]]


async def test_what_the_filter_finds_is_changed_and_each_task_is_named(ada: Api) -> None:
    project = await ada.project("BULK")
    tasks = await made(ada, 4, project_id="BULK", tags=["old"])
    other = await ada.task("Not meant", project_id="BULK")
    answer = await ada.send(
        "POST",
        "/tasks/bulk",
        {"filter": {"project_id": "BULK", "tags": "old"}, "patch": {"priority": 1, "tags": []}},
    )
    told = answer.json()
    assert (told["matched"], told["changed"]) == (4, 4)
    assert {each["task_id"] for each in told["results"]} == {each["id"] for each in tasks}
    assert {each["status"] for each in told["results"]} == {200}
    for each in tasks:
        assert (await ada.get(f"/tasks/{each['id']}"))["priority"] == "critical"
    assert (await ada.get(f"/tasks/{other['id']}"))["version"] == 1
    # It is one commit, which is undone as one by its position.
    feed = (await ada.get(f"/projects/{project['id']}/activity?action=tags_changed"))["activities"]
    assert len({each["command_id"] for each in feed}) == 1
    assert {each["caused_by"] for each in feed} == {told["job_id"]}
    position = int(answer.headers["X-Log-Position"])
    await ada.post(f"/tasks/{tasks[2]['id']}/undo", {"position": position})
    for each in tasks:
        task = await ada.get(f"/tasks/{each['id']}")
        assert (task["priority_level"], task["tags"]) == (5, ["old"])


async def test_a_refused_task_is_named_with_its_problem_and_the_rest_goes_on(ada: Api) -> None:
    await ada.project("SOME")
    done = await made(ada, 2, project_id="SOME", status="in_review")
    stuck = await made(ada, 2, project_id="SOME", status="todo")
    told = await ada.post(
        "/tasks/bulk",
        {"filter": {"project_id": "SOME"}, "patch": {"status": "done", "priority": 1}},
    )
    assert (told["matched"], told["changed"]) == (4, 2)
    refused = {each["id"]: each for each in told["results"] if not each["changed"]}
    assert refused.keys() == {each["id"] for each in stuck}
    for each in refused.values():
        assert each["status"] == each["problem"]["status"] == 409
        assert each["problem"]["code"] == "transition-not-allowed"
    # Nothing of a refused patch is left.
    assert (await ada.get(f"/tasks/{stuck[0]['id']}"))["version"] == 1
    assert (await ada.get(f"/tasks/{done[0]['id']}"))["status"] == "done"
    undone = await ada.post(f"/jobs/{told['job_id']}/undo")
    assert undone["changed"] == 2
    assert (await ada.get(f"/tasks/{done[0]['id']}"))["status"] == "in_review"


async def test_many_tasks_are_put_below_another_one_and_back_to_the_top(ada: Api) -> None:
    await ada.project("BELOW")
    parent, *tasks = await made(ada, 4, project_id="BELOW")
    below = {"filter": {"project_id": "BELOW"}, "patch": {"parent_task_id": parent["key"]}}
    told = await ada.post("/tasks/bulk", below)
    assert (told["matched"], told["changed"]) == (4, 3)
    (refused,) = (each for each in told["results"] if not each["changed"])
    assert (refused["id"], refused["problem"]["code"]) == (parent["id"], "parent-cycle")
    parents = {(await ada.get(f"/tasks/{each['id']}"))["parent_task_id"] for each in tasks}
    assert parents == {parent["id"]}
    back = {"filter": {"parent_task_id": parent["id"]}, "patch": {"parent_task_id": None}}
    assert (await ada.post("/tasks/bulk", back))["changed"] == 3
    assert (await ada.get(f"/tasks/{tasks[0]['id']}"))["parent_task_id"] is None
    assert (await ada.post(f"/jobs/{told['job_id']}/undo"))["changed"] == 0


async def test_a_limit_of_work_in_progress_lets_in_as_many_as_it_holds(ada: Api) -> None:
    project = await ada.project("WIPS")
    columns = (await ada.get(f"/projects/{project['id']}/columns"))["columns"]
    for column in columns:
        column["wip_limit"] = 3 if column["statuses"] == ["in_progress"] else None
    await ada.put(f"/projects/{project['id']}/columns", {"columns": columns})
    await made(ada, 8, project_id="WIPS")
    told = await ada.post(
        "/tasks/bulk", {"filter": {"project_id": "WIPS"}, "patch": {"status": "in_progress"}}
    )
    assert (told["matched"], told["changed"]) == (8, 3)
    assert {each["problem"]["code"] for each in told["results"] if not each["changed"]} == {
        "wip-limit-reached"
    }
    undone = await ada.post(f"/jobs/{told['job_id']}/undo")
    assert undone["changed"] == 3


async def test_a_dry_run_says_what_would_happen_and_does_nothing(ada: Api) -> None:
    await ada.project("DRY")
    todo = await made(ada, 2, project_id="DRY")
    await made(ada, 1, project_id="DRY", status="in_progress")
    body = {"filter": {"project_id": "DRY"}, "patch": {"status": "in_progress"}, "dry_run": True}
    before = ada.position
    told = await ada.post("/tasks/bulk", body)
    assert (told["matched"], told["changed"]) == (3, 2)
    assert {each["id"] for each in told["results"] if each["changed"]} == {
        each["id"] for each in todo
    }
    assert ada.position == before
    assert (await ada.get(f"/tasks/{todo[0]['id']}"))["status"] == "todo"


async def test_the_same_bulk_again_gives_its_first_answer(ada: Api) -> None:
    await made(ada, 3)
    body = {"filter": {"status": "todo"}, "patch": {"title": "Changed"}}
    headers = {"Idempotency-Key": "bulk"}
    first = await ada.send("POST", "/tasks/bulk", body, headers=headers)
    again = await ada.send("POST", "/tasks/bulk", body, headers=headers)
    assert first.json() == again.json()
    assert first.json()["changed"] == 3
    assert again.headers["Idempotency-Replayed"] == "true"
    await ada.refused(
        422, "idempotency-key-reused", "POST", "/tasks/bulk",
        {**body, "patch": {"title": "Else"}}, headers=headers,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("body", "where"),
    [
        ({"filter": {"wish": 1}, "patch": {}}, ["/filter/wish"]),
        ({"filter": {"limit": 1, "cursor": "x"}, "patch": {}}, ["/filter/limit", "/filter/cursor"]),
        ({"filter": {"status": {"a": 1}}, "patch": {}}, ["/filter/status"]),
        ({"filter": {"priority": ["huge"]}, "patch": {}}, ["/filter/priority"]),
        ({"filter": {"due_before": "soon"}, "patch": {}}, ["/filter/due_before"]),
        ({"filter": {}, "patch": {"colour": 1}}, ["/patch/colour"]),
        ({"filter": {}, "patch": {"key": "WEB-1"}}, ["/patch/key"]),
        ({"filter": {}, "patch": {"title": ""}}, ["/patch/title"]),
        ({"filter": {"tags": [], "q": ""}, "patch": {}}, ["/filter/tags", "/filter/q"]),
        ({"filter": {"status": [""], "q": " "}, "patch": {}}, ["/filter/status", "/filter/q"]),
        ({"filter": {"assignee_id": ","}, "patch": {}}, ["/filter/assignee_id"]),
        ({"filter": {"fields": {}}, "patch": {}}, ["/filter/fields"]),
        ({"filter": {"fields": {"size": []}}, "patch": {}}, ["/filter/fields[size]"]),
        ({"filter": {}, "patch": {"parent_task_id": "NONE-1"}}, ["/patch/parent_task_id"]),
        ({"filter": [], "patch": {}}, ["/filter"]),
        ({"filter": {}}, ["/patch"]),
    ],
)
async def test_what_is_wrong_with_all_of_it_is_said_where_it_stands(
    ada: Api, body: Any, where: list[str]
) -> None:
    await ada.task("One")
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks/bulk", body)
    assert pointers(problem) == where


async def test_nobody_changes_what_they_cannot_see_or_sees_the_job_of_another(
    ada: Api, bob: Api
) -> None:
    project = await bob.project("HIDE")
    await made(bob, 2, project_id="HIDE")
    for filters in ({"project_id": project["id"]}, {"workspace_id": project["workspace_id"]}):
        told = await ada.post("/tasks/bulk", {"filter": filters, "patch": {"priority": 1}})
        assert told["matched"] == 0
    told = await bob.post(
        "/tasks/bulk", {"filter": {"project_id": "HIDE"}, "patch": {"priority": 1}}
    )
    job = await bob.get(f"/jobs/{told['job_id']}")
    assert (job["state"], job["total"], job["done"], job["changed"]) == ("done", 2, 2, 2)
    calls = (("GET", ""), ("GET", "/results"), ("POST", "/cancel"), ("POST", "/undo"))
    hidden = [
        await ada.refused(404, "not-found", method, f"/jobs/{job_id}{path}")
        for job_id in (told["job_id"], new_id("job"))
        for method, path in calls
    ]
    assert len({each["detail"] for each in hidden}) == 1


async def test_more_than_a_thousand_tasks_are_a_job_that_is_undone_as_one(ada: Api) -> None:
    await ada.project("MANY")
    for _ in range(2):
        await made(ada, 600, project_id="MANY")
    body = {"filter": {"project_id": "MANY"}, "patch": {"priority": 1}}
    begun = await ada.send("POST", "/tasks/bulk", body)
    assert begun.status_code == 202
    job_id = begun.json()["job_id"]
    assert begun.headers["Location"] == f"/api/v1/jobs/{job_id}"
    job = await ada.finished(job_id)
    assert (job["total"], job["changed"]) == (1_200, 1_200)
    page = await ada.get(f"/jobs/{job_id}/results?limit=1000")
    rest = await ada.get(f"/jobs/{job_id}/results?cursor={page['next_cursor']}&limit=1000")
    assert len({each["id"] for each in page["results"] + rest["results"]}) == 1_200
    first = page["results"][0]
    problem = await ada.refused(
        409, "not-undoable", "POST", f"/tasks/{first['id']}/undo", {"position": first["position"]}
    )
    assert problem["job_id"] == job_id
    # One that was changed since is left, and named.
    await ada.patch(f"/tasks/{first['id']}", {"priority": 9})
    undone = await ada.send("POST", f"/jobs/{job_id}/undo")
    assert undone.status_code == 202
    job = await ada.finished(undone.json()["job_id"])
    assert (job["changed"], job["refused"]) == (1_199, 1)
    (left,) = (await ada.get(f"/jobs/{job['id']}/results?outcome=refused"))["results"]
    assert (left["id"], left["problem"]["code"]) == (first["id"], "not-undoable")
    assert (await ada.get("/tasks?project_id=MANY&priority=5&total=true&limit=1"))["total"] == 1_199


async def test_what_came_of_a_bulk_goes_with_it(ada: Api) -> None:
    """A comment that was sent along, and the next task of a series."""
    await ada.project("COME")
    tasks = await made(ada, 3, project_id="COME", status="in_review", due_date="2026-03-01")
    await ada.put(f"/tasks/{tasks[0]['id']}/recurrence", {"rule": "FREQ=DAILY"})
    patch = {"status": "done", "comment": "At last"}
    told = await ada.post("/tasks/bulk", {"filter": {"project_id": "COME"}, "patch": patch})
    assert told["changed"] == 3
    assert len((await ada.get("/tasks?project_id=COME"))["tasks"]) == 4
    undone = await ada.post(f"/jobs/{told['job_id']}/undo")
    assert (undone["matched"], undone["changed"]) == (3, 3)
    found = (await ada.get("/tasks?project_id=COME"))["tasks"]
    assert {(each["id"], each["status"], each["comment_count"]) for each in found} == {
        (each["id"], "in_review", 0) for each in tasks
    }


async def test_a_batch_is_undone_as_one(ada: Api) -> None:
    task = await ada.task("As it was", priority=5)
    commands = [
        {"method": "PATCH", "path": f"/api/v1/tasks/{task['id']}", "body": {"title": f"Title {n}"}}
        for n in range(3)
    ]
    commands.append({"method": "POST", "path": "/api/v1/tasks", "body": {"title": "New"}})
    told = await ada.post("/batch", {"commands": commands})
    undone = await ada.post(f"/jobs/{told['job_id']}/undo")
    assert (undone["matched"], undone["changed"]) == (4, 4)
    assert (await ada.get(f"/tasks/{task['id']}"))["title"] == "As it was"
    made_task = told["results"][3]["body"]["id"]
    await ada.refused(404, "not-found", "GET", f"/tasks/{made_task}")


async def test_jobs_of_one_person_are_bounded(ada: Api, product: Product) -> None:
    most = product.house.settings.max_jobs_at_once
    workspace = ada.user["default_workspace_id"]

    async def begin() -> None:
        item = Item(ordinal=0, workspace_id=workspace, task_id=None)
        new = NewJob(job_id=new_id("job"), kind="bulk", owner_id=ada.user_id, items=[item])
        await product.do(product.house.jobs.book.open(new, "nobody"))

    for _ in range(most):
        await begin()
    await made(ada, 1)
    await ada.refused(
        429, "rate-limited", "POST", "/tasks/bulk", {"filter": {}, "patch": {"priority": 1}}
    )


class Died(Exception):
    """In the place of a kill: nothing after it happens."""


class DyingBook(JobBook):
    """Of a worker that dies when it has committed its third chunk and not written that down."""

    settled = 0

    async def settle(self, job_id: str, worker: str, items: Sequence[Item]) -> bool:
        if self.settled == 2:
            raise Died
        self.settled += 1
        return await super().settle(job_id, worker, items)


async def test_a_job_whose_worker_died_goes_on_and_does_nothing_twice(
    ada: Api, product: Product
) -> None:
    house = product.house
    tasks = await made(ada, 250)
    items = [
        Item(ordinal=n, workspace_id=each["workspace_id"], task_id=each["id"])
        for n, each in enumerate(tasks)
    ]
    gone = await ada.task("In the trash")
    await ada.delete(f"/tasks/{gone['id']}")
    items[30] = Item(ordinal=30, workspace_id=gone["workspace_id"], task_id=gone["id"])
    said = AddComment(task_id="", text="Once")
    new = NewJob(
        job_id=new_id("job"),
        kind="bulk",
        owner_id=ada.user_id,
        items=items,
        request={"starts": list(range(0, 250, 40)), "changes": as_values([said])},
    )

    async def die() -> None:
        book = house.jobs.book
        dying = DyingBook(book._pool, book._vault, most_at_once=1)
        job = await dying.open(new, "dead")
        assert job is not None
        runner = JobRunner(dying, house.executor, house.store, worker="dead")
        with pytest.raises(Died):
            await runner.run(job)
        await book.let_go("dead")

    await product.do(die())
    job = await ada.finished(new.job_id)
    assert (job["total"], job["changed"], job["refused"]) == (250, 249, 1)
    (left,) = (await ada.get(f"/jobs/{job['id']}/results?outcome=refused"))["results"]
    assert (left["id"], left["problem"]["code"]) == (gone["id"], "trashed")
    workspace = tasks[0]["workspace_id"]
    log = await ada.get(f"/workspaces/{workspace}/activity?action=commented&limit=1000")
    said_about = [each["task_id"] for each in log["activities"]]
    assert len(said_about) == len(set(said_about)) == 249


def of_one(ada: Api, task: dict[str, Any], changes: Any) -> NewJob:
    """A bulk of a single task."""
    return NewJob(
        job_id=new_id("job"),
        kind="bulk",
        owner_id=ada.user_id,
        items=[Item(ordinal=0, workspace_id=task["workspace_id"], task_id=task["id"])],
        request={"starts": [0], "changes": changes},
    )


async def test_a_job_that_meets_a_fault_of_ours_is_given_up_and_says_so(
    ada: Api, product: Product
) -> None:
    (task,) = await made(ada, 1)
    new = of_one(ada, task, [{"command": "Unheard", "says": {}}])
    house = product.house
    jobs = Jobs(house.jobs.book, house.executor, house.store, kept=timedelta(days=1))

    async def fail(times: int) -> None:
        for _ in range(times):
            await jobs.go_on(job)

    job = await product.do(jobs.begin(new, here=True))
    assert job is not None
    await product.do(fail(4))
    assert (await ada.get(f"/jobs/{job.job_id}"))["state"] == "running"
    await product.do(fail(1))
    told = await ada.get(f"/jobs/{job.job_id}")
    assert (told["state"], told["refused"]) == ("done", 1)
    (left,) = (await ada.get(f"/jobs/{job.job_id}/results"))["results"]
    assert (left["status"], left["problem"]["code"]) == (500, "internal")


class SlowBook(JobBook):
    """Of a worker whose only chunk takes longer than its lease."""

    async def items(self, job_id: str, *args: Any, **options: Any) -> list[Item]:
        await asyncio.sleep(2 * self.lease.total_seconds())
        return await super().items(job_id, *args, **options)


async def test_a_job_stays_with_its_worker_however_long_a_chunk_takes(
    ada: Api, product: Product
) -> None:
    (task,) = await made(ada, 1)
    new = of_one(ada, task, as_values([SetPriority(task_id="", priority_level=1)]))
    house = product.house

    async def work() -> list[str | None]:
        given = house.jobs.book
        book = SlowBook(
            given._pool, given._vault, most_at_once=1, lease=timedelta(seconds=_SHORT_LEASE_S)
        )
        job = await book.open(new, "slow")
        assert job is not None
        runner = JobRunner(book, house.executor, house.store, worker="slow")
        working = asyncio.create_task(runner.run(job))
        taken: list[str | None] = []
        while not working.done():
            other = await given.take("somebody else")
            taken.append(None if other is None else other.job_id)
            await asyncio.sleep(_SHORT_LEASE_S / 10)
        await working
        return taken

    taken = await product.do(work())
    assert len(taken) > 10
    assert set(taken) == {None}
    told = await ada.get(f"/jobs/{new.job_id}")
    assert (told["state"], told["changed"]) == ("done", 1)


async def test_a_cancelled_job_stops_and_keeps_what_it_did(ada: Api, product: Product) -> None:
    tasks = await made(ada, 2)
    items = [
        Item(ordinal=n, workspace_id=each["workspace_id"], task_id=each["id"])
        for n, each in enumerate(tasks)
    ]
    request = {"starts": [0, 1], "changes": as_values([SetPriority(task_id="", priority_level=1)])}
    new = NewJob(
        job_id=new_id("job"), kind="bulk", owner_id=ada.user_id, items=items, request=request
    )
    house = product.house

    async def work() -> None:
        job = await house.jobs.book.open(new, "slow")
        assert job is not None
        await house.jobs.book.cancel(new.job_id)
        runner = JobRunner(house.jobs.book, house.executor, house.store, worker="slow")
        await runner.run(job)

    await product.do(work())
    told = await ada.post(f"/jobs/{new.job_id}/cancel")
    assert (told["state"], told["done"], told["changed"]) == ("cancelled", 1, 1)
    undone = await ada.post(f"/jobs/{new.job_id}/undo")
    assert undone["changed"] == 1
