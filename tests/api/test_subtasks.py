"""Tasks below tasks over HTTP: parents, progress, the trash, the guard, duplicates."""

import asyncio
from typing import Any

from tests.api.client import Api, pointers

_GUARDED: dict[str, Any] = {
    "initial": "todo",
    "statuses": [
        {"key": "todo", "name": "To do", "category": "todo"},
        {"key": "done", "name": "Done", "category": "done"},
        {"key": "cancelled", "name": "Cancelled", "category": "cancelled"},
    ],
    "transitions": [
        {"from": "todo", "to": "done", "guards": ["all-subtasks-done"]},
        {"from": "done", "to": "todo"},
        {"from": "todo", "to": "cancelled"},
    ],
}


async def _guarded(api: Api, key: str) -> None:
    await api.project(key)
    move_to = {"in_progress": "todo", "in_review": "todo", "blocked": "todo"}
    await api.put(f"/projects/{key}/workflow", {**_GUARDED, "move_to": move_to})


async def _progress(api: Api, task: str) -> tuple[int, int]:
    found = (await api.get(f"/tasks/{task}"))["progress"]
    return found["done"], found["total"]


async def test_a_task_stands_below_another_and_progress_goes_up_to_the_top(ada: Api) -> None:
    await _guarded(ada, "SUB")
    top = await ada.task("Top", project_id="SUB")
    middle = await ada.task("Middle", parent_task_id="SUB-1")
    leaf = await ada.task("Leaf", project_id="SUB", parent_task_id=middle["id"])
    assert (middle["project_id"], middle["parent_task_id"]) == (top["project_id"], top["id"])
    assert (middle["assignees"], middle["progress"]) == ([], {"done": 0, "total": 0})
    await ada.patch("/tasks/SUB-3", {"status": "done"})
    assert [await _progress(ada, f"SUB-{n}") for n in (1, 2, 3)] == [(1, 2), (1, 1), (0, 0)]
    board = await ada.get("/projects/SUB/board")
    cards = {card["key"]: card for column in board["columns"] for card in column["cards"]}
    assert cards["SUB-1"]["progress"] == {"done": 1, "total": 2}
    await ada.patch("/tasks/SUB-2", {"status": "cancelled"})
    assert await _progress(ada, "SUB-1") == (1, 1)
    found = await ada.get("/tasks/SUB-1/subtasks")
    assert [each["id"] for each in found["tasks"]] == [middle["id"]]
    assert (found["has_more"], found["next_cursor"]) == (False, None)
    for parent in ("SUB-2", middle["id"]):
        found = await ada.get(f"/tasks?project_id=SUB&parent_task_id={parent}&total=true")
        assert ([each["id"] for each in found["tasks"]], found["total"]) == ([leaf["id"]], 1)
    assert (await ada.get("/tasks?project_id=SUB&parent_task_id=SUB-99"))["tasks"] == []
    assert (await ada.get("/tasks/SUB-1/subtasks?status=open"))["tasks"] == []
    # A workflow that counts a status otherwise counts its subtasks otherwise.
    statuses = [{**each} for each in _GUARDED["statuses"]]
    statuses[2]["category"] = "done"
    await ada.put("/projects/SUB/workflow", {**_GUARDED, "statuses": statuses})
    assert [await _progress(ada, f"SUB-{n}") for n in (1, 2)] == [(2, 2), (1, 1)]


async def test_a_task_becomes_a_subtask_and_a_task_again(ada: Api) -> None:
    await ada.project("CONV")
    for title in ("A", "B", "C"):
        await ada.task(title, project_id="CONV")
    moved = await ada.put("/tasks/CONV-2/parent", {"parent_task_id": "CONV-1"})
    assert (moved["parent_task_id"], moved["version"]) == (
        (await ada.get("/tasks/CONV-1"))["id"], 2,
    )  # fmt: skip
    await ada.put("/tasks/CONV-3/parent", {"parent_task_id": "CONV-2"})
    assert await _progress(ada, "CONV-1") == (0, 2)
    again = await ada.patch("/tasks/CONV-2", await ada.get("/tasks/CONV-2"))
    assert again["version"] == 2, "an answer sent back whole changes nothing"
    ids = {key: (await ada.get(f"/tasks/{key}"))["id"] for key in ("CONV-1", "CONV-2", "CONV-3")}
    for parent, path in (
        ("CONV-1", ["CONV-1", "CONV-1"]),
        ("CONV-3", ["CONV-1", "CONV-3", "CONV-2", "CONV-1"]),
    ):
        refused = await ada.refused(409, "parent-cycle", "PUT", "/tasks/CONV-1/parent",
            {"parent_task_id": parent})  # fmt: skip
        assert refused["path"] == [ids[key] for key in path]
    freed = await ada.patch("/tasks/CONV-2", {"parent_task_id": None, "title": "Free"})
    assert (freed["parent_task_id"], freed["title"]) == (None, "Free")
    assert [await _progress(ada, f"CONV-{n}") for n in (1, 2)] == [(0, 0), (0, 1)]
    feed = await ada.get("/tasks/CONV-2/activity")
    changes = [each["changes"] for each in feed["activities"] if each["action"] == "parent_changed"]
    assert changes == [
        {"field": "parent_task_id", "old_value": ids["CONV-1"], "new_value": None},
        {"field": "parent_task_id", "old_value": None, "new_value": ids["CONV-1"]},
    ]


