"""What somebody saw, or another tenant has, does not come back: by a cursor, a saved view, a tag
that is still held, a moment of then, a feed gone on with, or an answer that was kept."""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import pytest

from tests.api.client import Api

SECRET: Final = "Needle"

# Each is asked from its beginning, and gone on with; `{...}` are ids of what is to be lost.
PATHS: Final = (
    "/tasks?project_id={project}&limit=1",
    "/tasks?project_id=LOST&limit=1&sort_by=title",
    "/tasks?workspace_id={workspace}&limit=1",
    "/tasks?workspace_id={workspace}&q=needle&limit=1",
    "/tasks?parent_task_id={task}&workspace_id={workspace}",
    "/user/tasks?limit=1",
    "/search?workspace_id={workspace}&q=needle&limit=1",
    "/search?workspace_id={workspace}&query=project%20%3D%20LOST",
    "/views/{view}/tasks?limit=1",
    "/views/{view}",
    "/tasks/{task}",
    "/tasks/LOST-1",
    "/tasks/{task}/comments?limit=1",
    "/tasks/{task}/activity?limit=1",
    "/tasks/{task}/history?limit=1",
    "/tasks/{task}/subtasks",
    "/tasks/{task}/dependencies",
    "/projects/{project}",
    "/projects/{project}/board?cards=1",
    "/projects/{project}/board?cards=1&swimlane=priority",
    "/projects/{project}/board/columns/{column}?limit=1",
    "/projects/{project}/activity?limit=1",
    "/projects/{project}/stats",
    "/projects/{project}/members",
    "/workspaces/{workspace}/activity?limit=1",
    "/users/{owner}/activity?limit=1",
    "/users/me/activity?limit=1",
    "/events?workspace_id={workspace}&after={before}",
    "/notifications?limit=1",
)
TAKES_AS_OF: Final = ("/tasks?project_id", "/tasks/{task}", "/projects/{project}", "/user/tasks")
NOW: Final = re.compile("history|limit")
# Nothing here says when it occurred, so it has always been.
LONG_AGO: Final = "2020-01-01T00:00:00Z"


@dataclass
class Seen:
    """What was asked while it could be seen, with the tags that were given for it."""

    ids: dict[str, str]
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    async def look(self, someone: Api, then: int) -> None:
        """Everything, twice, so that what may be kept is kept; and where each goes on."""
        for path in PATHS:
            filled = path.format(**self.ids)
            for _ in range(2):
                answer = await someone.send("GET", filled)
                assert answer.status_code == 200, (filled, answer.text)
            body = answer.json()
            # That there is nothing may be said again.
            tells = SECRET in named(body)
            self.asked.append((filled, answer.headers.get("ETag") if tells else None))
            cursor = body.get("next_cursor") or next(
                (each["next_cursor"] for each in body.get("columns", ()) if each["next_cursor"]),
                None,
            )
            if cursor is not None and "/board?" not in filled:
                self.asked.append((f"{filled}&cursor={cursor}", None))
            if "/activity" in path or (path.startswith(TAKES_AS_OF) and not NOW.search(path)):
                sign = "&" if "?" in filled else "?"
                for moment in (f"{then}", f"{LONG_AGO}&clock=occurred"):
                    await self._ask_then(someone, f"{filled}{sign}as_of={moment}")

    async def _ask_then(self, someone: Api, path: str) -> None:
        """The same as of a moment, and where it goes on."""
        answer = await someone.send("GET", path)
        assert answer.status_code in (200, 422), (path, answer.text)
        if "/activity" in path:
            assert SECRET in named(answer.json()) or "/users/me" in path, path
        self.asked.append((path, None))
        cursor = answer.json().get("next_cursor")
        if cursor is not None and "/board?" not in path:
            self.asked.append((f"{path}&cursor={cursor}", None))


def named(body: Any) -> str:
    """All that an answer says, but for the path that was asked."""
    return str({key: value for key, value in body.items() if key != "instance"})


async def lost(someone: Api, seen: Seen) -> list[Any]:
    """Requests that still tell something of it."""
    tell = []
    for path, tag in seen.asked:
        headers = {} if tag is None else {"If-None-Match": tag}
        for _ in range(2):
            answer = await someone.send("GET", path, headers=headers)
            if answer.status_code == 304:
                tell.append((path, 304))
                continue
            assert answer.status_code in (200, 404, 422), (path, answer.text)
            said = named(answer.json())
            hidden = (SECRET, seen.ids["task"], seen.ids["below"], seen.ids["comment"])
            if any(each in said for each in hidden):
                tell.append((path, answer.status_code, said[:200]))
    return tell


@pytest.fixture
async def seen(ada: Api, bob: Api) -> Seen:
    """Something of Ada's that Bob could see and was told of."""
    workspace = await ada.post("/workspaces", {"name": "Shared"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("LOST", workspace_id=workspace["id"])
    task = await ada.task(
        f"{SECRET} one", project_id=project["id"], assignee_ids=[bob.user_id], description=SECRET
    )
    below = await ada.task(
        f"{SECRET} two", project_id=project["id"], parent_task_id=task["id"],
        assignee_ids=[bob.user_id],
    )  # fmt: skip
    await ada.post(f"/tasks/{task['id']}/dependencies", {"blocks_task_id": below["id"]})
    comment = await ada.post(f"/tasks/{task['id']}/comments", {"text": f"{SECRET} said"})
    await ada.post(f"/tasks/{task['id']}/comments", {"text": f"{SECRET} again"})
    await ada.patch(f"/tasks/{task['id']}", {"title": f"{SECRET} three"})
    view = await ada.post("/views", {"name": SECRET, "project_id": project["id"]})
    bob.position = ada.position
    board = await bob.get(f"/projects/{project['id']}/board")
    found = Seen(
        {
            "workspace": workspace["id"],
            "project": project["id"],
            "task": task["id"],
            "below": below["id"],
            "comment": comment["id"],
            "view": view["id"],
            "column": board["columns"][0]["id"],
            "owner": ada.user_id,
            "before": str(workspace.get("position", 0)),
        }
    )
    await found.look(bob, ada.position)
    return found


async def test_who_left_the_workspace_is_shown_nothing_that_they_saw(
    ada: Api, bob: Api, seen: Seen
) -> None:
    assert await lost(bob, seen) != []
    await ada.delete(f"/workspaces/{seen.ids['workspace']}/members/{bob.user_id}")
    bob.position = ada.position
    assert await lost(bob, seen) == []


async def test_who_is_kept_out_of_a_project_is_shown_nothing_that_they_saw_there(
    ada: Api, bob: Api, seen: Seen
) -> None:
    await ada.patch(f"/projects/{seen.ids['project']}", {"is_private": True})
    bob.position = ada.position
    assert await lost(bob, seen) == []
    await ada.post(
        f"/projects/{seen.ids['project']}/members", {"user_id": bob.user_id, "role": "viewer"}
    )
    bob.position = ada.position
    assert await lost(bob, seen) != []


async def test_cursors_tags_and_views_of_another_tenant_are_worth_nothing(
    nobody: Api, ada: Api, seen: Seen
) -> None:
    eve = await nobody.register()
    mine = await eve.project("LOST")
    await eve.task("Mine", project_id=mine["id"])
    eve.position = max(eve.position, ada.position)
    assert await lost(eve, seen) == []
    # A cursor names a place in an order, and shows there what its bearer may see.
    assert len(seen.asked) > len(PATHS) + 5
