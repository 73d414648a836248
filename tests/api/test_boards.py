"""Boards, workflows, columns and custom fields over HTTP."""

from typing import Any

from tests.api.client import Api, pointers


def _cards(board: dict[str, Any], name: str) -> list[str]:
    return next(
        [card["title"] for card in column["cards"]]
        for column in board["columns"]
        if column["name"] == name
    )


async def test_cards_go_where_they_are_moved(ada: Api) -> None:
    await ada.project("BRD")
    for title in ("A", "B", "C"):
        await ada.task(title, project_id="BRD")
    assert _cards(await ada.get("/projects/BRD/board"), "To do") == ["A", "B", "C"]
    await ada.post("/tasks/BRD-3/move", {"before": "BRD-1"})
    assert _cards(await ada.get("/projects/BRD/board"), "To do") == ["C", "A", "B"]
    moved = await ada.post("/tasks/BRD-1/move", {"status": "in_progress"})
    assert moved["status"] == "in_progress"
    await ada.post("/tasks/BRD-2/move", {"after": "BRD-1"})
    board = await ada.get("/projects/BRD/board")
    assert _cards(board, "In progress") == ["A", "B"]
    assert _cards(board, "To do") == ["C"]
    problem = await ada.refused(409, "transition-not-allowed", "PATCH", "/tasks/BRD-3",
        {"status": "done"})  # fmt: skip
    assert (problem["from"], problem["to"]) == ("todo", "done")
    assert problem["allowed"] == ["in_progress", "cancelled"]


async def test_one_column_pages_on(ada: Api) -> None:
    project = await ada.project("LONG")
    for number in range(5):
        await ada.task(f"T{number}", project_id="LONG")
    board = await ada.get("/projects/LONG/board?cards=2")
    first = board["columns"][0]
    assert (first["count"], len(first["cards"])) == (5, 2)
    path = f"/projects/{project['id']}/board/columns/{first['column_id']}"
    rest = await ada.get(f"{path}?cursor={first['next_cursor']}")
    assert [card["title"] for card in rest["cards"]] == ["T2", "T3", "T4"]
    assert rest["next_cursor"] is None
    await ada.refused(404, "not-found", "GET", f"/projects/LONG/board/columns/{project['id']}")


async def test_a_workflow_changes_and_takes_its_tasks_with_it(ada: Api) -> None:
    project = await ada.project("FLOW")
    await ada.task("Somewhere", project_id="FLOW")
    path = f"/projects/{project['id']}/workflow"
    wanted = {
        "initial": "new",
        "statuses": [
            {"key": "new", "name": "New", "category": "todo"},
            {"key": "shipped", "name": "Shipped", "category": "done", "colour": "#00ff00"},
        ],
        "transitions": [{"from": "new", "to": "Shipped"}],
    }
    problem = await ada.refused(409, "status-in-use", "PUT", path, wanted)
    assert problem["statuses"] == ["todo"]
    changed = await ada.put(path, {**wanted, "move_to": {"todo": "new"}})
    assert changed["transitions"] == [{"from": "new", "to": "shipped", "guards": []}]
    assert (await ada.get("/tasks/FLOW-1"))["status"] == "new"
    names = [column["name"] for column in (await ada.get("/projects/FLOW/columns"))["columns"]]
    assert names == ["New", "Shipped"]
    bad = {"initial": "x", "statuses": [{"key": "a", "name": "A", "category": "soon"}]}
    problem = await ada.refused(422, "validation-failed", "PUT", path, bad)
    assert pointers(problem) == ["/statuses/0/category"]


async def test_columns_hold_every_status_once(ada: Api) -> None:
    project = await ada.project("COLS")
    path = f"/projects/{project['id']}/columns"
    two = {
        "columns": [
            {"name": "Open", "statuses": ["todo", "In progress", "in_review", "blocked"]},
            {"name": "Closed", "statuses": ["done", "cancelled"], "wip_limit": 5},
        ]
    }
    changed = await ada.put(path, two)
    assert changed["columns"][0]["statuses"] == ["todo", "in_progress", "in_review", "blocked"]
    assert await ada.put(path, changed) == changed
    problem = await ada.refused(
        422, "validation-failed", "PUT", path, {"columns": two["columns"][:1]}
    )
    assert pointers(problem) == ["/columns"]


