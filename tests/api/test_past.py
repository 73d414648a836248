"""As of a moment: the answers of then, for who may ask today."""

import asyncio
from typing import Any, Final
from urllib.parse import quote

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.api.client import Api, pointers
from tests.api.product import Product

STATUSES: Final = ("todo", "in_progress", "in_review", "done", "cancelled")
LATER: Final = "2999-01-01T00:00:00Z"

numbers = st.integers(0, 5)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("make"), numbers, numbers),
        st.tuples(st.just("edit"), numbers, st.sampled_from(["title", "description", "priority"])),
        st.tuples(st.just("tags"), numbers, st.sampled_from([["red"], ["red", "blue"], []])),
        st.tuples(st.just("assign"), numbers, st.sampled_from(["me", None])),
        st.tuples(st.just("status"), numbers, st.sampled_from(STATUSES)),
        st.tuples(st.just("rank"), numbers, numbers),
        st.tuples(st.just("parent"), numbers, numbers),
        st.tuples(st.just("block"), numbers, numbers),
        st.tuples(st.just("comment"), numbers, st.booleans()),
        st.tuples(st.just("trash"), numbers, st.booleans()),
        st.tuples(st.just("project"), numbers, st.sampled_from(["name", "move", "workflow"])),
        st.tuples(st.just("member"), numbers, st.sampled_from(["POST", "PATCH", "DELETE"])),
    ),
    min_size=5,
    max_size=9,
)


class Past:
    """A project and what happens in it, with what could be seen after each change."""

    def __init__(self, me: Api, other: Api, home: str, away: str) -> None:
        self.me, self.other, self.home, self.away = me, other, home, away
        self.tasks: list[str] = []
        self.comments: list[str] = []
        self.seen: dict[int, dict[str, Any]] = {}

    async def look(self, as_of: str = "") -> dict[str, Any]:
        """Everything that can be asked, by path; what was not there is its status."""
        workspace = self.me.user["default_workspace_id"]
        asked = [
            f"/tasks?project_id={self.home},{self.away}&sort_by=rank",
            "/tasks?trashed=true&sort=-updated_at",
            "/tasks?status=open&tags=red",
            f"/tasks?query={quote('status in (open, done) ORDER BY priority')}",
            f"/projects/{self.home}/board?swimlane=label",
            f"/projects/{self.away}/board?",
            f"/projects/{self.home}/stats?",
            f"/projects/{self.home}?",
            f"/projects/{self.home}/workflow?",
            f"/projects/{self.home}/members?",
            f"/workspaces/{workspace}/members?",
            f"/projects/{self.home}/activity?limit=1000",
            *(f"/tasks/{task}?trashed=true" for task in self.tasks),
        ]
        told = {}
        for path in asked:
            answer = await self.me.send("GET", f"{path}&{as_of}" if as_of else path)
            assert answer.status_code in (200, 404), answer.text
            told[path] = shape(answer.json()) if answer.status_code == 200 else 404
        return told

    async def do(self, kind: str, number: int, how: Any) -> None:
        me = self.me
        if kind == "make" or not self.tasks:
            parent = self.task(number) if self.tasks and how == 1 else None
            body = {"title": f"Task {number}", "project_id": self.home, "parent_task_id": parent}
            self.tasks.append((await me.post("/tasks", body))["id"])
            return
        task, other = f"/tasks/{self.task(number)}", self.task(how if how in range(6) else 0)
        match kind:
            case "edit":
                value = number + 1 if how == "priority" else f"{how} {len(self.seen)}"
                await me.send("PATCH", task, {how: value})
            case "tags" | "assign":
                name = "tags" if kind == "tags" else "assignee_id"
                value = me.user_id if how == "me" else how
                await me.send("PATCH", task, {name: value, "title": f"By {kind}"})
            case "status":
                await me.send("PATCH", task, {"status": how})
            case "rank":
                await me.send("POST", f"{task}/move", {"after": other})
            case "parent":
                await me.send("PUT", f"{task}/parent", {"parent_task_id": other})
            case "block":
                await me.send("POST", f"{task}/dependencies", {"blocks_task_id": other})
            case "comment" if how or not self.comments:
                answer = await me.send("POST", f"{task}/comments", {"text": "Said"})
                self.comments += [answer.json()["id"]] if answer.status_code == 201 else []
            case "comment":
                await me.send("DELETE", f"/comments/{self.comments[-1]}")
            case "trash":
                path = f"{task}/restore" if how else task
                await me.send("POST" if how else "DELETE", path)
            case "project" if how == "move":
                await me.send("POST", f"{task}/move", {"project_id": self.away})
            case "project" if how == "workflow":
                path = f"/projects/{self.home}/workflow"
                workflow = await me.get(path)
                category = ["done", "in_progress"][number % 2]
                workflow["statuses"][2] |= {"category": category, "name": f"Looked at {number}"}
                await me.send("PUT", path, {k: workflow[k] for k in ("statuses", "transitions")})
            case "project":
                await me.send("PATCH", f"/projects/{self.home}", {"name": f"Named {number}"})
            case _:
                path = f"/projects/{self.home}/members"
                body = {"user_id": self.other.user_id, "role": ["viewer", "admin"][number % 2]}
                if how == "PATCH":
                    body.pop("user_id")
                path += "" if how == "POST" else f"/{self.other.user_id}"
                await me.send(how, path, None if how == "DELETE" else body)

    def task(self, number: int) -> str:
        return self.tasks[number % len(self.tasks)]


