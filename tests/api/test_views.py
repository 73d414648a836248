"""Saved views through the served product: whose they are, what they find, and for whom."""

from typing import Any

from tests.api.client import Api, pointers
from tests.api.test_query_language import Team
from tests.api.test_query_language import team as team

REVIEW: dict[str, Any] = {
    "name": "Mine, by day",
    "query": "assignee = me ORDER BY due",
    "filters": {"status": ["open"], "priority": "high"},
}


async def found(reader: Api, view_id: str) -> list[str]:
    return [each["title"] for each in (await reader.get(f"/views/{view_id}/tasks"))["tasks"]]


async def test_a_shared_view_finds_for_each_what_they_may_see(team: Team) -> None:
    ada, bob = team.ada, team.bob
    secret = await ada.project("DARK", workspace_id=team.workspace_id, is_private=True)
    for number, (project_id, whose) in enumerate(
        [(team.web, ada), (team.web, bob), (secret["id"], ada)]
    ):
        await ada.task(
            f"T{number}", project_id=project_id, assignee_id=whose.user_id, priority="high",
            due_date=f"2031-01-0{9 - number}",
        )  # fmt: skip
    view = await ada.post("/views", {**REVIEW, "project_id": team.web})
    assert (view["visibility"], view["project_id"]) == ("project", team.web)
    assert view["filters"] == {"status": ["open"], "priority": ["high"]}
    assert await found(ada, view["id"]) == ["T2", "T0"]
    bob.position = ada.position
    assert (await bob.get(f"/views/{view['id']}"))["owner"]["name"] == ada.user["name"]
    assert await found(bob, view["id"]) == ["T1"]

    page = await ada.get(f"/views/{view['id']}/tasks?limit=1&total=true")
    assert (page["total"], page["has_more"]) == (2, True)
    rest = await ada.get(f"/views/{view['id']}/tasks?limit=1&cursor={page['next_cursor']}")
    assert [each["title"] for each in rest["tasks"]] == ["T0"]

    # Both see it in their lists; only its maker and admins of the project change it.
    for reader in (ada, bob):
        listed = (await reader.get(f"/views?project_id={team.web}"))["views"]
        assert [each["id"] for each in listed] == [view["id"]]
    await bob.refused(403, "forbidden", "PATCH", f"/views/{view['id']}", {"name": "Ours"})
    private = await ada.patch(f"/views/{view['id']}", {"visibility": "private"})
    assert private["project_id"] is None
    bob.position = ada.position
    await bob.refused(404, "not-found", "GET", f"/views/{view['id']}")
    await bob.refused(404, "not-found", "GET", f"/views/{view['id']}/tasks")
    await bob.refused(404, "not-found", "DELETE", f"/views/{view['id']}")
    assert (await bob.get("/views"))["views"] == []


async def test_a_view_that_is_shared_with_a_project_goes_with_access_to_it(team: Team) -> None:
    ada, bob = team.ada, team.bob
    shared = await bob.post("/views", {"name": "Ours", "project_id": "WEB"})
    own = await bob.post("/views", {"name": "Mine", "workspace_id": team.workspace_id})
    ada.position = bob.position
    await ada.patch(f"/projects/{team.web}", {"is_private": True})
    bob.position = ada.position
    await bob.refused(404, "not-found", "GET", f"/views/{shared['id']}")
    assert [each["id"] for each in (await bob.get("/views"))["views"]] == [own["id"]]
    await ada.patch(f"/views/{shared['id']}", {"name": "Still ours"})
    await ada.delete(f"/workspaces/{team.workspace_id}/members/{bob.user_id}")
    bob.position = ada.position
    assert (await bob.get("/views"))["views"] == []
    await bob.refused(404, "not-found", "GET", f"/views/{own['id']}")


async def test_a_view_is_checked_when_it_is_saved_and_when_it_is_used(team: Team) -> None:
    ada = team.ada
    where = {"name": "V", "workspace_id": team.workspace_id}
    for body, pointer in (
        ({"query": "statsu = done"}, "/query"),
        ({"filters": {"priority": "urgnt"}}, "/filters/priority"),
        ({"filters": {"limit": 5}}, "/filters/limit"),
        ({"filters": {"query": "a = b"}}, "/filters/query"),
        ({"filters": {"colour": "red"}}, "/filters/colour"),
        ({"sort": "colour"}, "/sort"),
        ({"query": "ORDER BY due", "sort": "title"}, "/query"),
        ({"visibility": "project"}, "/project_id"),
        ({"project_id": "WEB", "visibility": "private"}, "/visibility"),
    ):
        problem = await ada.refused(422, "validation-failed", "POST", "/views", {**where, **body})
        assert pointers(problem) == [pointer], body
    view = await ada.post("/views", {**where, "query": "project = WEB AND size = L"})
    problem = await ada.refused(
        422, "validation-failed", "PATCH", f"/views/{view['id']}", {"query": "size = L"}
    )
    assert problem["errors"][0]["detail"].startswith("Column 1: there is no field size")
    assert await found(ada, view["id"]) == []
    await ada.put(f"/projects/{team.web}/fields", {"fields": []})
    problem = await ada.refused(422, "validation-failed", "GET", f"/views/{view['id']}/tasks")
    assert pointers(problem) == ["/view/query"]
    assert "Column 19: there is no field size" in problem["errors"][0]["detail"]


async def test_a_deleted_view_comes_back(team: Team) -> None:
    ada = team.ada
    view = await ada.post("/views", {"name": "V", "workspace_id": team.workspace_id})
    changed = await ada.patch(
        f"/views/{view['id']}",
        {"name": "W", "query": "key = WEB-1", "project_id": "WEB"},
        headers={"If-Match": '"1"'},
    )
    assert (changed["name"], changed["query"], changed["project_id"]) == (
        "W", "key = WEB-1", team.web,
    )  # fmt: skip
    await ada.delete(f"/views/{view['id']}")
    await ada.refused(404, "not-found", "GET", f"/views/{view['id']}")
    assert (await ada.get(f"/views?workspace_id={team.workspace_id}"))["views"] == []
    assert (await ada.post(f"/views/{view['id']}/restore"))["name"] == "W"
    listed = (await ada.get(f"/views?workspace_id={team.workspace_id}"))["views"]
    assert [each["name"] for each in listed] == ["W"]


async def test_auditors_save_nothing(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    member = {"user_id": bob.user_id, "role": "auditor"}
    await ada.post(f"/workspaces/{workspace['id']}/members", member)
    body = {"name": "V", "workspace_id": workspace["id"]}
    await bob.refused(403, "forbidden", "POST", "/views", body)
