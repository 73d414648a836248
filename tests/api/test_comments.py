"""Comments over HTTP: said, changed, taken away, answered and reacted to."""

from typing import Any
from urllib.parse import quote

from tests.api.client import Api, pointers

THUMB, HEART = "\U0001f44d", "\u2764\ufe0f"


async def _talk(ada: Api, bob: Api) -> tuple[str, dict[str, Any]]:
    """A task that both see, and a comment of Ada's on it."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("TALK", workspace_id=workspace["id"])
    task = await ada.task(project_id=project["id"])
    comment = await ada.post(f"/tasks/{task['id']}/comments", {"text": "Is it *done*?"})
    bob.position = ada.position
    return task["id"], comment


async def test_an_author_changes_a_comment_and_its_history_is_kept(ada: Api, bob: Api) -> None:
    task_id, comment = await _talk(ada, bob)
    path = f"/comments/{comment['id']}"
    tag = (await ada.send("GET", path)).headers["ETag"]
    text = f"It is **done**, @{bob.user['username']}"
    changed = await ada.patch(path, {**comment, "text": text}, headers={"If-Match": tag})
    assert changed["html"] == f"<p>It is <strong>done</strong>, @{bob.user['username']}</p>\n"
    assert changed["mentions"] == [{"user_id": bob.user_id, "name": bob.user["name"]}]
    assert (changed["version"], changed["reply_to"]) == (2, None)
    assert await ada.get(path) == changed
    assert (await ada.get(f"/tasks/{task_id}/comments"))["comments"] == [changed]
    assert await ada.patch(path, changed) == changed
    stale = await ada.refused(
        412, "version-stale", "PATCH", path, {"text": "x"}, headers={"If-Match": tag}
    )
    assert stale["changed_fields"] == ["text", "mentions"]
    bob.position = ada.position
    await bob.refused(403, "forbidden", "PATCH", path, {"text": "Mine"})
    await bob.refused(403, "forbidden", "DELETE", path)
    assert pointers(
        await ada.refused(422, "validation-failed", "PATCH", path, {"user_id": bob.user_id})
    ) == ["/user_id"]
    first = await bob.get(f"{path}/history?limit=1")
    assert [each["text"] for each in first["history"]] == [text]
    rest = await bob.get(f"{path}/history?cursor={first['next_cursor']}")
    assert [(each["text"], each["action"]) for each in rest["history"]] == [
        ("Is it *done*?", "commented")
    ]
    assert (rest["has_more"], rest["history"][0]["actor"]["user_id"]) == (False, ada.user_id)
    for begun in ("skip=1", "page=2&limit=1", "last_id=2"):
        counted = await bob.get(f"{path}/history?{begun}&total=true")
        assert (counted["history"], counted["total"]) == (rest["history"], 2)
    feed = (await bob.get(f"/tasks/{task_id}/activity"))["activities"]
    assert feed[0]["action"] == "comment_edited"
    assert feed[0]["changes"]["old_value"] == "Is it *done*?"


async def test_a_deleted_comment_goes_from_lists_and_counts_and_its_answers_stay(
    ada: Api, bob: Api
) -> None:
    task_id, comment = await _talk(ada, bob)
    path, listed = f"/comments/{comment['id']}", f"/tasks/{task_id}/comments"
    answer = await bob.post(listed, {"text": "Yes", "reply_to": comment["id"]})
    ada.position = bob.position
    await ada.delete(path)
    assert [each["id"] for each in (await ada.get(listed))["comments"]] == [answer["id"]]
    assert (await ada.get(f"/tasks/{task_id}"))["comment_count"] == 1
    await ada.refused(404, "not-found", "GET", path)
    await ada.refused(404, "not-found", "GET", f"{path}/history")
    await ada.delete(path)
    assert (await ada.get(f"/comments/{answer['id']}"))["reply_to"] == comment["id"]
    problem = await ada.refused(
        422, "validation-failed", "POST", listed, {"text": "x", "reply_to": comment["id"]}
    )
    assert pointers(problem) == ["/reply_to"]
    restored = await ada.post(f"{path}/restore")
    assert (restored["text"], restored["version"]) == (comment["text"], 3)
    assert (await ada.get(f"/tasks/{task_id}"))["comment_count"] == 2
    assert (await ada.get(listed))["comments"][0] == restored
    actions = [
        each["action"] for each in (await ada.get(f"/tasks/{task_id}/activity"))["activities"]
    ]
    assert actions[:3] == ["comment_restored", "comment_deleted", "commented"]


async def test_people_react_and_take_it_back(ada: Api, bob: Api) -> None:
    task_id, comment = await _talk(ada, bob)
    path = f"/comments/{comment['id']}"
    thumb, heart = (f"{path}/reactions/{quote(each)}" for each in (THUMB, HEART))
    await ada.put(thumb, None)
    bob.position = ada.position
    await bob.put(heart, None)
    shown = await bob.put(thumb, None)
    both = [{"user_id": each.user_id, "name": each.user["name"]} for each in (ada, bob)]
    assert shown["reactions"] == [
        {"emoji": THUMB, "count": 2, "users": both},
        {"emoji": HEART, "count": 1, "users": both[1:]},
    ]
    assert (await bob.put(thumb, None)) == shown
    assert (shown["version"], await bob.get(path)) == (1, shown)
    assert (await bob.get(f"/tasks/{task_id}/comments"))["comments"] == [shown]
    await bob.delete(heart)
    await bob.delete(heart)
    assert [each["emoji"] for each in (await bob.get(path))["reactions"]] == [THUMB]
    assert pointers(
        await bob.refused(422, "validation-failed", "PUT", f"{path}/reactions/%2B1")
    ) == ["/emoji"]
    feed = (await bob.get(f"/tasks/{task_id}/activity"))["activities"]
    assert [each["action"] for each in feed[:2]] == ["reaction_removed", "reaction_added"]
    assert feed[0]["entity_id"] == comment["id"]


async def test_comments_of_what_was_put_away_are_left_alone(ada: Api, bob: Api) -> None:
    task_id, comment = await _talk(ada, bob)
    path = f"/comments/{comment['id']}"
    await ada.delete(f"/tasks/{task_id}")
    for method, call in (("PATCH", path), ("DELETE", path), ("POST", f"{path}/restore")):
        body = {"text": "x"} if method == "PATCH" else None
        problem = await ada.refused(409, "trashed", method, call, body)
        assert "restore" in problem["detail"]


async def test_a_text_is_refused_under_the_name_that_it_came_by(ada: Api) -> None:
    path = f"/tasks/{(await ada.task())['id']}/comments"
    said = await ada.post(path, {"content": "hm"})
    for method, at in (("POST", path), ("PATCH", f"/comments/{said['id']}")):
        for name in ("text", "content"):
            problem = await ada.refused(422, "validation-failed", method, at, {name: " "})
            assert pointers(problem) == [f"/{name}"]


async def test_a_name_that_cannot_see_the_task_is_text_like_any_other(ada: Api, bob: Api) -> None:
    task = await ada.task()
    path = f"/tasks/{task['id']}/comments"
    said = [
        await ada.post(path, {"text": f"Ask @{name}"})
        for name in (bob.user["username"], "nobody-at-all", bob.user_id)
    ]
    assert [each["mentions"] for each in said] == [[], [], []]
    refused = await ada.refused(
        422, "validation-failed", "POST", path, {"text": "x", "mentions": [bob.user_id]}
    )
    assert pointers(refused) == ["/mentions/0"]
