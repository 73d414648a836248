"""A person's first minute over HTTP."""

from tests.api.client import Api


async def test_a_task_is_made_read_listed_changed_and_shown_on_its_board(ada: Api) -> None:
    project = await ada.project("WEB")
    task = await ada.task("Write it down", project_id="WEB", tags=["a"], priority="high")
    assert task["key"] == "WEB-1"
    assert task["project_id"] == project["project_id"]
    assert (task["priority"], task["priority_level"]) == ("high", 3)
    assert task["creator"]["name"] == ada.user["name"]
    assert await ada.get("/tasks/WEB-1") == await ada.get(f"/tasks/{task['id']}")
    changed = await ada.patch("/tasks/WEB-1", {"status": "in_progress", "title": "Done soon"})
    assert (changed["status"], changed["title"]) == ("in_progress", "Done soon")
    listed = await ada.get("/tasks?project_id=WEB")
    assert listed["tasks"] == [await ada.get("/tasks/WEB-1")]
    comment = await ada.post("/tasks/WEB-1/comments", {"text": "*Hello*"})
    assert comment["html"] == "<p><em>Hello</em></p>\n"
    assert (await ada.get("/tasks/WEB-1/comments"))["comments"] == [comment]
    assert await ada.get(f"/comments/{comment['id']}") == comment
    board = await ada.get("/projects/WEB/board")
    cards = {
        column["name"]: [card["key"] for card in column["cards"]] for column in board["columns"]
    }
    assert cards["In progress"] == ["WEB-1"]
    actions = [each["action"] for each in (await ada.get("/tasks/WEB-1/activity"))["activities"]]
    assert actions[0] == "commented"
    assert actions[-1] == "task_created"
    assert {"status_changed", "title_changed"} < set(actions)