async def test_a_parent_that_is_none_is_refused_at_its_field(ada: Api, bob: Api) -> None:
    await ada.project("NONE")
    await ada.task("Mine", project_id="NONE")
    await ada.task("Gone", project_id="NONE")
    await ada.delete("/tasks/NONE-2")
    hidden = await bob.task("Theirs")
    other = await ada.post("/workspaces", {"name": "Other"})
    await ada.project("ELSE", workspace_id=other["id"])
    await ada.task("Elsewhere", project_id="ELSE")
    never = "task_01arz3ndektsv4rrffq69g5fav"
    calls = (("PUT", "/tasks/NONE-1/parent", {}), ("POST", "/tasks", {"title": "x"}),
        ("PATCH", "/tasks/NONE-1", {}))  # fmt: skip
    for method, path, body in calls:
        details = []
        project = {"project_id": "NONE"} if method == "POST" else {}
        for parent in (hidden["id"], never, "NONE-99", "x", "proj_1", "NONE-2", "ELSE-1"):
            sent = {**body, **project, "parent_task_id": parent}
            problem = await ada.refused(422, "validation-failed", method, path, sent)
            assert pointers(problem) == ["/parent_task_id"], (method, parent)
            details.append(problem["errors"][0]["detail"])
        assert len(set(details[:5])) == 1
        for parent in (5, [], True):
            sent = {**body, **project, "parent_task_id": parent}
            problem = await ada.refused(422, "validation-failed", method, path, sent)
            assert pointers(problem) == ["/parent_task_id"]
    found = await ada.get(f"/tasks?project_id=NONE&parent_task_id={hidden['id']}")
    assert found["tasks"] == []
    await ada.refused(404, "not-found", "GET", f"/tasks/{hidden['id']}/subtasks")


async def test_what_is_below_goes_into_the_trash_and_comes_back_with_it(ada: Api) -> None:
    await ada.project("BIN")
    await ada.task("Top", project_id="BIN")
    for title, parent in (("A", 1), ("B", 2), ("C", 2), ("D", 1)):
        await ada.task(title, parent_task_id=f"BIN-{parent}")
    await ada.delete("/tasks/BIN-4")
    await ada.delete("/tasks/BIN-1")
    assert (await ada.get("/tasks?project_id=BIN"))["tasks"] == []
    below = await ada.get("/tasks/BIN-1/subtasks?trashed=true&sort=key")
    assert [each["key"] for each in below["tasks"]] == ["BIN-2", "BIN-5"]
    refused = await ada.refused(409, "not-restorable", "POST", "/tasks/BIN-3/restore")
    top = await ada.get("/tasks/BIN-1?trashed=true")
    assert refused["restore_first"] == top["id"]
    await ada.refused(409, "trashed", "PUT", "/tasks/BIN-3/parent", {"parent_task_id": None})
    restored = await ada.post("/tasks/BIN-1/restore")
    assert restored["progress"] == {"done": 0, "total": 3}
    found = await ada.get("/tasks?project_id=BIN&sort=key")
    assert [each["key"] for each in found["tasks"]] == ["BIN-1", "BIN-2", "BIN-3", "BIN-5"]
    back = await ada.post("/tasks/BIN-4/restore")
    assert (back["trashed_at"], await _progress(ada, "BIN-2")) == (None, (0, 2))


async def test_a_parent_closes_only_over_finished_subtasks(ada: Api) -> None:
    await _guarded(ada, "GRD")
    await ada.task("Top", project_id="GRD")
    await ada.task("Middle", parent_task_id="GRD-1")
    leaf = await ada.task("Leaf", parent_task_id="GRD-2")
    await ada.patch("/tasks/GRD-2", {"status": "cancelled"})
    refused = await ada.refused(409, "guard-refused", "PATCH", "/tasks/GRD-1", {"status": "done"})
    assert (refused["guard"], refused["missing"]) == ("all-subtasks-done", [leaf["id"]])
    ways = (await ada.get("/tasks/GRD-1/transitions"))["transitions"]
    assert {way["to"]: way["allowed"] for way in ways} == {"done": False, "cancelled": True}
    await ada.patch("/tasks/GRD-3", {"status": "done"})
    assert (await ada.patch("/tasks/GRD-1", {"status": "done"}))["status"] == "done"


