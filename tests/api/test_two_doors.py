"""Two products over one log: who races through both meets the same rules."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from random import Random
from typing import Any

import httpx
import pytest

from domain.task.state import TASK
from tests.api.client import Api
from tests.api.product import Product, served, settings_of
from tests.real import Database, Parts


@pytest.fixture(scope="module")
def second(parts: Parts, product: Product, product_database: Database) -> Iterator[Product]:
    """Another one over the same database; the first one's views follow the log for both."""
    with served(settings_of(parts, product_database), views=False) as running:
        yield running


@pytest.fixture
async def doors(ada: Api, second: Product) -> AsyncIterator[tuple[Api, Api]]:
    async with httpx.AsyncClient(base_url=second.base_url, timeout=20) as client:
        other = Api(client, second.house.access_tokens.issue)
        other.user, other.token = ada.user, ada.token
        yield ada, other


async def limited(ada: Api, key: str, **changes: Any) -> dict[str, Any]:
    """A project whose column of `in_progress` has these limits."""
    project = await ada.project(key)
    path = f"/projects/{project['id']}/columns"
    columns = (await ada.get(path))["columns"]
    columns[1] |= changes.pop("limits")
    await ada.put(path, {"columns": columns, **changes})
    return project


async def test_nobody_gets_past_a_limit_through_either_door(doors: tuple[Api, Api]) -> None:
    ada, _ = doors
    await limited(ada, "WIP", limits={"wip_limit": 5})
    waiting = [(await ada.task(project_id="WIP"))["id"] for _ in range(8)]

    async def enter(nth: int) -> str:
        door = doors[nth % 2]
        if nth % 3:
            answer = await door.send(
                "POST", "/tasks", {"title": "New", "project_id": "WIP", "status": "in_progress"}
            )
        else:
            path = f"/tasks/{waiting[nth // 3]}/move"
            answer = await door.send("POST", path, {"status": "in_progress"})
        return "in" if answer.is_success else str(answer.json()["code"])

    outcomes = Counter(await asyncio.gather(*(enter(nth) for nth in range(24))))
    assert outcomes == {"in": 5, "wip-limit-reached": 19}
    board = await ada.get("/projects/WIP/board", headers={"X-Min-Log-Position": str(
        max(door.position for door in doors))})  # fmt: skip
    assert [column["count"] for column in board["columns"]][1] == 5


async def test_fifty_who_drag_in_one_column_end_with_one_order(
    doors: tuple[Api, Api], product: Product
) -> None:
    ada, _ = doors
    await ada.project("DRAG")
    cards = [(await ada.task(f"T{n}", project_id="DRAG"))["id"] for n in range(20)]
    random = Random(50)

    async def drag(nth: int) -> int:
        moving, beside = random.sample(cards, 2)
        where = {random.choice(["before", "after"]): beside}
        answer = await doors[nth % 2].send("POST", f"/tasks/{moving}/move", where)
        return answer.status_code

    answers = Counter(await asyncio.gather(*(drag(nth) for nth in range(50))))
    assert set(answers) <= {200, 409}
    assert answers[409] <= 10
    states = [await product.do(product.house.executor.states.read(TASK, card)) for card in cards]
    ranked = sorted((state.rank, state.task_id) for state in states if state is not None)
    assert len({rank for rank, _ in ranked}) == 20
    position = str(max(door.position for door in doors))
    for door in doors:
        board = await door.get("/projects/DRAG/board", headers={"X-Min-Log-Position": position})
        assert [(c["rank"], c["id"]) for c in board["columns"][0]["cards"]] == ranked


async def test_a_limit_of_lanes_is_counted_as_the_project_says(ada: Api) -> None:
    await limited(ada, "LANE", limits={"wip_limit": 3, "lane_wip_limit": 1}, swimlane="label")

    async def doing(*tags: str) -> dict[str, Any]:
        return {"title": "T", "project_id": "LANE", "status": "in_progress", "tags": list(tags)}

    await ada.post("/tasks", await doing("red"))
    body = await doing("red", "blue")
    told = await ada.refused(409, "wip-limit-reached", "POST", "/tasks", body)
    assert (told["limit"], told["count"], told["lane"]) == (1, 1, "red")
    await ada.post("/tasks", await doing("blue"))
    await ada.post("/tasks", await doing())
    told = await ada.refused(409, "wip-limit-reached", "POST", "/tasks", await doing("green"))
    assert (told["limit"], told["count"], told["column"]["name"]) == (3, 3, "In progress")
    columns = await ada.get("/projects/LANE/columns")
    assert (columns["swimlane"], columns["columns"][1]["lane_wip_limit"]) == ("label", 1)
    wrong = {"columns": columns["columns"], "swimlane": "colour"}
    await ada.refused(422, "validation-failed", "PUT", "/projects/LANE/columns", wrong)


async def test_what_ends_at_one_door_has_ended_at_the_other_though_that_asks_nobody(
    doors: tuple[Api, Api], second: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing(age: object) -> None:
        """What is asked for twice a second finds nothing."""

    monkeypatch.setattr(second.house.revocations, "_take", nothing)
    ada, other = doors
    await ada.log_in(ada.user["username"])
    other.token = ada.token
    key = await ada.post("/api-keys", {"name": "CI", "scopes": ["tasks:read"]})
    holder = other.with_token(key["key"])
    await other.get("/auth/sessions")
    await holder.get("/tasks")
    await ada.delete(f"/api-keys/{key['key_id']}")
    assert (await ada.send("POST", "/auth/logout")).status_code == 204
    until = time.monotonic() + 20
    for caller, path in ((holder, "/tasks"), (other, "/auth/sessions")):
        while (await caller.send("GET", path)).status_code != 401:
            assert time.monotonic() < until, "what has ended goes on elsewhere"
            await asyncio.sleep(0.01)
