"""Two tenants never meet: every call with another's ids answers as with ids that never were."""

from typing import Any

import pytest

from infra.ids import new_id
from tests.api.client import Api

_FRESH = {
    "{task}": "task",
    "{project}": "proj",
    "{workspace}": "ws",
    "{comment}": "cmt",
    "{user}": "user",
}

_WORKFLOW = {"initial": "a", "statuses": [{"key": "a", "name": "A", "category": "todo"}]}
_COLUMNS = {"columns": [{"name": "A", "statuses": ["todo"]}]}

# Every call that has an id in its path: with the body that it takes.
_CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/tasks/{task}", None),
    ("GET", "/tasks/{task}?trashed=true", None),
    ("PATCH", "/tasks/{task}", {"title": "Mine"}),
    ("PATCH", "/tasks/{task}", {"id": "{task}"}),
    ("PUT", "/tasks/{task}", {"title": "Mine"}),
    ("DELETE", "/tasks/{task}", None),
    ("POST", "/tasks/{task}/restore", None),
    ("POST", "/tasks/{task}/move", {"status": "done"}),
    ("GET", "/tasks/{task}/transitions", None),
    ("POST", "/tasks/{task}/undo", {"position": 1}),
    ("GET", "/tasks/{task}/history", None),
    ("GET", "/tasks/{task}/comments", None),
    ("POST", "/tasks/{task}/comments", {"text": "Mine"}),
    ("GET", "/tasks/{task}/activity", None),
    ("GET", "/comments/{comment}", None),
    ("PATCH", "/comments/{comment}", {"text": "Mine"}),
    ("PATCH", "/comments/{comment}", {"id": "{comment}"}),
    ("DELETE", "/comments/{comment}", None),
    ("POST", "/comments/{comment}/restore", None),
    ("GET", "/comments/{comment}/history", None),
    ("PUT", "/comments/{comment}/reactions/{emoji}", None),
    ("DELETE", "/comments/{comment}/reactions/{emoji}", None),
    ("GET", "/projects/{project}", None),
    ("PATCH", "/projects/{project}", {"name": "Mine"}),
    ("DELETE", "/projects/{project}", None),
    ("POST", "/projects/{project}/restore", None),
    ("GET", "/projects/{project}/members", None),
    ("POST", "/projects/{project}/members", {"user_id": "{me}"}),
    ("PATCH", "/projects/{project}/members/{user}", {"role": "viewer"}),
    ("DELETE", "/projects/{project}/members/{user}", None),
    ("GET", "/projects/{project}/workflow", None),
    ("PUT", "/projects/{project}/workflow", _WORKFLOW),
    ("GET", "/projects/{project}/columns", None),
    ("PUT", "/projects/{project}/columns", _COLUMNS),
    ("GET", "/projects/{project}/types", None),
    ("PUT", "/projects/{project}/types", {"types": [{"key": "task", "name": "Task"}]}),
    ("GET", "/projects/{project}/stats", None),
    ("GET", "/projects/{project}/fields", None),
    ("PUT", "/projects/{project}/fields", {"fields": []}),
    ("GET", "/projects/{project}/board", None),
    ("GET", "/projects/{project}/board/columns/{column}", None),
    ("GET", "/projects/{project}/activity", None),
    ("GET", "/workspaces/{workspace}", None),
    ("PATCH", "/workspaces/{workspace}", {"name": "Mine"}),
    ("GET", "/workspaces/{workspace}/members", None),
    ("POST", "/workspaces/{workspace}/members", {"user_id": "{me}"}),
    ("PATCH", "/workspaces/{workspace}/members/{user}", {"role": "guest"}),
    ("DELETE", "/workspaces/{workspace}/members/{user}", None),
    ("GET", "/workspaces/{workspace}/activity", None),
    ("DELETE", "/auth/sessions/{session}", None),
    ("GET", "/users/{user}", None),
    ("GET", "/users/{user}/activity", None),
]


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
        "{emoji}": "\U0001f44d",
    }


def _filled(template: Any, ids: dict[str, str]) -> Any:
    if isinstance(template, str):
        for name, value in ids.items():
            template = template.replace(name, value)
        return template
    if isinstance(template, dict):
        return {name: _filled(value, ids) for name, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, ids) for value in template]
    return template


async def test_every_path_of_anothers_is_as_if_it_never_was(
    bob: Api, theirs: dict[str, str]
) -> None:
    fresh = {name: new_id(kind) for name, kind in _FRESH.items()}
    fresh["{column}"] = new_id("col")
    fresh["{emoji}"] = "\U0001f44d"
    wrong = []
    for method, path, body in _CALLS:
        answers = []
        for ids in ({**theirs, "{me}": bob.user_id}, {**fresh, "{me}": bob.user_id}):
            answer = await bob.send(method, _filled(path, ids), _filled(body, ids))
            problem = answer.json()
            problem.pop("request_id")
            problem.pop("instance")
            answers.append((answer.status_code, problem))
        if answers[0] != answers[1] or answers[0][0] != 404:
            wrong.append((method, path, answers))
    assert wrong == []


async def test_every_described_path_with_an_id_is_in_the_matrix(nobody: Api) -> None:
    document = await nobody.get("!/api/openapi.json")
    tried = {
        (method.lower(), path.split("?")[0].replace("{", "").replace("}", ""))
        for method, path, _ in _CALLS
    }
    for path, operations in document["paths"].items():
        for method in operations:
            if "{" in path:
                plain = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
                assert (method, plain.replace("_id", "")) in tried, f"{method} {path}"


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