async def test_custom_fields_are_the_projects_own(ada: Api) -> None:
    project = await ada.project("FLD")
    fields = {
        "fields": [
            {"key": "size", "name": "Size", "type": "choice", "options": ["S", "L"]},
            {"key": "points", "name": "Points", "type": "number"},
        ]
    }
    await ada.put(f"/projects/{project['id']}/fields", fields)
    task = await ada.task(project_id="FLD", fields={"size": "L", "points": 3})
    assert task["fields"] == {"size": "L", "points": 3}
    left = await ada.patch("/tasks/FLD-1", {"fields": {"size": None}})
    assert left["fields"] == {"points": 3}
    problem = await ada.refused(
        422, "validation-failed", "PATCH", "/tasks/FLD-1",
        {"fields": {"size": "XL", "colour/a": 1}},
    )  # fmt: skip
    assert sorted(pointers(problem)) == ["/fields/colour~1a", "/fields/size"]


async def test_an_archived_project_takes_nothing_until_it_is_restored(ada: Api) -> None:
    project = await ada.project("OLD")
    await ada.task(project_id="OLD")
    await ada.delete(f"/projects/{project['id']}")
    assert "OLD" not in {each["key"] for each in (await ada.get("/projects"))["projects"]}
    changed = {"archived": False}
    problem = await ada.refused(422, "validation-failed", "PATCH", "/projects/OLD", changed)
    assert "POST /projects/{id}/restore" in problem["detail"]
    archived = await ada.get("/projects?archived=true")
    assert [each["key"] for each in archived["projects"]] == ["OLD"]
    await ada.refused(409, "archived", "PATCH", "/tasks/OLD-1", {"title": "x"})
    restored = await ada.post(f"/projects/{project['id']}/restore")
    assert restored["archived"] is False
    await ada.patch("/tasks/OLD-1", {"title": "x"})


async def test_comments_mention_and_answer_each_other(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("TALK", workspace_id=workspace["id"])
    task = await ada.task(project_id=project["id"])
    path = f"/tasks/{task['id']}/comments"
    first = await ada.post(path, {"content": f"@{bob.user['username']} look <b>here</b>"})
    assert first["mentions"] == [{"user_id": bob.user_id, "name": bob.user["name"]}]
    assert "&lt;b&gt;" in first["html"]
    bob.position = ada.position
    second = await bob.post(path, {"text": "Seen", "reply_to": first["id"]})
    assert second["reply_to"] == first["id"]
    ada.position = bob.position
    assert [each["text"] for each in (await ada.get(path))["comments"]] == [
        first["text"],
        "Seen",
    ]
    assert (await ada.get(f"/tasks/{task['id']}"))["comment_count"] == 2
    renamed = await ada.patch(f"/tasks/{task['id']}", {"title": "Talked about"})
    assert (renamed["title"], renamed["comment_count"]) == ("Talked about", 2)
    for body in ({}, {"text": "a", "content": "b"}, {"text": " "}, {"text": "x" * 20_001}):
        problem = await ada.refused(422, "validation-failed", "POST", path, body)
        assert pointers(problem) == ["/text"]


async def test_a_board_by_lanes(ada: Api) -> None:
    await ada.project("LNS")
    for number in range(3):
        await ada.task(f"T{number}", project_id="LNS", assignee_id=ada.user_id)
    await ada.task("Nobody's", project_id="LNS", tags=["red"])
    board = await ada.get("/projects/LNS/board?swimlane=assignee&cards=2")
    mine = {"lane": ada.user_id, "name": ada.user["name"], "count": 3}
    assert board["lanes"] == [mine, {"lane": None, "name": None, "count": 1}]
    todo = board["columns"][0]
    assert [column["lanes"] for column in board["columns"][1:]] == [[]] * 5
    first, nobody = todo["lanes"]
    assert mine.items() <= first.items()
    assert [card["title"] for card in first["cards"]] == ["T0", "T1"]
    path = f"/projects/LNS/board/columns/{todo['column_id']}?swimlane=assignee"
    rest = await ada.get(f"{path}&lane={ada.user_id}&cursor={first['next_cursor']}")
    assert ([card["title"] for card in rest["cards"]], rest["count"]) == (["T2"], 3)
    assert [card["title"] for card in (await ada.get(f"{path}&lane="))["cards"]] == ["Nobody's"]
    assert nobody["count"] == 1
    assert "lanes" not in await ada.get("/projects/LNS/board")
    by_label = await ada.get("/projects/LNS/board?swimlane=label")
    assert [(lane["lane"], lane["count"]) for lane in by_label["lanes"]] == [("red", 1), (None, 3)]
    problem = await ada.refused(422, "validation-failed", "GET", path)
    assert pointers(problem) == ["/query/lane"]
    await ada.refused(422, "validation-failed", "GET", "/projects/LNS/board?swimlane=colour")
