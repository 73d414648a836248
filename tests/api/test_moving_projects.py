"""A task moves to another project over HTTP: its old key, what is seen of it, and by whom."""

from typing import Any

from tests.api.client import Api, pointers

_FIELDS = {"fields": [{"key": "size", "name": "Size", "type": "choice", "options": ["S", "L"]}]}


async def colleague(ada: Api, bob: Api, role: str = "member") -> str:
    """Bob works in Ada's workspace; its id."""
    workspace_id = str(ada.user["default_workspace_id"])
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id, "role": role})
    bob.position = ada.position
    return workspace_id


def said(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["action"] for entry in entries]


async def test_an_old_key_leads_to_the_task_for_ever(ada: Api) -> None:
    for key in ("OLD", "MID", "NEW"):
        await ada.project(key)
    await ada.put("/projects/OLD/fields", _FIELDS)
    task = await ada.task("Nomad", project_id="OLD", fields={"size": "L"}, tags=["kept"])
    other = await ada.task("Neighbour", project_id="NEW")
    moved = await ada.post("/tasks/OLD-1/move", {"project_id": "MID"}, headers={
        "Idempotency-Key": "once"})  # fmt: skip
    assert (moved["key"], moved["fields"], moved["tags"]) == ("MID-1", {}, ["kept"])
    assert moved["dropped"] == {"fields": ["size"], "types": [], "assignee_ids": []}
    again = await ada.send(
        "POST", "/tasks/OLD-1/move", {"project_id": "MID"}, headers={"Idempotency-Key": "once"}
    )
    assert (again.headers["Idempotency-Replayed"], again.json()) == ("true", moved)
    assert "dropped" not in await ada.post("/tasks/OLD-1/move", {"project_id": "MID",
        "status": "in_progress"})  # fmt: skip
    moved = await ada.post("/tasks/MID-1/move", {"project_id": "NEW", "status": "todo"})
    assert (moved["key"], moved["dropped"]["fields"]) == ("NEW-2", [])
    await ada.delete("/projects/OLD")
    for key in ("OLD-1", "MID-1", "NEW-2", "old-1"):
        assert (await ada.get(f"/tasks/{key}"))["id"] == task["id"]
        found = await ada.get(f"/tasks?q={key}")
        assert [each["id"] for each in found["tasks"]] == [task["id"]]
    await ada.post(f"/tasks/{other['id']}/move", {"after": "OLD-1"})
    board = await ada.get("/projects/NEW/board")
    assert [card["key"] for card in board["columns"][0]["cards"]] == ["NEW-2", "NEW-1"]
    assert (await ada.get("/projects/MID/board"))["columns"][1]["count"] == 0
    for project, ids in (("MID", []), ("NEW", [other["id"], task["id"]])):
        listed = (await ada.get(f"/tasks?project_id={project}&sort_by=key"))["tasks"]
        assert sorted(each["id"] for each in listed) == sorted(ids)
    problem = await ada.refused(422, "validation-failed", "PATCH", "/tasks/NEW-2",
        {"project_id": board["project"]["id"].replace("proj_0", "proj_1")})  # fmt: skip
    assert pointers(problem) == ["/project_id"]


async def test_what_is_seen_of_a_task_goes_with_it(ada: Api, bob: Api) -> None:
    workspace_id = await colleague(ada, bob)
    await ada.project("OPEN")
    await ada.project("HUSH", is_private=True)
    task = await ada.task("To be hidden", project_id="OPEN", assignee_id=bob.user_id)
    comment = await bob.post("/tasks/OPEN-1/comments", {"text": "Seen by all"})
    first = await ada.patch("/tasks/OPEN-1", {"title": "Seen too"}, headers={
        "Idempotency-Key": "first"})  # fmt: skip
    moved = await ada.post("/tasks/OPEN-1/move", {"project_id": "HUSH"})
    assert moved["dropped"]["assignee_ids"] == [bob.user_id]
    bob.position = ada.position
    for path in ("/tasks/OPEN-1", "/tasks/HUSH-1", f"/tasks/{task['id']}",
                 f"/comments/{comment['id']}", f"/tasks/{task['id']}/activity",
                 f"/tasks/{task['id']}/comments"):  # fmt: skip
        await bob.refused(404, "not-found", "GET", path)
    for path in ("/projects/OPEN/activity", f"/workspaces/{workspace_id}/activity",
                 f"/users/{ada.user_id}/activity"):  # fmt: skip
        entries = (await bob.get(path))["activities"]
        assert task["id"] not in [entry["task_id"] for entry in entries]
        assert "Seen too" not in str(entries)
        assert "HUSH" not in str([each for each in entries if each["action"] != "project_created"])
    gone = (await bob.get("/projects/OPEN/activity"))["activities"][0]
    assert (gone["action"], gone["changes"]["old_value"]) == ("task_moved_away", "OPEN-1")
    mine = await ada.get(f"/tasks/{task['id']}/activity")
    assert said(mine["activities"]) == ["project_changed", "unassigned", "title_changed",
        "commented", "task_created"]  # fmt: skip
    assert said((await ada.get("/projects/HUSH/activity"))["activities"])[0] == "project_changed"
    assert "title_changed" in said((await ada.get("/projects/OPEN/activity"))["activities"])
    assert (await ada.get(f"/comments/{comment['id']}"))["text"] == "Seen by all"
    replayed = await ada.send("PATCH", "/tasks/OPEN-1", {"title": "Seen too"}, headers={
        "Idempotency-Key": "first"})  # fmt: skip
    assert (replayed.json()["key"], replayed.json()["version"]) == (first["key"], first["version"])
    await ada.post("/tasks/HUSH-1/move", {"project_id": "OPEN"})
    bob.position = ada.position
    assert (await bob.get("/tasks/OPEN-1"))["key"] == "OPEN-2"
    assert (await bob.get(f"/comments/{comment['id']}"))["id"] == comment["id"]


async def test_nobody_moves_a_task_where_they_may_not(ada: Api, bob: Api) -> None:
    await ada.project("MINE")
    task = await ada.task(project_id="MINE")
    theirs = await bob.project("THEIRS")
    unknown = theirs["id"][:-4] + "0000"
    path = f"/tasks/{task['id']}/move"
    hidden, missing = [
        await ada.refused(422, "validation-failed", "POST", path, {"project_id": project_id})
        for project_id in (theirs["id"], unknown)
    ]
    assert hidden["errors"] == missing["errors"]
    await bob.refused(404, "not-found", "POST", path, {"project_id": theirs["id"]})
    await ada.project("NEXT")
    wrong = {"project_id": "NEXT", "before": task["id"]}
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks/MINE-1/move", wrong)
    assert pointers(problem) == ["/before"]
