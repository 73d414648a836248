"""Watching, muting and favourites over HTTP: one's own business, and nobody else's."""

from typing import Any

from tests.api.client import Api


async def _ours(ada: Api, *others: Api) -> dict[str, Any]:
    """A task of Ada's in a workspace that all of them are in."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    for each in others:
        await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": each.user_id})
    project = await ada.project("OURS", workspace_id=workspace["id"])
    task = await ada.task(project_id=project["id"])
    for each in others:
        each.position = ada.position
    return task


async def _watchers(someone: Api, task: dict[str, Any]) -> dict[str, list[str]]:
    found = await someone.get(f"/tasks/{task['id']}/watchers")
    return {each["user_id"]: each["reasons"] for each in found["watchers"]}


async def test_who_takes_part_watches_until_they_stop(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    assert await _watchers(ada, task) == {ada.user_id: ["creator"]}
    await bob.put_204(f"{path}/watch")
    await bob.put_204(f"{path}/watch")
    comment = await bob.post(f"{path}/comments", {"text": f"@{ada.user['username']} look"})
    assert await _watchers(bob, task) == {
        ada.user_id: ["creator", "mentioned"],
        bob.user_id: ["watching", "commenter"],
    }
    await bob.delete(f"{path}/watch")
    seen = await bob.get(f"{path}/watchers")
    assert [each["user_id"] for each in seen["watchers"]] == [ada.user_id]
    assert seen["watchers"][0]["name"] == ada.user["name"]
    assert (seen["is_watching"], seen["is_muted"]) == (False, False)
    await bob.put_204(f"{path}/watch")
    await bob.delete(f"/comments/{comment['id']}")
    assert await _watchers(bob, task) == {
        ada.user_id: ["creator"],
        bob.user_id: ["watching"],
    }


async def test_what_somebody_decides_for_themselves_changes_no_task_and_no_feed(
    ada: Api, bob: Api
) -> None:
    task = await _ours(ada, bob)
    path = f"/tasks/{task['id']}"
    before = await bob.send("GET", path)
    for each in ("watch", "mute", "favourite"):
        await bob.put_204(f"{path}/{each}")
    after = await bob.send("GET", path)
    assert (after.headers["ETag"], after.json()) == (before.headers["ETag"], before.json())
    ada.position = bob.position
    feed = (await ada.get(f"/workspaces/{task['workspace_id']}/activity"))["activities"]
    assert feed[0]["action"] == "task_created"
    assert (await bob.get(f"{path}/watchers"))["is_muted"] is True
    assert (await ada.get(f"{path}/watchers"))["is_muted"] is False
    await bob.delete(f"{path}/mute")
    await bob.delete(f"{path}/mute")
    assert (await bob.get(f"{path}/watchers"))["is_muted"] is False


async def test_favourites_show_what_they_are_while_it_may_be_seen(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    await bob.put_204(f"/tasks/{task['id']}/favourite")
    await bob.put_204(f"/projects/{task['project_id']}/favourite")
    await bob.put_204("/projects/ME/favourite")
    listed = await bob.get("/users/me/favourites")
    kinds = [(each["entity_type"], each["entity_id"]) for each in listed["favourites"]]
    assert kinds[1:] == [("project", task["project_id"]), ("task", task["id"])]
    assert listed["favourites"][2]["task"] == await bob.get(f"/tasks/{task['id']}")
    shown = listed["favourites"][1]["project"]
    assert shown == await bob.get(f"/projects/{task['project_id']}")
    first = await bob.get("/users/me/favourites?limit=1")
    rest = await bob.get(f"/users/me/favourites?cursor={first['next_cursor']}")
    assert [each["entity_id"] for each in rest["favourites"]] == [each for _, each in kinds[1:]]
    only = await bob.get(f"/users/me/favourites?workspace_id={task['workspace_id']}")
    assert len(only["favourites"]) == 2
    assert (await ada.get("/users/me/favourites"))["favourites"] == []
    await ada.delete(f"/workspaces/{task['workspace_id']}/members/{bob.user_id}")
    bob.position = ada.position
    left = (await bob.get("/users/me/favourites"))["favourites"]
    assert [each["entity_id"] for each in left] == [kinds[0][1]]
    await bob.delete("/projects/ME/favourite")
    assert (await bob.get("/users/me/favourites"))["favourites"] == []


async def test_a_watcher_who_may_not_see_the_task_any_more_is_none(ada: Api, bob: Api) -> None:
    task = await _ours(ada, bob)
    await bob.put_204(f"/tasks/{task['id']}/watch")
    ada.position = bob.position
    assert set(await _watchers(ada, task)) == {ada.user_id, bob.user_id}
    await ada.delete(f"/workspaces/{task['workspace_id']}/members/{bob.user_id}")
    assert set(await _watchers(ada, task)) == {ada.user_id}


async def test_a_task_in_the_trash_gets_no_watchers(ada: Api) -> None:
    task = await ada.task()
    await ada.delete(f"/tasks/{task['id']}")
    for each in ("watch", "favourite"):
        await ada.refused(409, "trashed", "PUT", f"/tasks/{task['id']}/{each}")
        await ada.delete(f"/tasks/{task['id']}/{each}")
