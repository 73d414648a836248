"""What has been in the trash for long enough is gone from all that shows the present, once, unless
a legal hold keeps it; the past stays."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from commands.execution import Executor
from infra.ids import new_id
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.retention_queries import RetentionQueries
from infra.processes.chores import Purges
from infra.processes.executing import open_executor
from infra.processes.rebuild import Rebuild
from infra.processes.scheduler import AT_ONCE, Scheduler
from infra.processes.workplace import open_workplace
from projections.registry import view
from tests.api.client import Api, pointers
from tests.api.product import Product

TOUCHED = (
    "tasks", "board", "comments", "intervals", "notifications", "search", "past", "projects",
    "activity", "retention",
)  # fmt: skip


class _Clock:
    """One that stands still until it is set."""

    now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


Some = Sequence[tuple[Scheduler, Executor]]


@asynccontextmanager
async def _schedulers(product: Product, clock: _Clock, count: int) -> AsyncIterator[Some]:
    """Some that do not know of each other."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            place = await stack.enter_async_context(open_workplace(product.settings, "test"))
            chores = [Purges(RetentionQueries(place.pool, Pointers(place.pool)))]
            opened = partial(open_executor, place, product.settings, clock)
            scheduler = Scheduler(place.sessions, chores, opened, clock)
            made.append((scheduler, await stack.enter_async_context(opened())))
        yield made


@pytest.fixture
async def firm(ada: Api, nobody: Api) -> dict[str, Any]:
    """Ada's workspace with another admin, and a project that keeps its trash for 30 days."""
    workspace = await ada.post("/workspaces", {"name": "Firm"})
    carl = await nobody.register()
    body = {"user_id": carl.user["id"], "role": "admin"}
    await ada.post(f"/workspaces/{workspace['id']}/members", body)
    project = await ada.post("/projects", {"name": "Site", "workspace_id": workspace["id"]})
    path = f"/projects/{project['id']}/retention"
    assert (await ada.get(path))["trash_days"] is None
    assert (await ada.put(path, {"trash_days": 30}))["trash_days"] == 30
    carl.position = ada.position
    return {"id": workspace["id"], "project": project["id"], "carl": carl, "retention": path}


async def _seen(product: Product, *people: Api) -> None:
    """From here on they ask for all that is in the log."""
    head = await product.do(product.house.store.head())
    for each in people:
        each.position = head


async def _turn(product: Product, schedulers: Some, *people: Api) -> list[Any]:
    """Of all at once; what they have done since they began."""
    view_name = f"/projects?min_position={await product.do(product.house.store.head())}"
    await people[0].get(view_name)
    await asyncio.gather(*(one.turn(executor) for one, executor in schedulers))
    await _seen(product, *people)
    return [one.report["purges"] for one, _ in schedulers]


async def test_it_goes_once_from_all_that_shows_the_present(
    ada: Api, firm: dict[str, Any], product: Product
) -> None:
    carl = firm["carl"]
    body = {"project_id": firm["project"], "title": "Zebrafish", "assignee_ids": [carl.user["id"]]}
    task = await ada.post("/tasks", body)
    below = await ada.post("/tasks", {"title": "Zebrafish fry", "parent_task_id": task["id"]})
    other = await ada.post("/tasks", {"title": "Stays", "project_id": firm["project"]})
    await ada.post(f"/tasks/{task['id']}/dependencies", {"blocks_task_id": other["id"]})
    comment = await ada.post(f"/tasks/{task['id']}/comments", {"text": "Zebrafish bite"})
    await ada.put_204(f"/tasks/{task['id']}/favourite")
    before = ada.position
    await ada.delete(f"/tasks/{task['id']}")
    clock = _Clock()
    everywhere = f"workspace_id={firm['id']}"
    await _seen(product, ada, carl)
    assert (await carl.get(f"/notifications?{everywhere}"))["unread_count"] >= 1

    async with _schedulers(product, clock, 2) as schedulers:
        clock.now = datetime.now(UTC) + timedelta(days=29)
        assert await _turn(product, schedulers, ada, carl) == [0, 0]
        clock.now += timedelta(days=2)
        turns = [asyncio.create_task(one.turn(executor)) for one, executor in schedulers]
        await asyncio.sleep(0)
        turns[0].cancel()  # killed in the middle
        await asyncio.gather(*turns, return_exceptions=True)
        clock.now += timedelta(minutes=2)
        await _turn(product, schedulers, ada, carl)

    events = await ada.get(f"/audit/events?{everywhere}&type=TaskPurged&limit=10")
    assert sorted(each["stream"] for each in events["events"]) == sorted([task["id"], below["id"]])
    for path in (
        f"/tasks/{task['id']}", f"/tasks/{task['id']}?trashed=true", f"/tasks/{task['key']}",
        f"/tasks/{below['id']}?trashed=true", f"/tasks/{task['id']}/activity",
        f"/tasks/{task['id']}/history", f"/tasks/{task['id']}/comments",
        f"/comments/{comment['id']}", f"/tasks/{task['id']}/subtasks",
    ):  # fmt: skip
        await ada.refused(404, "not-found", "GET", path)
    for method, path in (("POST", "restore"), ("POST", "purge"), ("PATCH", ""), ("DELETE", "")):
        at = f"/tasks/{task['id']}" + (f"/{path}" if path else "")
        body = {"title": "Back"} if method == "PATCH" else None
        await ada.refused(404, "not-found", method, at, body)
    taken = {"title": "Mine", "task_id": task["id"], "project_id": firm["project"]}
    await ada.refused(409, "already-exists", "POST", "/tasks", taken)
    for path in (
        f"/tasks?{everywhere}&q=zebrafish", f"/tasks?{everywhere}&trashed=true",
        f"/search?{everywhere}&q=zebrafish", f"/search?{everywhere}&q=zebrafish&trashed=true",
        f"/search?{everywhere}&query=assignee was {carl.user['id']}",
        f"/projects/{firm['project']}/board", f"/notifications?{everywhere}",
        "/users/me/favourites", f"/tasks/{other['id']}",
    ):  # fmt: skip
        for who in (ada, carl):
            if who is ada or "favourites" not in path:
                assert "ebrafish" not in str(await who.get(path)), path
                assert task["id"] not in str(await who.get(path)), path
    assert (await carl.get(f"/notifications?{everywhere}"))["unread_count"] == 0
    assert (await ada.get(f"/tasks/{other['id']}"))["blocked_by"] == []

    then = await ada.get(f"/tasks/{task['id']}?as_of={before}")
    assert (then["title"], then["comment_count"]) == ("Zebrafish", 1)
    await ada.refused(404, "not-found", "GET", f"/tasks/{task['id']}?as_of={ada.position}")
    feed = (await ada.get(f"/projects/{firm['project']}/activity"))["activities"]
    gone = [each for each in feed if each["action"] == "task_purged"]
    assert [(each["task_id"], each["actor"]["name"]) for each in gone] == [
        (task["id"], "System"), (below["id"], "System"),
    ]  # fmt: skip
    async with open_workplace(product.settings, "test") as place:
        for name in TOUCHED:
            rebuild = Rebuild(view(name), place.store, place.sessions, place.nats)
            outcome = await rebuild.run(compare=True)
            assert outcome.comparison is not None
            assert outcome.comparison.differences == [], name


