"""The feed of changes over HTTP: in order, whole, resumable, and nobody else's."""

import asyncio
import random
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Union, get_args, get_type_hints

import httpx
import msgspec
import psycopg
import pytest

from domain.aggregates import aggregate_of
from domain.task.state import Task
from domain.values.ids import kind_of
from domain.values.stamp import Stamp
from domain.values.text import Erased
from infra.event_store.event_types import EVENT_TYPES
from infra.feed.told import KINDS, NAMES
from projections.activity import ACTIVITY_VIEW
from tests.api.client import Api
from tests.api.damage import unreadable
from tests.api.product import Product
from tests.infra.processes.conftest import until
from tests.real import Database

_CLASSES = {each.name: each.event for each in EVENT_TYPES}


class Consumer:
    """Follows the feed page by page and folds what it is told."""

    def __init__(self, someone: Api) -> None:
        self._someone = someone
        self.after = 0
        self.told: list[dict[str, Any]] = []
        self.states: dict[str, Any] = {}

    async def follow(self, limit: int, **asked: Any) -> None:
        """Up to the end of the log as it is now."""
        while True:
            params = {"after": self.after, "limit": limit, **asked}
            answer = await self._someone.send("GET", "/events", params=params)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            for event in page["events"]:
                self.take(event)
            assert page["next_after"] >= self.after
            self.after = page["next_after"]
            if len(page["events"]) < limit:
                assert self.after == int(answer.headers["X-Log-Position"])
                return

    def take(self, told: dict[str, Any]) -> None:
        assert not self.told or told["position"] > self.told[-1]["position"]
        self.told.append(told)
        stream, event = told["stream"], _CLASSES[told["type"]]
        stamp = Stamp(
            workspace_id="",
            stream=stream,
            version=told["version"],
            actor=told["actor"]["user_id"],
            recorded_at=datetime.fromisoformat(told["recorded_at"]),
            position=told["position"],
            number=told["data"].get("number"),
        )
        recorded = read_as(event, told["data"])
        state = aggregate_of(stream).evolve(self.states.get(stream), recorded, stamp)
        self.states[stream] = state

    @property
    def tasks(self) -> Mapping[str, Task]:
        return {each: state for each, state in self.states.items() if kind_of(each) == "task"}


def read_as(event: type, data: Mapping[str, Any]) -> Any:
    """The event that the JSON tells of, by the types of its fields."""
    values = {}
    for name, hint in get_type_hints(event).items():
        kinds = [each for each in get_args(hint) if each is not Erased]
        if Erased in get_args(hint):
            hint = Union[tuple(kinds)]  # noqa: UP007 - the members are known only here
        values[name] = msgspec.convert(data[name], hint)
    return event(**values)


def as_answered(task: Task) -> dict[str, Any]:
    """What the feed lets one know of a task, as the API shows it."""
    return {
        "title": task.title,
        "description": task.description,
        "status": task.status,
        "priority_level": task.priority,
        "assignees": list(task.assignee_ids),
        "project_id": task.project_id,
        "key": f"{task.project_key}-{task.number}",
        "parent_task_id": task.parent_task_id,
        "rank": task.rank,
        "version": task.version,
        "trashed": task.trashed,
    }


async def answered(someone: Api) -> dict[str, dict[str, Any]]:
    found = {}
    for trashed in ("false", "true"):
        listed = await someone.get(f"/tasks?limit=1000&trashed={trashed}")
        for task in listed["tasks"]:
            shown = {name: task[name] for name in as_answered_names if name in task}
            shown["assignees"] = [each["user_id"] for each in task["assignees"]]
            shown["trashed"] = task["trashed_at"] is not None
            found[task["id"]] = shown
    return found


as_answered_names = (
    "title", "description", "status", "priority_level", "assignees", "project_id", "key",
    "parent_task_id", "rank", "version",
)  # fmt: skip


async def changed_at_random(someone: Api, chance: random.Random, tasks: list[str]) -> None:
    task_id = chance.choice(tasks)
    match chance.randrange(6):
        case 0:
            await someone.patch(f"/tasks/{task_id}", {"title": f"Title {chance.random()}"})
        case 1:
            body = {"priority": chance.randint(1, 10), "assignee_id": someone.user_id}
            await someone.patch(f"/tasks/{task_id}", body)
        case 2:
            await someone.send("POST", f"/tasks/{task_id}/move", {"project_id": "TWO"})
        case 3:
            await someone.send("POST", f"/tasks/{task_id}/move", {"status": "in_progress"})
        case 4:
            await someone.post(f"/tasks/{task_id}/comments", {"text": "Said"})
        case _:
            await someone.send("PUT", f"/tasks/{task_id}/parent", {"parent_task_id": tasks[0]})


