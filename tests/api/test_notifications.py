"""Notifications over HTTP: who hears of what, marks, preferences, and the clock."""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from commands.commit import Commit, NewEvent
from commands.execution import Executor
from domain.values.recorded import Origin
from domain.watching.events import WatchStarted
from domain.watching.state import watching_of
from domain.workspace.events import WorkspaceMemberAdded
from infra.ids import new_id
from infra.postgres.views.due_queries import DueQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.reader import ViewReader
from infra.processes.chores import DueDates
from infra.processes.executing import open_executor
from infra.processes.rebuild import Rebuild
from infra.processes.scheduler import Scheduler
from infra.processes.workplace import open_workplace
from projections.notifications import NOTIFICATIONS_VIEW
from tests.api.client import Api, pointers
from tests.api.product import Product
from tests.infra.processes.conftest import until
from tests.waiting import keeps_within

LEAD = timedelta(hours=24)


async def _ours(ada: Api, *others: Api) -> dict[str, Any]:
    """A task of Ada's in a workspace that all of them are in."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    for each in others:
        await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": each.user_id})
    project = await ada.project("OURS", workspace_id=workspace["id"])
    task = await ada.task("Paint it", project_id=project["id"])
    for each in others:
        each.position = ada.position
    return task


async def _heard(someone: Api, after: Api | None = None, query: str = "") -> dict[str, Any]:
    """Their list, with all that the other one has done."""
    if after is not None:
        someone.position = max(someone.position, after.position)
    found: dict[str, Any] = await someone.get(f"/notifications{query}")
    return found


def _types(found: dict[str, Any]) -> list[str]:
    return [each["type"] for each in found["notifications"]]


async def test_each_hears_of_what_the_other_does(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    await ada.patch(path, {"assignee_ids": [bob.user_id]})
    found = await _heard(bob, ada)
    assert _types(found) == ["task_assigned"]
    assert (found["unread_count"], found["unread_count_is_exact"]) == (1, True)
    (told,) = found["notifications"]
    assert told["actor"] == {"user_id": ada.user_id, "name": ada.user["name"]}
    assert told["data"].items() >= {"key": "OURS-1", "title": "Paint it", "count": 1}.items()
    assert told.items() >= {"task_id": task["id"], "is_read": False, "snoozed_until": None}.items()
    assert told["id"] == told["notification_id"]

    await bob.patch(path, {"status": "in_progress"})
    said = await bob.post(f"{path}/comments", {"text": f"@{ada.user['username']} done soon"})
    found = await _heard(ada, bob)
    assert _types(found) == ["task_mentioned", "status_changed"]
    assert found["notifications"][0]["data"]["comment_id"] == said["id"]
    moved = found["notifications"][1]["data"]
    assert (moved["from"], moved["to"]) == ("todo", "in_progress")
    assert _types(await _heard(bob)) == ["task_assigned"]


async def test_preferences_sent_back_whole_change_nothing(ada: Api) -> None:
    path = "/users/me/notification-preferences"
    answer = await ada.send("GET", path)
    present, seen = answer.json(), {"If-Match": answer.headers["ETag"]}
    assert await ada.put(path, present) == present
    wish = {"preferences": {"task_overdue": {"push": False}}}
    assert (await ada.send("PUT", path, wish, headers=seen)).status_code == 200
    wish = {"preferences": {"task_overdue": {"push": True}}}
    await ada.refused(412, "version-stale", "PUT", path, wish, headers=seen)


async def test_ten_changes_in_a_minute_are_one(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    await bob.put_204(f"/tasks/{task['id']}/watch")
    for number in range(10):
        status = "in_progress" if number % 2 == 0 else "todo"
        await ada.patch(f"/tasks/{task['id']}", {"status": status})
    found = await _heard(bob, ada)
    assert (_types(found), found["unread_count"]) == (["status_changed"], 1)
    data = found["notifications"][0]["data"]
    assert (data["count"], data["to"], len(data["changes"])) == (10, "todo", 10)


async def test_marks_are_kept_and_what_came_later_stays_unread(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    await ada.patch(path, {"assignee_ids": [bob.user_id]})
    await ada.patch(path, {"status": "in_progress"})
    newest, oldest = (await _heard(bob, ada))["notifications"]

    marked = []
    for _ in range(2):  # the second time there is nothing to do
        answer = await bob.send("POST", f"/notifications/{oldest['id']}/read")
        assert answer.status_code == 204
        marked.append(answer.headers["X-Log-Position"])
    assert marked[0] == marked[1]  # where a reader has to look to find it so
    found = await _heard(bob)
    assert [each["is_read"] for each in found["notifications"]] == [False, True]
    assert found["unread_count"] == 1
    assert [each["id"] for each in (await _heard(bob, query="?unread=true"))["notifications"]] == [
        newest["id"]
    ]

    later = "2100-01-01T08:00:00+02:00"
    await bob.put_204(f"/notifications/{newest['id']}/snooze", json={"until": later})
    found = await _heard(bob)
    assert ([each["id"] for each in found["notifications"]], found["unread_count"]) == (
        [oldest["id"]],
        0,
    )
    snoozed = (await _heard(bob, query="?snoozed=true"))["notifications"]
    assert [(each["id"], each["snoozed_until"]) for each in snoozed] == [
        (newest["id"], "2100-01-01T06:00:00Z")
    ]
    await bob.delete(f"/notifications/{newest['id']}/snooze")
    assert (await _heard(bob))["unread_count"] == 1

    seen = bob.position
    await ada.post(f"{path}/comments", {"text": "And one more"})
    assert (await _heard(bob, ada))["unread_count"] == 2
    answer = await bob.send("POST", "/notifications/read-all", {"upto": seen})
    assert answer.status_code == 204
    found = await _heard(bob)
    assert [each["is_read"] for each in found["notifications"]] == [False, True, True]
    assert found["unread_count"] == 1
    await bob.send("POST", "/notifications/read-all", {})
    assert (await _heard(bob, query="?unread=true"))["notifications"] == []
    assert (await _heard(bob))["unread_count"] == 0
    # There is nothing left to mark, and nothing is recorded.
    before = bob.position
    assert (await bob.send("POST", "/notifications/read-all", {})).status_code == 204
    assert bob.position == before


async def test_pages_of_a_list_are_of_every_workspace_or_of_one(ada: Api, bob: Api) -> None:
    tasks = [await _ours(ada, bob) for _ in range(3)]
    for task in tasks:
        await ada.patch(f"/tasks/{task['id']}", {"assignee_ids": [bob.user_id]})
    whole = await _heard(bob, ada)
    assert [each["task_id"] for each in whole["notifications"]] == [
        task["id"] for task in reversed(tasks)
    ]
    first = await _heard(bob, query="?limit=2&total=true")
    assert (first["total"], first["has_more"], first["unread_count"]) == (3, True, 3)
    rest = await _heard(bob, query=f"?limit=2&cursor={first['next_cursor']}")
    assert first["notifications"] + rest["notifications"] == whole["notifications"]
    one = await _heard(bob, query=f"?workspace_id={tasks[0]['workspace_id']}&unread=true")
    assert ([each["task_id"] for each in one["notifications"]], one["unread_count"]) == (
        [tasks[0]["id"]],
        1,
    )
    await bob.send("POST", "/notifications/read-all", {"workspace_id": tasks[1]["workspace_id"]})
    found = await _heard(bob)
    assert [each["is_read"] for each in found["notifications"]] == [False, True, False]
    once = {"Idempotency-Key": "all of two workspaces"}
    answer = await bob.send("POST", "/notifications/read-all", {}, headers=once)
    assert answer.status_code == 204
    assert (await _heard(bob))["unread_count"] == 0
    await ada.post(f"/tasks/{tasks[0]['id']}/comments", {"text": "Later"})
    assert (await _heard(bob, ada))["unread_count"] == 1
    answer = await bob.send("POST", "/notifications/read-all", {}, headers=once)
    assert (answer.status_code, answer.headers["Idempotency-Replayed"]) == (204, "true")
    assert (await _heard(bob))["unread_count"] == 1
    nowhere = {"workspace_id": new_id("ws")}
    problem = await bob.refused(
        422, "validation-failed", "POST", "/notifications/read-all", nowhere
    )
    assert pointers(problem) == ["/workspace_id"]


async def test_who_loses_the_task_loses_its_news_and_hears_no_more(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    await ada.patch(path, {"assignee_ids": [bob.user_id]})
    await ada.post(
        f"/projects/{task['project_id']}/members", {"user_id": ada.user_id, "role": "admin"}
    )
    (told,) = (await _heard(bob, ada))["notifications"]
    for what in (
        {"is_private": True},
        {"is_private": False},
    ):
        await ada.patch(f"/projects/{task['project_id']}", what)
        found = await _heard(bob, ada)
        shown = [] if what["is_private"] else [told["id"]]
        assert [each["id"] for each in found["notifications"]] == shown
        assert found["unread_count"] == len(shown)
    hidden = await ada.project("SECRET", workspace_id=task["workspace_id"], is_private=True)
    await ada.post(f"{path}/move", {"project_id": hidden["id"]})
    await ada.patch(path, {"status": "in_progress"})
    assert (await _heard(bob, ada))["notifications"] == []
    await bob.refused(404, "not-found", "POST", f"/notifications/{told['id']}/read")
    await ada.delete(f"/workspaces/{task['workspace_id']}/members/{bob.user_id}")
    found = await _heard(bob, ada)
    assert (found["notifications"], found["unread_count"]) == ([], 0)
    await ada.refused(404, "not-found", "POST", f"/notifications/{told['id']}/read")


async def test_whoever_audits_a_workspace_has_no_news_and_no_marks_there(
    ada: Api, bob: Api
) -> None:
    tasks = [await _ours(ada, bob) for _ in range(2)]
    for task in tasks:
        await ada.patch(f"/tasks/{task['id']}", {"assignee_ids": [bob.user_id]})
    audited = tasks[0]["workspace_id"]
    await ada.patch(f"/workspaces/{audited}/members/{bob.user_id}", {"role": "auditor"})
    found = await _heard(bob, ada)
    assert [each["task_id"] for each in found["notifications"]] == [tasks[1]["id"]]
    assert found["unread_count"] == 1
    for key in ("all", "again"):  # and nothing there keeps the rest from being marked
        answer = await bob.send("POST", "/notifications/read-all", headers={"Idempotency-Key": key})
        assert answer.status_code == 204
    answer = await bob.send("POST", "/notifications/read-all", {"workspace_id": audited})
    assert answer.status_code == 204
    assert (await _heard(bob))["unread_count"] == 0
    await ada.patch(f"/workspaces/{audited}/members/{bob.user_id}", {"role": "member"})
    assert (await _heard(bob, ada))["unread_count"] == 1


async def test_what_somebody_does_not_want_does_not_come(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    path = "/users/me/notification-preferences"
    before = await bob.get(path)
    assert before["version"] == 0
    assert all(all(each.values()) for each in before["preferences"].values())
    assert set(before["preferences"]["task_overdue"]) == {"in_app", "email", "push"}
    wish = {"preferences": {"task_commented": {"in_app": False}, "task_assigned": {"push": False}}}
    after = await bob.put(path, wish)
    assert after == await bob.get(path) == await bob.put(path, wish)
    assert after["preferences"]["task_commented"]["in_app"] is False
    ada.position = bob.position
    await ada.patch(f"/tasks/{task['id']}", {"assignee_ids": [bob.user_id]})
    await ada.post(f"/tasks/{task['id']}/comments", {"text": "Hm"})
    assert _types(await _heard(bob, ada)) == ["task_assigned"]
    await bob.put_204(f"/tasks/{task['id']}/mute")
    await ada.patch(f"/tasks/{task['id']}", {"status": "in_progress"})
    assert _types(await _heard(bob, ada)) == ["task_assigned"]
    wrong = {"preferences": {"task_lost": {"in_app": True}, "task_assigned": {"a/b": True}}}
    problem = await bob.refused(422, "validation-failed", "PUT", path, wrong)
    assert pointers(problem) == ["/preferences/task_lost", "/preferences/task_assigned/a~1b"]
    lost = "/notifications?type=task_assigned,task_lost"
    problem = await bob.refused(422, "validation-failed", "GET", lost)
    assert pointers(problem) == ["/query/type"]


@pytest.mark.parametrize(
    ("until_", "pointer"),
    [("2020-01-01T00:00:00Z", "/until"), ("2100-01-01", "/until"), ("soon", "/until")],
)
async def test_nothing_is_put_off_into_the_past(
    ada: Api, bob: Api, until_: str, pointer: str
) -> None:
    task = await _ours(ada, bob)
    await ada.patch(f"/tasks/{task['id']}", {"assignee_ids": [bob.user_id]})
    (told,) = (await _heard(bob, ada))["notifications"]
    path = f"/notifications/{told['id']}/snooze"
    problem = await bob.refused(422, "validation-failed", "PUT", path, {"until": until_})
    assert pointers(problem) == [pointer]


async def test_what_five_hundred_watch_all_of_them_have_within_a_second(
    ada: Api, product: Product
) -> None:
    """Accounts take a second of hashing for ten: of these only the streams are there."""
    first = await _ours(ada)
    workspace_id = first["workspace_id"]
    people = [new_id("user") for _ in range(500)]
    joined = [WorkspaceMemberAdded(user_id=each, role="member") for each in people]
    await _record(product, ada, workspace_id, workspace_id, joined, version=1)
    sql = (
        "SELECT count(*), count(DISTINCT user_id) FROM {notifications_notifications}"
        " WHERE task_id = %s"
    )

    async def took_s() -> float:
        task = await ada.task(project_id=first["project_id"])
        watching = [WatchStarted(task_id=task["id"], user_id=each) for each in people]
        stream = watching_of(task["id"])
        ada.position = await _record(product, ada, workspace_id, stream, watching, version=0)
        await _heard(ada)  # the view is there

        async def all_have_it() -> bool:
            return await reader.fetch((), sql, (task["id"],)) == [(500, 500)]

        began = time.monotonic()
        await ada.patch(f"/tasks/{task['id']}", {"status": "in_progress"})
        await until(all_have_it)
        return time.monotonic() - began

    async with open_workplace(product.settings, "test") as place:
        reader = ViewReader(place.pool, Pointers(place.pool), NOTIFICATIONS_VIEW)
        await keeps_within(1, took_s)


async def _record(
    product: Product, by: Api, workspace_id: str, stream: str, events: list[Any], version: int
) -> int:
    """Into the log as they are; `version` is the stream's before them. Gives the position."""
    commit = Commit(
        command_id=secrets.token_bytes(16),
        workspace_id=workspace_id,
        main_stream=stream,
        origin=Origin(actor=by.user_id),
        events=tuple(
            NewEvent(workspace_id=workspace_id, stream=stream, event=each) for each in events
        ),
        expected={stream: version},
    )
    return (await product.do(product.house.store.append(commit))).position