async def test_a_parent_that_closes_while_subtasks_come_in_closes_over_none_of_them(
    ada: Api,
) -> None:
    await _guarded(ada, "RACE")
    parent = await ada.task("Top", project_id="RACE")

    async def add() -> int:
        answer = await ada.send("POST", "/tasks", {"title": "x", "parent_task_id": parent["id"]})
        assert answer.status_code == 201, answer.text
        return int(answer.headers["X-Log-Position"])

    async def close() -> int | None:
        answer = await ada.send("PATCH", f"/tasks/{parent['id']}", {"status": "done"})
        assert answer.status_code in (200, 409), answer.text
        if answer.status_code == 200:
            return int(answer.headers["X-Log-Position"])
        assert answer.json()["code"] in ("guard-refused", "conflict")
        return None

    done = await asyncio.gather(close(), *(add() for _ in range(10)), close())
    closed = [at for at in (done[0], done[-1]) if at is not None]
    added = [at for at in done[1:-1] if at is not None]
    assert all(at < min(added) for at in closed)


async def test_a_duplicate_says_the_same_and_begins_anew(ada: Api) -> None:
    await _guarded(ada, "DUP")
    await ada.task("Top", project_id="DUP")
    given = {
        "description": "*all* of it", "priority_level": 2, "type": "bug", "estimate": 3,
        "due_date": "2031-05-01", "start_date": "2031-04-01T08:00:00Z", "tags": ["a", "b"],
        "assignee_id": ada.user_id,
    }  # fmt: skip
    original = await ada.task("Same", parent_task_id="DUP-1", status="done", **given)
    await ada.task("Below", parent_task_id="DUP-2", status="done")
    await ada.task("Trashed", parent_task_id="DUP-2")
    await ada.task("Below that", parent_task_id="DUP-3")
    await ada.delete("/tasks/DUP-4")
    await ada.post("/tasks/DUP-2/comments", {"text": "Not copied"})
    answer = await ada.send("POST", "/tasks/DUP-2/duplicate", {})
    copy = answer.json()
    assert answer.headers["Location"] == f"/api/v1/tasks/{copy['id']}"
    same = {
        "title", "description", "priority_level", "type", "estimate", "due_date", "due_all_day",
        "start_date", "tags", "assignee_id", "parent_task_id", "project_id", "fields",
    }  # fmt: skip
    assert {name: copy[name] for name in same} == {name: original[name] for name in same}
    assert (copy["status"], copy["comment_count"], copy["version"]) == ("todo", 0, 1)
    assert copy["progress"] == {"done": 0, "total": 0}
    whole = await ada.post("/tasks/DUP-2/duplicate", {"with_subtasks": True, "title": "Again"})
    assert (whole["title"], whole["progress"]) == ("Again", {"done": 0, "total": 2})
    below = (await ada.get(f"/tasks/{whole['id']}/subtasks"))["tasks"]
    assert [(each["title"], each["status"]) for each in below] == [("Below", "todo")]
    deeper = (await ada.get(f"/tasks/{below[0]['id']}/subtasks"))["tasks"]
    assert [each["title"] for each in deeper] == ["Below that"]
    await ada.refused(409, "trashed", "POST", "/tasks/DUP-4/duplicate", {})
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks/DUP-2/duplicate",
        {"title": " ", "with_subtasks": False})  # fmt: skip
    assert pointers(problem) == ["/title"]


async def test_subtasks_go_so_many_levels_deep(ada: Api) -> None:
    top = await ada.task("Top")
    parent = top["id"]
    for _ in range(50):
        parent = (await ada.task("Deeper", parent_task_id=parent))["id"]
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks",
        {"title": "Too deep", "parent_task_id": parent})  # fmt: skip
    assert (pointers(problem), problem["errors"][0]["code"]) == (["/parent_task_id"], "too-deep")
    assert await _progress(ada, top["id"]) == (0, 50)
    above = await ada.task("Above")
    problem = await ada.refused(422, "validation-failed", "PUT", f"/tasks/{top['id']}/parent",
        {"parent_task_id": above["id"]})  # fmt: skip
    assert problem["errors"][0]["code"] == "too-deep"
    await ada.delete(f"/tasks/{top['id']}")
    assert (await ada.get(f"/tasks/{parent}?trashed=true"))["trashed_at"] is not None