async def test_who_follows_and_folds_has_the_same_tasks(ada: Api) -> None:
    """With pages of any size, stopped and begun again while others write."""
    await ada.project("ONE")
    await ada.project("TWO")
    chance = random.Random(5)
    consumer = Consumer(ada)
    tasks = [(await ada.task(f"Task {n}", project_id="ONE"))["id"] for n in range(8)]
    for limit in (1, 3, 1_000, 2, 50):
        async with asyncio.TaskGroup() as group:
            for _ in range(5):
                group.create_task(changed_at_random(ada, chance, tasks))
            group.create_task(consumer.follow(limit))
    await ada.delete(f"/tasks/{tasks[3]}")
    await consumer.follow(7)
    now = await answered(ada)
    assert {each: as_answered(task) for each, task in consumer.tasks.items()} == now
    again = Consumer(ada)
    await again.follow(1_000)
    assert again.told == consumer.told
    only = Consumer(ada)
    await only.follow(1, types="TaskCreated,CommentAdded.v1")
    wanted = {"TaskCreated.v1", "CommentAdded.v1"}
    assert only.told == [each for each in again.told if each["type"] in wanted]


async def test_an_event_has_the_shape_of_the_contract(ada: Api) -> None:
    await ada.project("ONE")
    task = await ada.task("Written", project_id="ONE", tags=["x"])
    answer = await ada.send("GET", "/events", params={"types": "TaskCreated"})
    (event,) = answer.json()["events"]
    data = event.pop("data")
    assert event == {
        "position": task["position"],
        "stream": task["id"],
        "version": 1,
        "type": "TaskCreated.v1",
        "actor": {"user_id": ada.user_id, "name": ada.user["name"]},
        "recorded_at": task["created_at"],
    }
    assert (data["title"], data["number"], data["project_key"]) == ("Written", 1, "ONE")
    assert (data["due_date"], data["fields"]) == (None, {})
    assert answer.headers["X-Log-Id"]
    for query, pointer in (
        ("types=TaskCraeted", "/query/types"),
        ("types=UserRenamed", "/query/types"),
        ("limit=0", "/query/limit"),
        ("wait=61", "/query/wait"),
        (f"after={10**12}", "/query/after"),
    ):
        problem = await ada.refused(422, "validation-failed", "GET", f"/events?{query}")
        assert [each["pointer"] for each in problem["errors"]] == [pointer]
    batched = {"commands": [{"method": "GET", "path": "/api/v1/events?wait=1"}]}
    assert (await ada.post("/batch", batched))["results"][0]["status"] == 422