class _Clock:
    """One that stands still until it is set."""

    now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@asynccontextmanager
async def _schedulers(
    product: Product, clock: _Clock, count: int
) -> AsyncIterator[list[tuple[Scheduler, Executor]]]:
    """Some that do not know of each other."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count):
            place = await stack.enter_async_context(open_workplace(product.settings, "test"))
            chores = [DueDates(DueQueries(place.pool, Pointers(place.pool)), LEAD)]
            opened = partial(open_executor, place, product.settings, clock)
            scheduler = Scheduler(place.sessions, chores, opened, clock)
            made.append((scheduler, await stack.enter_async_context(opened())))
        yield made


async def test_the_clock_says_its_part_once_though_doubled_and_killed(
    ada: Api, bob: Api, product: Product
) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=400)
    await ada.patch(path, {"assignee_ids": [bob.user_id], "due_date": due.isoformat()})
    done = await ada.task(project_id=task["project_id"], due_date=due.isoformat())
    await ada.patch(f"/tasks/{done['id']}", {"status": "cancelled"})
    gone = await ada.task(project_id=task["project_id"], due_date=due.isoformat())
    await ada.delete(f"/tasks/{gone['id']}")
    version = (await ada.get(path))["version"]
    await _heard(bob, ada)
    clock = _Clock()

    async def said_at(now: datetime) -> dict[str, int]:
        """By two at once and one that is killed in the middle; then once more, when all is seen."""
        clock.now = now
        turns = [asyncio.create_task(one.turn(executor)) for one, executor in schedulers]
        await asyncio.sleep(0)
        turns[0].cancel()
        await asyncio.gather(*turns[1:])
        bob.position = await product.do(product.house.store.head())
        await _heard(bob)
        (_, (late, executor), _) = schedulers
        before = late.report["reminders"]
        await late.turn(executor)
        assert late.report["reminders"] == before
        found = (await _heard(bob, query="?type=task_due_soon,task_overdue"))["notifications"]
        return {each["type"]: each["data"]["count"] for each in found}

    async with _schedulers(product, clock, 3) as schedulers:
        assert await said_at(due - LEAD - timedelta(seconds=1)) == {}
        assert await said_at(due - LEAD) == {"task_due_soon": 1}
        both = {"task_due_soon": 1, "task_overdue": 1}
        assert await said_at(due) == await said_at(due + timedelta(days=2)) == both
        (told, *_) = (await _heard(bob))["notifications"]
        assert told["data"]["due_date"] == due.isoformat().replace("+00:00", "Z")
        assert told["actor"]["name"] == "System"
        assert (await ada.get(path))["version"] == version  # nobody did anything to the task

        later = due + timedelta(days=10)
        await ada.patch(path, {"due_date": later.isoformat()})
        await _heard(bob, ada)
        assert await said_at(later) == {"task_due_soon": 1, "task_overdue": 2}
    heard = (await _heard(ada, bob))["notifications"]
    assert {each["task_id"] for each in heard} == {task["id"]}


async def test_a_rebuild_finds_the_same_lists_with_their_bundles_and_marks(
    ada: Api, bob: Api, product: Product
) -> None:
    """Of these two, and of everybody whom the tests before have told anything."""
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    await bob.put_204(f"{path}/watch")
    for status in ("in_progress", "in_review", "done"):
        await ada.patch(path, {"status": status})
    first, second = (await _heard(bob, ada))["notifications"]
    assert (first["type"], second["data"]["count"]) == ("task_completed", 2)
    await bob.send("POST", f"/notifications/{first['id']}/read")
    await bob.put_204(
        f"/notifications/{second['id']}/snooze", json={"until": "2100-01-01T00:00:00Z"}
    )
    await bob.send("POST", "/notifications/read-all", {})
    before = [await _heard(bob), await _heard(bob, query="?snoozed=true")]
    async with open_workplace(product.settings, "test") as place:
        rebuild = Rebuild(NOTIFICATIONS_VIEW, place.store, place.sessions, place.nats)
        outcome = await rebuild.run(compare=True)
    assert outcome.comparison is not None
    assert outcome.comparison.differences == []
    assert [await _heard(bob), await _heard(bob, query="?snoozed=true")] == before
