"""Taking changes back over HTTP, and what has become of each field."""

from infra.ids import new_id
from tests.api.client import Api, pointers


async def test_a_change_is_undone_and_redone_by_the_position_of_its_answer(ada: Api) -> None:
    task = await ada.task("Paint it", description="Red", priority="low", due_date="2026-03-01")
    changed = await ada.patch(
        f"/tasks/{task['id']}",
        {"title": "Sand it", "description": None, "due_date": None, "priority": 1},
    )
    undone = await ada.post(f"/tasks/{task['id']}/undo", {"position": ada.position})
    assert undone["version"] == changed["version"] + 4
    moving = {"version", "position", "updated_at"}
    assert {k: v for k, v in undone.items() if k not in moving} == {
        k: v for k, v in task.items() if k not in moving
    }
    redone = await ada.post(f"/tasks/{task['id']}/undo", {"position": ada.position})
    assert {k: v for k, v in redone.items() if k not in moving} == {
        k: v for k, v in changed.items() if k not in moving
    }
    (entry, *_) = (await ada.get(f"/tasks/{task['id']}/activity"))["activities"]
    assert entry["caused_by"] != entry["command_id"]


async def test_what_was_changed_since_is_told_with_who_did(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("UNDO", workspace_id=workspace["id"])
    task = await ada.task("Paint it", project_id=project["id"])
    await ada.patch(f"/tasks/{task['id']}", {"title": "Sand it"})
    position = ada.position
    await bob.patch(f"/tasks/{task['id']}", {"title": "Varnish it"})
    problem = await ada.refused(
        409, "not-undoable", "POST", f"/tasks/{task['id']}/undo", {"position": position}
    )
    assert problem["changed_since"] == [
        {
            "id": task["id"],
            "field": "title",
            "position": bob.position,
            "actor": {"user_id": bob.user_id, "name": bob.user["name"]},
        }
    ]


async def test_changes_of_a_project_and_of_a_workspace_are_undone_too(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    members = f"/workspaces/{workspace['id']}/members"
    await ada.post(members, {"user_id": bob.user_id})
    let_in = ada.position
    project = await ada.project("BACK", workspace_id=workspace["id"])
    path = f"/projects/{project['id']}"
    await ada.patch(path, {"name": "Sideways", "is_private": True})
    renamed = {"position": ada.position}
    undone = await ada.post(f"{path}/undo", renamed)
    assert (undone["name"], undone["is_private"]) == (project["name"], False)
    problem = await ada.refused(409, "not-undoable", "POST", f"{path}/undo", renamed)
    assert {each["field"] for each in problem["changed_since"]} == {"name", "is_private"}
    assert problem["changed_since"][0]["actor"]["user_id"] == ada.user_id
    await bob.refused(403, "forbidden", "POST", f"{path}/undo", {"position": ada.position})
    key = {"Idempotency-Key": "back"}
    workspace_undo = f"/workspaces/{workspace['id']}/undo", {"position": let_in}
    back = await ada.post(*workspace_undo, headers=key)
    assert (back["id"], back["name"]) == (workspace["id"], "Ours")
    assert (await ada.post(*workspace_undo, headers=key))["version"] == back["version"]
    await bob.refused(404, "not-found", "GET", path)
    await bob.refused(404, "not-found", "POST", *workspace_undo)
    for place in (path, f"/workspaces/{workspace['id']}"):
        wrong = {"position": bob.position}
        problem = await ada.refused(422, "validation-failed", "POST", f"{place}/undo", wrong)
        assert pointers(problem) == ["/position"]


async def test_positions_that_are_not_of_the_task_are_all_the_same(ada: Api, bob: Api) -> None:
    task = await ada.task("Paint it")
    await bob.task("Hidden")
    path = f"/tasks/{task['id']}/undo"
    problems = [
        await ada.refused(422, "validation-failed", "POST", path, {"position": position})
        for position in (bob.position, 1, 2**62)
    ]
    assert [pointers(each) for each in problems] == [["/position"]] * 3
    assert len({each["detail"] for each in problems}) == 1
    for bad in (0, -1, "1", None, 1.5, True):
        problem = await ada.refused(422, "validation-failed", "POST", path, {"position": bad})
        assert pointers(problem) == ["/position"]
    await bob.refused(404, "not-found", "POST", path, {"position": ada.position})
    await ada.refused(
        404, "not-found", "POST", f"/tasks/{new_id('task')}/undo", {"position": ada.position}
    )


async def test_the_same_undo_again_gives_its_first_answer(ada: Api) -> None:
    task = await ada.task("Paint it")
    await ada.patch(f"/tasks/{task['id']}", {"title": "Sand it"})
    body, headers = {"position": ada.position}, {"Idempotency-Key": "once"}
    path = f"/tasks/{task['id']}/undo"
    first = await ada.send("POST", path, body, headers=headers)
    again = await ada.send("POST", path, body, headers=headers)
    assert (first.status_code, again.json()) == (200, first.json())
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_the_history_of_one_field_pages_like_any_list(ada: Api, bob: Api) -> None:
    task = await ada.task("Title 0", priority=5)
    for n in range(1, 5):
        await ada.patch(f"/tasks/{task['id']}", {"title": f"Title {n}", "priority": 5 - n})
    path = f"/tasks/{task['key']}/history"
    whole = (await ada.get(f"{path}?field=title"))["history"]
    assert [(each["old_value"], each["new_value"]) for each in whole] == [
        (f"Title {n - 1}", f"Title {n}") for n in range(4, 0, -1)
    ]
    assert whole[0]["position"] == ada.position
    assert whole[0]["actor"] == {"user_id": ada.user_id, "name": ada.user["name"]}
    assert {each["field"] for each in (await ada.get(path))["history"]} == {
        "title", "priority", "priority_level",
    }  # fmt: skip
    paged, cursor = [], ""
    while True:
        answer = await ada.send("GET", f"{path}?field=title&limit=3{cursor}")
        paged += answer.json()["history"]
        if not answer.json()["has_more"]:
            break
        assert 'rel="next"' in answer.headers["Link"]
        cursor = f"&cursor={answer.json()['next_cursor']}"
    assert paged == whole
    assert (await ada.get(f"{path}?field=title&last_id={whole[1]['id']}"))["history"] == whole[2:]
    problem = await ada.refused(422, "validation-failed", "GET", f"{path}?field=wish")
    assert pointers(problem) == ["/query/field"]
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}/history")


async def test_a_saved_view_is_told_to_its_project_and_undone(ada: Api, bob: Api) -> None:
    """Those of a batch too; one that is private is nobody's business."""
    workspace = ada.user["default_workspace_id"]
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    project = await ada.project("SEEN")
    commands = [
        {"method": "POST", "path": "/api/v1/views", "body": {"name": name, **shared}}
        for name, shared in (("Ours", {"project_id": project["id"]}), ("Mine", {}))
    ]
    made = await ada.post("/batch", {"commands": commands})
    ours, mine = (each["body"] for each in made["results"])
    path = f"/views/{ours['id']}"
    await ada.patch(path, {"name": "Everybody's", "query": "due < 2d", "sort": "due_date"})
    changed = ada.position
    await ada.patch(f"/views/{mine['id']}", {"project_id": project["id"]})
    await ada.patch(f"/views/{mine['id']}", {"visibility": "private", "name": "Secret"})
    undone = await ada.post(f"{path}/undo", {"position": changed})
    assert {each: undone[each] for each in ("name", "query", "sort")} == {
        each: ours[each] for each in ("name", "query", "sort")
    }
    bob.position = ada.position
    feed = (await bob.get(f"/projects/{project['id']}/activity?sort_order=asc"))["activities"]
    told = [(each["action"], each["changes"]["old_value"], each["changes"]["new_value"])
            for each in feed if each["entity_type"] == "view"]  # fmt: skip
    assert set(told[1:4]) == {
        ("view_changed", "", "due < 2d"),
        ("view_changed", None, "due_date"),
        ("view_renamed", "Ours", "Everybody's"),
    }
    assert [told[0], *told[4:6]] == [
        ("view_saved", None, "Ours"),
        ("view_shared", None, "Mine"),
        ("view_withdrawn", "Mine", None),
    ]
    assert "Secret" not in str(feed)
    await bob.refused(404, "not-found", "POST", f"/views/{mine['id']}/undo", {"position": changed})
    await ada.delete(path)
    assert (await ada.post(f"{path}/undo", {"position": ada.position}))["name"] == "Ours"
