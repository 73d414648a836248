"""Guards, refusals and what is allowed, over HTTP."""

from typing import Any

from tests.api.client import Api, pointers

STATUSES = [
    {"key": "open", "name": "Open", "category": "todo"},
    {"key": "done", "name": "Done", "category": "done"},
    {"key": "dropped", "name": "Dropped", "category": "cancelled"},
]


def guarded(*guards: Any) -> dict[str, Any]:
    return {
        "initial": "open",
        "statuses": STATUSES,
        "transitions": [
            {"from": "open", "to": "done", "guards": list(guards)},
            {"from": "open", "to": "dropped"},
        ],
    }


async def test_a_comment_sent_along_lets_a_task_pass_and_stands_there_after(ada: Api) -> None:
    await ada.project("SAY")
    await ada.put("/projects/SAY/workflow", guarded("comment-required"))
    await ada.task(project_id="SAY")
    await ada.task(project_id="SAY")
    problem = await ada.refused(409, "guard-refused", "PATCH", "/tasks/SAY-1", {"status": "done"})
    assert (problem["guard"], problem["missing"]) == ("comment-required", ["comment"])
    assert (problem["from"], problem["to"], problem["allowed"]) == ("open", "done", ["dropped"])
    assert [(each["status"], each["code"]) for each in problem["refused"]] == [
        ("done", "guard-refused")
    ]
    blank = {"status": "done", "comment": " "}
    problem = await ada.refused(422, "validation-failed", "PATCH", "/tasks/SAY-1", blank)
    assert pointers(problem) == ["/comment"]
    done = await ada.patch("/tasks/SAY-1", {"status": "done", "comment": "It **works**"})
    assert (done["key"], done["status"]) == ("SAY-1", "done")
    said = (await ada.get("/tasks/SAY-1/comments"))["comments"]
    assert [each["text"] for each in said] == ["It **works**"]
    moved = await ada.post("/tasks/SAY-2/move", {"status": "Done", "comment": "This one too"})
    assert (moved["key"], moved["status"]) == ("SAY-2", "done")
    assert (await ada.get("/tasks/SAY-2"))["comment_count"] == 1


async def test_what_is_allowed_is_known_before_anybody_tries(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("ASK", workspace_id=workspace["id"])
    roles = {"name": "only-roles", "project_roles": ["admin"]}
    present = {"name": "fields-present", "fields": ["due_date"]}
    changed = await ada.put(f"/projects/{project['id']}/workflow", guarded(roles, present))
    assert changed["transitions"][0]["guards"] == [roles, present]
    task = await ada.task(project_id=project["id"])
    path = f"/tasks/{task['id']}"
    bob.position = ada.position
    seen = await bob.get(f"{path}/transitions")
    assert (seen["task_id"], seen["status"], seen["version"]) == (task["id"], "open", 1)
    done, dropped = seen["transitions"]
    assert (done["to"], done["name"], done["category"], done["allowed"]) == (
        "done", "Done", "done", False,
    )  # fmt: skip
    assert (done["why"]["guard"], done["why"]["missing"]) == ("only-roles", ["project:admin"])
    assert (dropped["allowed"], dropped["why"]) == (True, None)
    mine = (await ada.get(f"{path}/transitions"))["transitions"][0]
    assert mine["why"]["missing"] == ["due_date"]
    # What the same request fills in is there when the guard looks.
    both = await ada.patch(path, {"status": "done", "due_date": "2030-01-01"})
    assert both["status"] == "done"
    eve = await ada.register()
    await eve.refused(404, "not-found", "GET", f"{path}/transitions")


async def test_wrong_guards_are_refused_where_they_stand(ada: Api) -> None:
    await ada.project("BAD")
    problem = await ada.refused(
        422, "validation-failed", "PUT", "/projects/BAD/workflow",
        guarded("fields-present", {"name": "only-roles", "project_roles": ["king", 1]},
                {"name": "comment-required", "loud": True}),
    )  # fmt: skip
    assert pointers(problem) == [
        "/transitions/0/guards/0",
        "/transitions/0/guards/1/project_roles/0",
        "/transitions/0/guards/1/project_roles/1",
        "/transitions/0/guards/2/loud",
    ]