async def test_a_hold_keeps_what_is_due_and_is_told_in_the_trail_alone(
    ada: Api, firm: dict[str, Any], product: Product
) -> None:
    carl = firm["carl"]
    task = await ada.post("/tasks", {"title": "Evidence", "project_id": firm["project"]})
    await ada.delete(f"/tasks/{task['id']}")
    hold_id = new_id("hold")
    asked = {"workspace_id": firm["id"], "project_id": firm["project"], "reason": "Case 7"}
    await ada.put(f"/holds/{hold_id}", asked)
    await carl.post(f"/holds/{hold_id}/approval")
    stopped = await ada.refused(409, "legal-hold", "POST", f"/tasks/{task['id']}/purge")
    assert stopped["holds"] == [hold_id]
    clock = _Clock()
    clock.now = datetime.now(UTC) + timedelta(days=31)

    async def of_type(kind: str) -> list[dict[str, Any]]:
        found = await ada.get(f"/audit/events?workspace_id={firm['id']}&type={kind}")
        return list(found["events"])

    async with _schedulers(product, clock, 1) as schedulers:
        for _ in range(2):
            await _turn(product, schedulers, ada, carl)
            clock.now += timedelta(minutes=2)
        (held,) = await of_type("TaskPurgeHeld")
        assert (held["data"]["task_id"], held["data"]["hold_ids"]) == (task["id"], [hold_id])
        feeds = [
            await ada.get(f"/workspaces/{firm['id']}/activity"),
            await ada.get(f"/events?workspace_id={firm['id']}&limit=100"),
        ]
        assert hold_id not in str(feeds)
        assert (await ada.get(f"/tasks/{task['id']}?trashed=true"))["title"] == "Evidence"
        await carl.send("DELETE", f"/holds/{hold_id}")
        await ada.post(f"/holds/{hold_id}/approval")
        await _turn(product, schedulers, ada)
    assert [each["stream"] for each in await of_type("TaskPurged")] == [task["id"]]
    await ada.refused(404, "not-found", "GET", f"/tasks/{task['id']}?trashed=true")


async def test_many_go_by_the_handful(ada: Api, firm: dict[str, Any], product: Product) -> None:
    paths = [f"/api/v1/tasks/{new_id('task')}" for _ in range(AT_ONCE + 20)]
    made = [
        {"method": "POST", "path": "/api/v1/tasks", "body": {
            "project_id": firm["project"], "title": "One of many", "task_id": path[14:]}}
        for path in paths
    ]  # fmt: skip
    await ada.post("/batch", {"commands": made})
    await ada.post("/batch", {"commands": [{"method": "DELETE", "path": each} for each in paths]})
    clock = _Clock()
    clock.now = datetime.now(UTC) + timedelta(days=31)
    async with _schedulers(product, clock, 1) as schedulers:
        assert await _turn(product, schedulers, ada) == [AT_ONCE]
        assert await _turn(product, schedulers, ada) == [AT_ONCE + 20]
        assert await _turn(product, schedulers, ada) == [AT_ONCE + 20]
    left = await ada.get(f"/tasks?project_id={firm['project']}&trashed=true&total=true")
    assert left["total"] == 0


@pytest.mark.parametrize("days", [0, -1, 3_651, 1.5, "30", True])
async def test_what_is_no_number_of_days_is_named(
    ada: Api, firm: dict[str, Any], days: object
) -> None:
    problem = await ada.refused(
        422, "validation-failed", "PUT", firm["retention"], {"trash_days": days}
    )
    assert pointers(problem) == ["/trash_days"]


async def test_what_is_not_in_the_trash_is_put_there_first(ada: Api) -> None:
    task = await ada.task()
    await ada.refused(409, "not-trashed", "POST", f"/tasks/{task['id']}/purge")
    await ada.delete(f"/tasks/{task['id']}")
    once = {"Idempotency-Key": "purge once"}
    for replayed in (None, "true"):
        answer = await ada.send("POST", f"/tasks/{task['id']}/purge", headers=once)
        assert (answer.status_code, answer.headers.get("Idempotency-Replayed")) == (204, replayed)
