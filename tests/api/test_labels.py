"""Labels over HTTP: what they are called shows on every task, board and list at once."""

from typing import Any

from tests.api.client import Api, pointers


async def _place(ada: Api, key: str) -> tuple[str, str]:
    """The path of a workspace's labels, and a project in it."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    project = await ada.project(key, workspace_id=workspace["id"])
    return f"/workspaces/{workspace['id']}/labels", project["id"]


async def _ids(ada: Api, path: str) -> dict[str, str]:
    return {each["name"]: each["id"] for each in (await ada.get(path))["labels"]}


async def test_tags_are_labels_and_a_rename_shows_everywhere(ada: Api) -> None:
    path, project_id = await _place(ada, "LBL")
    task = await ada.task(project_id=project_id, tags=["Backend", "urgent"])
    assert task["tags"] == ["Backend", "urgent"]
    ids = await _ids(ada, path)
    assert list(ids) == ["Backend", "urgent"]
    renamed = await ada.patch(f"{path}/{ids['Backend']}", {"name": "server", "colour": "#112233"})
    assert (renamed["name"], renamed["colour"]) == ("server", "#112233")
    version = task["version"]
    for shown in (
        await ada.get(f"/tasks/{task['id']}"),
        (await ada.get(f"/tasks?project_id={project_id}"))["tasks"][0],
        (await ada.get(f"/projects/{project_id}/board"))["columns"][0]["cards"][0],
        await ada.patch(f"/tasks/{task['id']}", {"tags": ["SERVER", "urgent"]}),
    ):
        assert (shown["tags"], shown["version"]) == (["server", "urgent"], version)
    feed = (await ada.get(f"/workspaces/{renamed['workspace_id']}/activity"))["activities"]
    assert {each["action"] for each in feed[:2]} == {"label_recoloured", "label_renamed"}
    assert feed[0]["entity_id"] == ids["Backend"]
    stats = await ada.get(f"/projects/{project_id}/stats")
    assert stats["by_label"] == {"server": 1, "urgent": 1}


async def test_a_task_counts_once_for_labels_that_have_become_one(ada: Api) -> None:
    path, project_id = await _place(ada, "CNT")
    for tags in (["a", "b"], ["b"], ["c", "d"]):
        await ada.task(project_id=project_id, tags=tags)
    ids = await _ids(ada, path)
    await ada.post(f"{path}/{ids['b']}/merge", {"into": ids["a"]})
    await ada.patch(f"{path}/{ids['c']}", {"name": "see"})
    await ada.delete(f"{path}/{ids['d']}")
    counted = {"a": 2, "see": 1}
    assert (await ada.get(f"/projects/{project_id}/stats"))["by_label"] == counted
    then = await ada.get(f"/projects/{project_id}/stats?as_of={ada.position}")
    assert then["by_label"] == counted


async def test_filters_go_by_what_is_shown(ada: Api) -> None:
    path, project_id = await _place(ada, "FLT")
    for title, tags in (("A", ["a"]), ("B", ["b"]), ("AB", ["a", "b"]), ("C", ["c"])):
        await ada.task(title, project_id=project_id, tags=tags)
    other = await ada.task("Elsewhere", tags=["a"])
    ids = await _ids(ada, path)
    await ada.patch(f"{path}/{ids['a']}", {"name": "x"})
    await ada.post(f"{path}/{ids['b']}/merge", {"into": ids["c"]})
    await ada.task("New a", project_id=project_id, tags=["a"])

    async def titles(query: str) -> list[str]:
        listed = await ada.get(f"/tasks?project_id={project_id}&sort_by=title&{query}")
        return [each["title"] for each in listed["tasks"]]

    assert await titles("tags=X") == ["A", "AB"]
    assert await titles("tags=a") == ["New a"]
    assert await titles("tags=c") == ["AB", "B", "C"]
    assert await titles("tags=b") == ["AB", "B", "C"]
    assert await titles("tags=x,c") == ["AB"]
    assert await titles("tags_any=a,c") == ["AB", "B", "C", "New a"]
    # What a name means differs by workspace, and each is asked by its own.
    await ada.patch(f"/tasks/{other['id']}", {"assignee_id": ada.user_id})
    mine = await ada.get("/user/tasks?tags=a")
    assert [each["title"] for each in mine["tasks"]] == ["Elsewhere"]
    assert (await ada.get("/user/tasks?tags=x"))["tasks"] == []
    tagged = (await ada.get(f"/tasks?project_id={project_id}&tags=c&sort_by=title"))["tasks"]
    assert [each["tags"] for each in tagged] == [["x", "c"], ["c"], ["c"]]


async def test_labels_are_deleted_merged_and_restored(ada: Api) -> None:
    path, project_id = await _place(ada, "DEL")
    task = await ada.task(project_id=project_id, tags=["a", "b"])
    ids = await _ids(ada, path)
    seen = {"If-Match": (await ada.send("GET", f"{path}/{ids['a']}")).headers["ETag"]}
    await ada.patch(f"{path}/{ids['b']}", {"colour": "red"})
    for method, of, body in (
        ("PATCH", "", {"name": "x"}),
        ("POST", "/merge", {"into": ids["b"]}),
        ("DELETE", "", None),
    ):
        target = f"{path}/{ids['a']}{of}"
        await ada.refused(412, "version-stale", method, target, body, headers=seen)
    await ada.delete(f"{path}/{ids['a']}")
    assert (await ada.get(f"/tasks/{task['id']}"))["tags"] == ["b"]
    assert list(await _ids(ada, path)) == ["b"]
    assert list(await _ids(ada, f"{path}?hidden=true")) == ["a"]
    assert (await ada.task(project_id=project_id, tags=["a"]))["tags"] == ["a"]
    assert (await ada.get(f"/tasks/{task['id']}"))["tags"] == ["b"]
    problem = await ada.refused(409, "already-exists", "POST", f"{path}/{ids['a']}/restore")
    assert problem["field"] == "name"
    new = await _ids(ada, path)
    await ada.patch(f"{path}/{new['a']}", {"name": "z"})
    assert (await ada.post(f"{path}/{ids['a']}/restore"))["deleted"] is False
    assert (await ada.get(f"/tasks/{task['id']}"))["tags"] == ["a", "b"]
    merged = await ada.post(f"{path}/{ids['a']}/merge", {"into": ids["b"]})
    assert merged["id"] == ids["b"]
    assert (await ada.get(f"/tasks/{task['id']}"))["tags"] == ["b"]
    assert (await ada.get(f"{path}/{ids['a']}"))["merged_into"] == ids["b"]


async def test_labels_have_a_page_a_limit_and_names_of_their_own(ada: Api, bob: Api) -> None:
    path, _ = await _place(ada, "PAG")
    made = await ada.post(path, {"name": "b", "colour": "red"})
    assert await ada.get(f"{path}/{made['id']}") == made
    for name in ("a", "c"):
        await ada.post(path, {"name": name})
    first = await ada.get(f"{path}?limit=2&total=true")
    assert ([each["name"] for each in first["labels"]], first["total"]) == (["a", "b"], 3)
    rest = await ada.get(f"{path}?cursor={first['next_cursor']}")
    assert [each["name"] for each in rest["labels"]] == ["c"]
    rest = await ada.get(f"{path}?last_id={made['id']}")
    assert [each["name"] for each in rest["labels"]] == ["c"]
    await ada.refused(409, "already-exists", "POST", path, {"name": "B"})
    for body, pointer in (
        ({"name": ""}, "/name"),
        ({"name": "x" * 51}, "/name"),
        ({"name": "y", "colour": "#1"}, "/colour"),
        ({"name": "y", "label_id": "lbl_1"}, "/label_id"),
    ):
        problem = await ada.refused(422, "validation-failed", "POST", path, body)
        assert pointers(problem) == [pointer]
    merge = f"{path}/{made['id']}/merge"
    problem = await ada.refused(422, "validation-failed", "POST", merge, {"into": made["id"]})
    assert pointers(problem) == ["/into"]
    workspace = path.removesuffix("/labels")
    await ada.post(f"{workspace}/members", {"user_id": bob.user_id, "role": "guest"})
    bob.position = ada.position
    assert len((await bob.get(path))["labels"]) == 3
    await bob.refused(403, "forbidden", "POST", path, {"name": "mine"})
    key = {"Idempotency-Key": "once"}
    once: list[Any] = [await ada.post(path, {"name": "once"}, headers=key) for _ in range(2)]
    assert once[0] == once[1]


async def test_the_history_of_a_task_calls_labels_what_they_are_called_now(ada: Api) -> None:
    path, project_id = await _place(ada, "HIS")
    task = await ada.task(project_id=project_id, tags=["a"])
    await ada.patch(f"/tasks/{task['id']}", {"tags": ["a", "b"]})
    await ada.patch(f"{path}/{(await _ids(ada, path))['a']}", {"name": "x"})
    (entry,) = (await ada.get(f"/tasks/{task['id']}/history?field=tags"))["history"]
    assert (entry["old_value"], entry["new_value"]) == (["x"], ["x", "b"])
    feed = (await ada.get(f"/tasks/{task['id']}/activity"))["activities"]
    assert feed[0]["changes"]["new_value"] == ["x", "b"]
