"""Two tenants never meet, in cases that say why; every route is walked by `test_matrix`."""

import pytest

from infra.ids import new_id
from tests.api.client import Api


@pytest.fixture
async def theirs(ada: Api, bob: Api) -> dict[str, str]:
    """Ids of things of Ada's, who shares no workspace with Bob."""
    project = await ada.project("SECRET")
    task = await ada.task("Secret", project_id=project["id"])
    comment = await ada.post(f"/tasks/{task['id']}/comments", {"text": "Secret"})
    columns = await ada.get(f"/projects/{project['id']}/columns")
    bob.position = ada.position
    return {
        "{task}": task["id"],
        "{project}": project["id"],
        "{workspace}": project["workspace_id"],
        "{comment}": comment["id"],
        "{user}": ada.user_id,
        "{column}": columns["columns"][0]["id"],
    }


async def test_ids_of_another_in_bodies_are_422_at_their_pointer(
    ada: Api, bob: Api, theirs: dict[str, str]
) -> None:
    mine = await bob.task()
    fresh = new_id("user")
    for body, pointer in (
        ({"title": "x", "project_id": theirs["{project}"]}, "/project_id"),
        ({"title": "x", "project_id": "SECRET"}, "/project_id"),
        ({"title": "x", "assignee_id": theirs["{user}"]}, "/assignee_id"),
        ({"title": "x", "assignee_ids": [bob.user_id, fresh]}, "/assignee_ids/1"),
    ):
        problem = await bob.refused(422, "validation-failed", "POST", "/tasks", body)
        assert [each["pointer"] for each in problem["errors"]] == [pointer]
    comments = f"/tasks/{mine['id']}/comments"
    for path, body, pointer in (
        (f"/tasks/{mine['id']}/move", {"after": theirs["{task}"]}, "/after"),
        (comments, {"text": "x", "reply_to": theirs["{comment}"]}, "/reply_to"),
        (comments, {"text": "x", "mentions": [ada.user_id]}, "/mentions/0"),
        ("/projects", {"name": "x", "workspace_id": theirs["{workspace}"]}, "/workspace_id"),
        ("/projects", {"name": "x", "owner_id": ada.user_id}, "/owner_id"),
    ):  # fmt: skip
        problem = await bob.refused(422, "validation-failed", "POST", path, body)
        assert [each["pointer"] for each in problem["errors"]] == [pointer]


async def test_ids_of_another_in_filters_match_nothing(bob: Api, theirs: dict[str, str]) -> None:
    for query in (
        f"project_id={theirs['{project}']}",
        "project_id=SECRET",
        f"workspace_id={theirs['{workspace}']}",
        f"assignee_id={theirs['{user}']}",
        "q=secret",
        f"workspace_id={theirs['{workspace}']},{bob.user['default_workspace_id']}",
    ):
        assert (await bob.get(f"/tasks?{query}"))["tasks"] == [], query
    listed = await bob.get(f"/projects?workspace_id={theirs['{workspace}']}")
    assert listed["projects"] == []


async def test_a_private_project_is_hidden_from_the_workspace(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    open_one = await ada.project("OPEN", workspace_id=workspace["id"])
    hidden = await ada.project("HIDE", workspace_id=workspace["id"], is_private=True)
    task = await ada.task("Hidden", project_id=hidden["id"])
    bob.position = ada.position
    assert [p["key"] for p in (await bob.get("/projects"))["projects"]] == ["OPEN", "ME"]
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
    await bob.refused(404, "not-found", "GET", "/projects/HIDE/board")
    assert (await bob.get(f"/tasks?workspace_id={workspace['id']}"))["tasks"] == []
    feed = await bob.get(f"/workspaces/{workspace['id']}/activity")
    assert hidden["id"] not in {each["entity_id"] for each in feed["activities"]}
    await ada.post(f"/projects/{hidden['id']}/members", {"user_id": bob.user_id, "role": "viewer"})
    assert (await bob.get(f"/tasks/{task['id']}"))["title"] == "Hidden"
    await bob.refused(403, "forbidden", "PATCH", f"/tasks/{task['id']}", {"title": "Mine"})
    await ada.delete(f"/projects/{hidden['id']}/members/{bob.user_id}")
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
    assert open_one["id"] != hidden["id"]


async def test_who_was_put_out_sees_nothing_from_that_moment(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    members = f"/workspaces/{workspace['id']}/members"
    await ada.post(members, {"user_id": bob.user_id})
    project = await ada.project("OURS", workspace_id=workspace["id"])
    task = await ada.task("Ours", project_id=project["id"])
    bob.position = ada.position
    listing = f"/tasks?project_id={project['id']}"
    assert len((await bob.get(listing))["tasks"]) == 1
    bob.position = 0
    await ada.delete(f"{members}/{bob.user_id}")
    assert (await bob.get(listing))["tasks"] == []
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
    await bob.refused(404, "not-found", "GET", f"/projects/{project['id']}/board")