def shape(body: Any) -> Any:
    """An answer without where it stands in the log, and where a list goes on."""
    if "task_id" in body:
        return body
    return {name: value for name, value in body.items() if name not in {"position", "next_cursor"}}


@settings(
    max_examples=3,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(steps=steps)
def test_a_position_shows_what_was_seen_when_the_log_stood_there(
    product: Product, steps: list[tuple[str, int, Any]]
) -> None:
    async def live() -> None:
        async with httpx.AsyncClient(base_url=product.base_url, timeout=20) as client:
            nobody = Api(client, product.house.access_tokens.issue)
            me, other = await nobody.register(), await nobody.register()
            workspace = me.user["default_workspace_id"]
            await me.post(f"/workspaces/{workspace}/members", {"user_id": other.user_id})
            home, away = await me.project("HOME"), await me.project("AWAY")
            past = Past(me, other, home["id"], away["id"])
            for step in steps:
                await past.do(*step)
                past.seen[me.position] = await past.look()
            for position, seen in past.seen.items():
                then = await past.look(f"as_of={position}")
                for path, answer in seen.items():
                    assert then[path] == answer, (path, position)

    asyncio.run(live())


async def test_a_feed_of_then_names_what_is_in_the_trash_only_now(ada: Api) -> None:
    parent, task = await ada.task("Above"), await ada.task("Below")
    await ada.put(f"/tasks/{task['id']}/parent", {"parent_task_id": parent["id"]})
    before, path = ada.position, f"/tasks/{task['id']}/activity?action=parent_changed"
    seen = (await ada.get(path))["activities"]
    assert seen[0]["changes"]["new_value"] == parent["id"]
    await ada.put(f"/tasks/{task['id']}/parent", {"parent_task_id": None})
    await ada.delete(f"/tasks/{parent['id']}")
    assert (await ada.get(f"{path}&as_of={before}"))["activities"] == seen


async def test_a_time_is_the_last_position_that_was_recorded_by_it(ada: Api) -> None:
    task = await ada.task("Before", priority=5)
    before = ada.position
    await ada.patch(f"/tasks/{task['id']}", {"title": "After", "priority": 1, "tags": ["x"]})
    entries = (await ada.get(f"/tasks/{task['id']}/activity"))["activities"]
    at = entries[0]["timestamp"]
    assert [each["timestamp"] for each in entries[:3]] == [at] * 3  # one commit, one microsecond
    then = await ada.send("GET", f"/tasks/{task['id']}?as_of={at}")
    assert (then.json()["title"], then.json()["tags"]) == ("After", ["x"])
    assert int(then.headers["X-Log-Position"]) == ada.position
    just_before = entries[3]["timestamp"]
    then = await ada.send("GET", f"/tasks/{task['id']}?as_of={just_before}")
    assert then.json()["title"] == "Before"
    assert int(then.headers["X-Log-Position"]) == before
    assert then.headers["ETag"].startswith('"1-')
    answer = await ada.send(
        "PATCH",
        f"/tasks/{task['id']}",
        {"title": "Late"},
        headers={"If-Match": then.headers["ETag"]},
    )
    assert answer.status_code == 412


async def test_what_was_not_there_yet_is_not_found(ada: Api) -> None:
    before = ada.position
    project = await ada.project("NEW")
    task = await ada.task("New", project_id=project["id"])
    workspace = await ada.post("/workspaces", {"name": "New"})
    for path in (
        f"/workspaces/{workspace['id']}/activity",
        f"/tasks/{task['id']}",
        f"/tasks/{task['id']}/activity",
        f"/projects/{project['id']}",
        f"/projects/{project['id']}/board",
        f"/projects/{project['id']}/stats",
        f"/projects/{project['id']}/members",
    ):
        for as_of in (str(before), "0", "1999-01-01T00:00:00Z"):
            await ada.refused(404, "not-found", "GET", f"{path}?as_of={as_of}")
    for as_of in (str(before), "0", "1999-01-01T00:00:00Z"):
        assert (await ada.get(f"/tasks?as_of={as_of}"))["tasks"] == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("as_of=yesterday", "as_of"),
        ("as_of=2024-01-01T00:00:00", "as_of"),
        ("as_of=99999999999999999999", "as_of"),
        (f"as_of={LATER}", "as_of"),
        (f"as_of={LATER}&clock=occurred", "as_of"),
        ("clock=recorded", "clock"),
        ("as_of=1&clock=occurred", "as_of"),
        ("as_of=1&clock=sundial", "clock"),
        (f"as_of=1&query={quote('status WAS done')}", "as_of"),
    ],
)
async def test_what_is_no_moment_is_refused(ada: Api, query: str, pointer: str) -> None:
    problem = await ada.refused(422, "validation-failed", "GET", f"/tasks?{query}")
    assert pointers(problem) == [f"/query/{pointer}"]


