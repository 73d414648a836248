"""Search as people use it: what they wrote is found at once, by those alone who may see it."""

from typing import Any

import pytest

from tests.api.client import Api, pointers


async def find(someone: Api, q: str, **params: Any) -> list[str]:
    found = await someone.get("/search", params={"q": q, **params})
    return [task["title"] for task in found["tasks"]]


@pytest.fixture
async def bob_of_adas(ada: Api, bob: Api) -> tuple[Api, str]:
    """Bob as a member of Ada's workspace."""
    project = await ada.project("SHARED")
    workspace_id = project["workspace_id"]
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id})
    bob.position = max(bob.position, ada.position)
    return bob, workspace_id


async def test_what_was_just_written_is_found_with_what_was_met(ada: Api) -> None:
    task = await ada.task("Paint <the> kitchen", description="blue & white", tags=["urgent"])
    await ada.post(f"/tasks/{task['id']}/comments", {"text": "mind the kitchen floor"})
    answer = await ada.send("GET", "/tasks/search", params={"q": "kitchn"})
    assert answer.headers["X-Search-Backend"] == "postgresql"
    assert int(answer.headers["X-Log-Position"]) >= ada.position
    found = answer.json()
    assert (found["total"], found["total_is_exact"], found["page"]) == (1, True, 1)
    assert (found["has_more"], found["next_cursor"], found["truncated"]) == (False, None, False)
    (shown,) = found["tasks"]
    assert shown["score"] > 0
    title = "Paint &lt;the&gt; <em>kitchen</em>"
    assert shown["highlight"] == title
    assert shown["highlights"] == {
        "title": title, "description": None, "comments": ["mind the <em>kitchen</em> floor"],
    }  # fmt: skip
    whole = await ada.get(f"/tasks/{task['id']}")
    assert {name: shown[name] for name in whole} == whole


async def test_a_search_takes_every_filter_in_short_as_well(ada: Api) -> None:
    project = await ada.project("FILT")
    await ada.task("one thing", project_id=project["id"], assignee_id=ada.user_id, tags=["red"])
    await ada.task("other thing", project_id=project["id"], priority="high")
    assert await find(ada, "thing", filters="assignee:me,status:open,project:FILT") == ["one thing"]
    assert await find(ada, "thing", filters="tag:red", project_id="FILT") == ["one thing"]
    assert await find(ada, "thing", priority="high") == ["other thing"]
    assert await find(ada, "thing -other", sort="title") == ["one thing"]
    query = "project = FILT AND assignee WAS me ORDER BY title"
    assert await find(ada, "thing", query=query) == ["one thing"]
    assert await find(ada, "thing", query="ORDER BY title DESC") == ["other thing", "one thing"]
    assert await find(ada, "", filters="project:FILT", sort="title") == ["one thing", "other thing"]
    wrong = await ada.refused(422, "validation-failed", "GET", "/search?filters=colour:red")
    assert pointers(wrong) == ["/query/filters"]
    assert "assignee" in wrong["errors"][0]["detail"]
    long = "/search?q=" + "+".join(["word"] * 31)
    assert pointers(await ada.refused(422, "validation-failed", "GET", long)) == ["/query/q"]


async def test_a_renamed_label_is_found_by_its_new_name(ada: Api) -> None:
    task = await ada.task("Tagged", tags=["backend"])
    labels = await ada.get(f"/workspaces/{task['workspace_id']}/labels")
    label_id = next(each["id"] for each in labels["labels"] if each["name"] == "backend")
    path = f"/workspaces/{task['workspace_id']}/labels/{label_id}"
    await ada.patch(path, {"name": "server side"})
    assert await find(ada, "tagged server") == ["Tagged"]


async def test_a_search_ends_with_the_role_that_it_was_allowed_by(
    ada: Api, bob_of_adas: tuple[Api, str]
) -> None:
    bob, workspace_id = bob_of_adas
    await ada.task("hidden gem", project_id="SHARED")
    bob.position = ada.position
    there = {"workspace_id": workspace_id}
    assert await find(bob, "gem", **there) == ["hidden gem"]
    await ada.patch("/projects/SHARED", {"is_private": True})
    assert await find(bob, "gem", **there) == []
    assert await find(bob, "gme", **there) == []
    await ada.patch("/projects/SHARED", {"is_private": False})
    bob.position = ada.position
    assert await find(bob, "gem", **there) == ["hidden gem"]
    await ada.delete(f"/workspaces/{workspace_id}/members/{bob.user_id}")
    bob.position = 0  # not even what he could have waited for
    assert await find(bob, "gem", **there) == []


async def test_tenants_never_meet_in_a_search(ada: Api, bob: Api) -> None:
    task = await ada.task("quartz lamp")
    bob.position = ada.position
    assert await find(bob, "quartz") == []
    assert await find(bob, "quartz", workspace_id=task["workspace_id"]) == []
    assert await find(bob, "quartz", project_id=task["project_id"]) == []
    assert await find(bob, f'"{task["key"]}"') == []