async def test_what_somebody_may_not_see_is_never_told_whatever_the_cursor(
    ada: Api, bob: Api
) -> None:
    workspace_id = str(ada.user["default_workspace_id"])
    open_, hush = await ada.project("OPEN"), await ada.project("HUSH", is_private=True)
    await ada.post(f"/workspaces/{workspace_id}/members",
        {"user_id": bob.user_id, "role": "member"})  # fmt: skip
    secret = await ada.task("Secret", project_id="HUSH")
    seen = await ada.task("Seen", project_id="OPEN", depends_on=[secret["id"]])
    await ada.put_204(f"/tasks/{seen['id']}/watch")
    await ada.put_204(f"/tasks/{seen['id']}/favourite")
    await ada.post(f"/tasks/{secret['id']}/comments", {"text": "Hush now"})
    await ada.post(f"/workspaces/{workspace_id}/members", {"email": "who@example.org"})
    await ada.post("/templates", {"name": "Plan", "tasks": [{"title": "One"}]})
    bob.position = ada.position

    async def told(someone: Api, after: int = 0) -> list[dict[str, Any]]:
        params = {"workspace_id": workspace_id, "limit": 1_000, "after": after}
        events: list[dict[str, Any]] = (await someone.get("/events", params=params))["events"]
        return events

    everything = await told(ada)
    kinds = {kind_of(each["stream"]) for each in everything}
    assert kinds == {"ws", "proj", "task", "cmt"}
    assert "who@example.org" not in str(everything)
    bobs = await told(bob)
    assert bobs
    for hidden in (secret["id"], hush["id"], "Secret", "Hush", "HUSH"):
        assert hidden not in str(bobs)
    by_type = {each["type"]: each["data"] for each in bobs if each["stream"] == seen["id"]}
    assert by_type["TaskDependencyAdded.v1"]["task_id"] is None
    assert by_type["TaskBlocked.v1"]["blocked_by"] == []

    moved = await ada.post(f"/tasks/{seen['id']}/move", {"project_id": "HUSH"})
    bob.position = ada.position
    left = [each for each in await told(bob) if each["stream"] == seen["id"]]
    assert [each["type"] for each in left] == ["TaskMovedToProject.v1"]
    assert left[0]["data"] == {
        "was_project_id": open_["id"],
        "was_project_key": "OPEN",
        "was_number": 1,
    }
    half = bobs[len(bobs) // 2]["position"]
    assert "Seen" not in str(await told(bob, half))

    await ada.patch(f"/workspaces/{workspace_id}/members/{bob.user_id}", {"role": "guest"})
    bob.position = ada.position
    assert await told(bob) == []
    await ada.post(f"/projects/{hush['id']}/members", {"user_id": bob.user_id, "role": "viewer"})
    bob.position = ada.position
    assert {each["stream"] for each in await told(bob)} >= {seen["id"], secret["id"], hush["id"]}
    assert open_["id"] not in {each["stream"] for each in await told(bob)}
    await ada.delete(f"/workspaces/{workspace_id}/members/{bob.user_id}")
    bob.position = 0
    path = f"/events?workspace_id={workspace_id}&after={moved['position']}"
    await bob.refused(404, "not-found", "GET", path)


async def test_a_key_is_told_what_it_is_for(ada: Api) -> None:
    await ada.project("ONE")
    await ada.task("Mine", project_id="ONE")
    for scopes, kinds in (
        (["tasks:read"], {"task"}),
        (["tasks:read", "projects:read"], {"ws", "proj", "task"}),
    ):
        key = await ada.post("/api-keys", {"name": "follower", "scopes": scopes})
        follower = ada.with_token(key["key"])
        follower.position = ada.position
        events = (await follower.get("/events?limit=1000"))["events"]
        assert {kind_of(each["stream"]) for each in events} == kinds
    key = await ada.post("/api-keys", {"name": "other", "scopes": ["projects:read"]})
    await ada.with_token(key["key"]).refused(403, "forbidden", "GET", "/events")


async def test_who_waits_is_woken_by_their_own_workspace_alone(
    ada: Api, bob: Api, product: Product
) -> None:
    await ada.project("ONE")
    await bob.project("ONE")
    at = (await ada.get("/events?limit=1000"))["next_after"]
    waiters = product.house.change_waiters
    waiting = asyncio.create_task(ada.get(f"/events?after={at}&wait=20&types=TaskCreated"))
    await until(lambda: waiters.count == 1)
    began = time.monotonic()
    await bob.task("Of somebody else", project_id="ONE")
    await ada.project("TWO")
    assert not waiting.done()
    await ada.task("Wanted", project_id="ONE")
    page = await waiting
    assert time.monotonic() - began < 10
    assert [each["data"]["title"] for each in page["events"]] == ["Wanted"]
    assert page["next_after"] >= page["events"][0]["position"]
    empty = await ada.get(f"/events?after={page['next_after']}&wait=0.05")
    assert empty["events"] == []

    soon = httpx.Timeout(20, read=0.3)
    async with httpx.AsyncClient(base_url=product.base_url, timeout=soon) as impatient:
        with pytest.raises(httpx.ReadTimeout):
            await Api(impatient, ada.issue, ada.token).get("/events?after=" + str(at) + "&wait=20"
                "&types=LabelCreated")  # fmt: skip
    await until(lambda: waiters.count == 0)


async def test_an_event_that_cannot_be_read_is_not_passed_over(
    ada: Api, bob: Api, product: Product, product_database: Database
) -> None:
    await ada.project("ONE")
    broken = await ada.task("Broken", project_id="ONE")
    await ada.task("After it", project_id="ONE")
    await ada.get("/events")  # the view has all of it
    with unreadable(product_database, broken["id"]):
        first, second = (await ada.get("/events?types=TaskCreated"))["events"]
    assert (first["stream"], first["data"], first["unreadable"]) == (broken["id"], None, True)
    assert second["data"]["title"] == "After it"


async def test_the_feed_stops_before_a_parked_stream(
    ada: Api, bob: Api, product_database: Database
) -> None:
    await ada.project("ONE")
    task = await ada.task("Parked", project_id="ONE")
    await ada.task("After it", project_id="ONE")
    with psycopg.connect(product_database.superuser_url) as connection:
        connection.execute(
            "INSERT INTO ops.dead_letters SELECT name, version, generation, %s, %s, %s, 1, 'x'"
            " FROM ops.projection_pointers WHERE name = 'activity'",
            (task["position"], task["workspace_id"], task["id"]),
        )
    try:
        answer = await ada.send("GET", "/events?limit=1000")
        told = answer.json()
        assert task["id"] not in {each["stream"] for each in told["events"]}
        assert told["next_after"] == task["position"] - 1
        assert answer.headers["X-Log-Position"] == str(task["position"] - 1)
        assert answer.headers["X-Stale-Streams"] == task["id"]
        assert "X-Stale-Streams" not in (await bob.send("GET", "/events")).headers
    finally:
        with psycopg.connect(product_database.superuser_url) as connection:
            connection.execute("DELETE FROM ops.dead_letters")
    consumer = Consumer(ada)
    consumer.after = told["next_after"]
    await consumer.follow(1_000)
    assert [each["stream"] for each in consumer.told][:1] == [task["id"]]


def test_every_event_that_is_told_has_its_place_in_the_view() -> None:
    assert set(NAMES) <= set(ACTIVITY_VIEW.folds)
    assert {event for events in KINDS.values() for event in events} == set(NAMES)