async def test_a_day_is_no_moment_and_only_where_it_would_be_taken_is_it_asked_for(
    ada: Api,
) -> None:
    then = await ada.refused(422, "validation-failed", "GET", "/tasks?as_of=2024-01-01")
    due = await ada.refused(422, "validation-failed", "GET", "/tasks?due_before=soon")
    assert "YYYY-MM-DD" not in then["detail"]
    assert "YYYY-MM-DD" in due["detail"]


async def test_a_cursor_goes_on_in_its_own_moment_only(ada: Api) -> None:
    for number in range(5):
        await ada.task(f"Task {number}")
    then = ada.position
    await ada.task("Later")
    page = await ada.send("GET", f"/tasks?limit=2&as_of={then}")
    titles = [task["title"] for task in page.json()["tasks"]]
    while "next" in page.links:
        page = await ada.send("GET", "!" + page.links["next"]["url"])
        titles += [task["title"] for task in page.json()["tasks"]]
        assert int(page.headers["X-Log-Position"]) == then
    assert titles == [f"Task {number}" for number in (4, 3, 2, 1, 0)]
    cursor = (await ada.get(f"/tasks?limit=2&as_of={then}"))["next_cursor"]
    for other in (f"&as_of={then - 1}", ""):
        problem = await ada.refused(
            422, "validation-failed", "GET", f"/tasks?limit=2&cursor={cursor}{other}"
        )
        assert pointers(problem) == ["/query/cursor"]


async def test_the_past_is_for_those_who_may_see_the_present(ada: Api, bob: Api) -> None:
    """What was shared then and is not today is as if it had never been."""
    workspace = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    open_, closed = await ada.project("OPEN"), await ada.project("SHUT")
    task = await ada.task("Shared", project_id=closed["id"])
    stays = await ada.task("Stays", project_id=open_["id"])
    goes = await ada.task("Goes", project_id=open_["id"])
    await ada.post(f"/tasks/{goes['id']}/dependencies", {"blocks_task_id": stays["id"]})
    then = bob.position = ada.position
    assert (await bob.get(f"/tasks/{task['id']}?as_of={then}"))["title"] == "Shared"
    await ada.patch(f"/projects/{closed['id']}", {"is_private": True})
    await ada.post(f"/tasks/{goes['id']}/move", {"project_id": closed["id"]})
    bob.position = ada.position

    for path in (
        f"/tasks/{task['id']}",
        f"/tasks/{task['id']}/activity",
        f"/tasks/{goes['id']}",
        f"/projects/{closed['id']}",
        f"/projects/{closed['id']}/board",
        f"/projects/{closed['id']}/stats",
        f"/projects/{closed['id']}/members",
    ):
        await bob.refused(404, "not-found", "GET", f"{path}?as_of={then}")
    listed = await bob.get(f"/tasks?workspace_id={workspace}&as_of={then}")
    assert [each["title"] for each in listed["tasks"]] == ["Stays"]
    assert (await bob.get(f"/tasks/{stays['id']}?as_of={then}"))["blocked_by"] == []
    board = await bob.get(f"/projects/{open_['id']}/board?as_of={then}")
    assert [card["title"] for card in board["columns"][0]["cards"]] == ["Stays"]
    assert (await bob.get(f"/projects/{open_['id']}/stats?as_of={then}"))["total_tasks"] == 1
    whole = await ada.get(f"/projects/{open_['id']}/board?as_of={then}")
    assert [card["title"] for card in whole["columns"][0]["cards"]] == ["Stays", "Goes"]

    # Out of the private project into the open one: what it was there stays there.
    hidden = ada.position
    await ada.post(f"/tasks/{goes['id']}/move", {"project_id": open_["id"]})
    bob.position = ada.position
    assert (await bob.get(f"/tasks/{goes['id']}?as_of={then}"))["title"] == "Goes"
    await bob.refused(404, "not-found", "GET", f"/tasks/{goes['id']}?as_of={hidden}")

    await ada.delete(f"/workspaces/{workspace}/members/{bob.user_id}")
    bob.position = ada.position
    for path in (
        f"/tasks/{stays['id']}",
        f"/projects/{open_['id']}/board",
        f"/workspaces/{workspace}/members",
        f"/workspaces/{workspace}/activity",
    ):
        await bob.refused(404, "not-found", "GET", f"{path}?as_of={then}")
    listed = await bob.get(f"/tasks?workspace_id={workspace}&as_of={then}")
    assert listed["tasks"] == []


async def test_members_who_left_are_there_again_by_the_names_of_today(ada: Api, bob: Api) -> None:
    workspace = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    then = ada.position
    await ada.delete(f"/workspaces/{workspace}/members/{bob.user_id}")
    await bob.patch("/users/me", {"name": "Robert"})
    ada.position = max(ada.position, bob.position)
    path = f"/workspaces/{workspace}/members"
    assert len((await ada.get(path))["members"]) == 1
    then_there = (await ada.get(f"{path}?as_of={then}"))["members"]
    assert [each["name"] for each in then_there][1:] == ["Robert"]
