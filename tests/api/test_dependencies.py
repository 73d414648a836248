"""Dependencies over HTTP: every accepted shape, who blocks whom, trees, orders, who sees it."""

from typing import Any

import pytest

from tests.api.client import Api, pointers

Json = dict[str, Any]


async def some(api: Api, count: int, key: str = "WEB", **given: Any) -> list[Json]:
    project = await api.project(key, **given)
    return [await api.task(f"Task {n}", project_id=project["id"]) for n in range(1, count + 1)]


async def link(api: Api, task: Json, **body: Any) -> Json:
    made: Json = await api.post(f"/tasks/{task['id']}/dependencies", body)
    return made


async def finish(api: Api, task: Json) -> Json:
    for status in ("in_progress", "in_review", "done"):
        done: Json = await api.patch(f"/tasks/{task['id']}", {"status": status})
    return done


async def shown(api: Api, task: Json) -> tuple[bool, list[str], list[str]]:
    seen = await api.get(f"/tasks/{task['id']}")
    return seen["is_blocked"], seen["blocked_by"], seen["blocking"]


async def actions(api: Api, task: Json) -> list[str]:
    feed = await api.get(f"/tasks/{task['id']}/activity")
    return [each["action"] for each in feed["activities"]]


@pytest.mark.parametrize(
    ("body", "ends", "kind"),
    [
        ({"blocks_task_id": "b"}, "ab", "blocks"),
        ({"blocks_task_id": "b", "dependency_type": "blocks"}, "ab", "blocks"),
        ({"to_task_id": "b"}, "ab", "blocks"),
        ({"to_task_id": "b", "dependency_type": "blocked_by"}, "ba", "blocks"),
        ({"depends_on_id": "b"}, "ba", "blocks"),
        ({"depends_on_id": "b", "dependency_type": "blocked_by"}, "ba", "blocks"),
        ({"to_task_id": "b", "dependency_type": "relates"}, "ab", "relates"),
        ({"to_task_id": "b", "dependency_type": "duplicates"}, "ab", "duplicates"),
        ({"depends_on_id": "b", "dependency_type": "duplicates"}, "ba", "duplicates"),
    ],
)
async def test_a_dependency_is_taken_in_every_shape(
    ada: Api, body: Json, ends: str, kind: str
) -> None:
    a, b = await some(ada, 2)
    ids = {"a": a["id"], "b": b["id"]}
    # By key as well as by id.
    sent = {name: b["key"] if value == "b" else value for name, value in body.items()}
    answer = await ada.send("POST", f"/tasks/{a['key']}/dependencies", sent)
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert (made["from_task_id"], made["to_task_id"]) == (ids[ends[0]], ids[ends[1]])
    assert (made["type"], made["id"]) == (kind, made["dependency_id"])
    assert made["creator"]["user_id"] == ada.user_id
    for task in (a, b):
        listed = (await ada.get(f"/tasks/{task['id']}/dependencies"))["dependencies"]
        assert listed == [made]
        assert "dependency_added" in await actions(ada, task)
    source, target = (a, b) if ends == "ab" else (b, a)
    if kind == "blocks":
        assert await shown(ada, target) == (True, [source["id"]], [])
        assert await shown(ada, source) == (False, [], [target["id"]])
    else:
        assert await shown(ada, target) == (False, [], [])


async def test_bad_bodies_are_refused_where_they_are_wrong(ada: Api, bob: Api) -> None:
    a, b = await some(ada, 2)
    (theirs,) = await some(bob, 1)
    path = f"/tasks/{a['id']}/dependencies"
    for body, pointer in (
        ({}, "/blocks_task_id"),
        ({"to_task_id": b["id"], "depends_on_id": b["id"]}, "/depends_on_id"),
        ({"to_task_id": b["id"], "dependency_type": "loves"}, "/dependency_type"),
        ({"to_task_id": "task_nonsense"}, "/to_task_id"),
        ({"depends_on_id": "WEB-99"}, "/depends_on_id"),
        ({"blocks_task_id": theirs["id"]}, "/blocks_task_id"),
        ({"blocks_task_id": a["project_id"]}, "/blocks_task_id"),
    ):
        problem = await ada.refused(422, "validation-failed", "POST", path, body)
        assert pointers(problem) == [pointer]
    never = {"to_task_id": "task_01arz3ndektsv4rrffq69g5fav"}
    unknown = await ada.refused(422, "validation-failed", "POST", path, never)
    hidden = await ada.refused(422, "validation-failed", "POST", path, {"to_task_id": theirs["id"]})
    assert unknown["errors"] == hidden["errors"]
    await bob.refused(404, "not-found", "POST", path, {"to_task_id": theirs["id"]})


async def test_rings_and_repeats_are_refused_with_what_is_there(ada: Api) -> None:
    a, b, c = await some(ada, 3)
    await link(ada, a, blocks_task_id=b["id"])
    await link(ada, b, blocks_task_id=c["id"])
    path = f"/tasks/{c['id']}/dependencies"
    ring = await ada.refused(409, "dependency-cycle", "POST", path, {"to_task_id": a["id"]})
    assert ring["path"] == [c["id"], a["id"], b["id"], c["id"]]
    own = await ada.refused(409, "dependency-cycle", "POST", path, {"to_task_id": c["id"]})
    assert own["path"] == [c["id"], c["id"]]
    again = {"depends_on_id": b["id"]}
    problem = await ada.refused(409, "already-exists", "POST", path, again)
    assert problem["field"] == "to_task_id"
    await link(ada, c, to_task_id=a["id"], dependency_type="relates")
    mirrored = {"to_task_id": c["id"], "dependency_type": "relates"}
    await ada.refused(409, "already-exists", "POST", f"/tasks/{a['id']}/dependencies", mirrored)


async def test_a_blocked_task_waits_and_is_told_when_it_is_free(ada: Api) -> None:
    first, second, last = await some(ada, 3)
    for blocker in (first, second):
        await link(ada, last, depends_on_id=blocker["id"])
    for status in ("in_progress", "in_review"):
        await ada.patch(f"/tasks/{last['id']}", {"status": status})
    problem = await ada.refused(
        409, "blocked-by-unfinished", "PATCH", f"/tasks/{last['id']}", {"status": "done"}
    )
    assert (problem["blockers"], problem["hidden_blockers"]) == ([first["id"], second["id"]], 0)
    assert await blocked(ada, last["project_id"]) == [last["id"]]
    await finish(ada, first)
    assert (await shown(ada, last))[0]
    await ada.delete(f"/tasks/{second['id']}")
    # In the trash it blocks nobody and is not shown; its edge is still there.
    assert await shown(ada, last) == (False, [first["id"]], [])
    entry = (await ada.get(f"/tasks/{last['id']}/activity"))["activities"][0]
    assert (entry["action"], entry["because_of"]) == ("task_unblocked", [])
    assert entry["changes"] == {"field": "is_blocked", "old_value": True, "new_value": False}
    assert await blocked(ada, last["project_id"]) == []
    await ada.post(f"/tasks/{second['id']}/restore")
    assert await shown(ada, last) == (True, [first["id"], second["id"]], [])
    await ada.patch(f"/tasks/{second['id']}", {"status": "in_progress"})
    await ada.patch(f"/tasks/{second['id']}", {"status": "cancelled"})
    entry = (await ada.get(f"/tasks/{last['id']}/activity"))["activities"][0]
    assert (entry["action"], entry["because_of"]) == ("task_unblocked", [second["id"]])
    done = await ada.patch(f"/tasks/{last['id']}", {"status": "done"})
    assert (done["status"], done["is_blocked"]) == ("done", False)
    await ada.patch(f"/tasks/{first['id']}", {"status": "todo"})
    assert (await shown(ada, last))[0]


async def blocked(api: Api, project_id: str) -> list[str]:
    found = await api.get(f"/tasks?is_blocked=true&project_id={project_id}")
    return [each["id"] for each in found["tasks"]]


async def test_removing_a_dependency_frees_and_answers_once(ada: Api) -> None:
    a, b = await some(ada, 2)
    made = await link(ada, a, blocks_task_id=b["id"])
    path = f"/tasks/{b['id']}/dependencies/{made['id']}"
    key = {"Idempotency-Key": "gone"}
    await ada.delete(path, headers=key)
    await ada.delete(path, headers=key)
    await ada.refused(404, "not-found", "DELETE", path)
    await ada.refused(404, "not-found", "DELETE", f"/tasks/{b['id']}/dependencies/dep_x")
    assert await shown(ada, b) == (False, [], [])
    assert await actions(ada, b) == [
        "task_unblocked", "dependency_removed", "task_blocked", "dependency_added", "task_created",
    ]  # fmt: skip
    assert (await ada.get(f"/tasks/{b['id']}/dependencies"))["dependencies"] == []


async def test_a_repeated_request_gets_the_first_dependency(ada: Api) -> None:
    a, b = await some(ada, 2)
    body = {"blocks_task_id": b["id"]}
    headers = {"Idempotency-Key": "once"}
    first = await ada.post(f"/tasks/{a['id']}/dependencies", body, headers=headers)
    await ada.delete(f"/tasks/{a['id']}/dependencies/{first['id']}")
    again = await ada.send("POST", f"/tasks/{a['id']}/dependencies", body, headers=headers)
    assert (again.status_code, again.json()) == (201, first)
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_a_task_is_made_with_what_it_depends_on(ada: Api) -> None:
    a, b = await some(ada, 2)
    await finish(ada, a)
    project_id = a["project_id"]
    made = await ada.task(project_id=project_id, depends_on=[a["key"], b["id"], b["id"]])
    assert (made["is_blocked"], made["blocked_by"]) == (True, [a["id"], b["id"]])
    assert await shown(ada, made) == (True, [a["id"], b["id"]], [])
    assert (await shown(ada, b))[2] == [made["id"]]
    free = await ada.task(project_id=project_id, depends_on=[a["id"]])
    assert (free["is_blocked"], free["blocked_by"]) == (False, [a["id"]])
    wrong = {"title": "No", "depends_on": [a["id"], "WEB-77", "task_x"]}
    problem = await ada.refused(422, "validation-failed", "POST", "/tasks", wrong)
    assert pointers(problem) == ["/depends_on/1", "/depends_on/2"]
    await ada.delete(f"/tasks/{b['id']}")
    await ada.refused(409, "trashed", "POST", "/tasks", {"title": "No", "depends_on": [b["id"]]})


async def test_trees_and_orders_follow_what_blocks_what(ada: Api) -> None:
    a, b, c, d, e = await some(ada, 5)
    for blocker, behind in ((a, b), (a, c), (b, d), (c, d)):
        await link(ada, blocker, blocks_task_id=behind["id"])
    tree = await ada.get(f"/tasks/{a['id']}/dependencies/tree")
    assert (tree["key"], tree["status"], tree["direction"], tree["truncated"]) == (
        a["key"], "todo", "down", False,
    )  # fmt: skip
    assert [each["id"] for each in tree["children"]] == [b["id"], c["id"]]
    under_b, under_c = tree["children"]
    assert [(n["id"], n["repeated"]) for n in under_b["children"]] == [(d["id"], False)]
    assert [(n["id"], n["repeated"]) for n in under_c["children"]] == [(d["id"], True)]
    up = await ada.get(f"/tasks/{d['id']}/dependencies/tree?direction=up&depth=1")
    assert [(n["id"], n["children"]) for n in up["children"]] == [(b["id"], []), (c["id"], [])]
    path = f"/tasks/{a['id']}/dependencies/tree"
    await ada.refused(422, "validation-failed", "GET", f"{path}?depth=51")
    order = f"/projects/{a['project_id']}/task-order"
    await link(ada, e, blocks_task_id=a["id"])
    assert (await ada.get(order))["task_ids"] == [t["id"] for t in (e, a, b, c, d)]
    some_ids = f"{d['key']},{e['id']},nothing"
    assert (await ada.get(f"{order}?task_ids={some_ids}"))["task_ids"] == [e["id"], d["id"]]
    await ada.delete(f"/tasks/{e['id']}")
    assert (await ada.get(order))["task_ids"] == [t["id"] for t in (a, b, c, d)]


async def test_what_one_may_not_see_is_left_out_everywhere(ada: Api, bob: Api) -> None:
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    (mine,) = await some(ada, 1, "SEC", workspace_id=workspace["id"], is_private=True)
    first, last = await some(ada, 2, "PUB", workspace_id=workspace["id"])
    await link(ada, mine, blocks_task_id=last["id"])
    await link(ada, first, blocks_task_id=mine["id"])
    assert await shown(ada, last) == (True, [mine["id"]], [])
    bob.position = ada.position
    assert await shown(bob, last) == (True, [], [])
    assert await shown(bob, first) == (False, [], [])
    listed = await bob.get(f"/tasks?project_id={last['project_id']}")
    assert [each["blocked_by"] for each in listed["tasks"]] == [[], []]
    assert (await bob.get(f"/tasks/{last['id']}/dependencies"))["dependencies"] == []
    tree = await bob.get(f"/tasks/{first['id']}/dependencies/tree")
    assert tree["children"] == []
    feed = (await bob.get(f"/tasks/{last['id']}/activity"))["activities"]
    assert feed[0]["because_of"] == []
    assert feed[1]["changes"] == {"field": "blocked_by", "old_value": None, "new_value": None}
    edge = (await ada.get(f"/tasks/{last['id']}/dependencies"))["dependencies"][0]
    await bob.refused(404, "not-found", "DELETE", f"/tasks/{last['id']}/dependencies/{edge['id']}")
    ring = await bob.refused(
        409, "dependency-cycle", "POST", f"/tasks/{last['id']}/dependencies",
        {"blocks_task_id": first["id"]},
    )  # fmt: skip
    assert ring["path"] == [last["id"], first["id"], None, last["id"]]
    for status in ("in_progress", "in_review"):
        await bob.patch(f"/tasks/{last['id']}", {"status": status})
    stopped = await bob.refused(
        409, "blocked-by-unfinished", "PATCH", f"/tasks/{last['id']}", {"status": "done"}
    )
    assert (stopped["blockers"], stopped["hidden_blockers"]) == ([], 1)


async def test_what_was_linked_or_finished_is_undone_with_all_that_followed(ada: Api) -> None:
    a, b = await some(ada, 2)
    await link(ada, a, blocks_task_id=b["id"])
    linked = ada.position
    await finish(ada, a)
    finished = ada.position
    assert (await shown(ada, b))[0] is False
    await ada.post(f"/tasks/{a['id']}/undo", {"position": finished})
    assert (await shown(ada, b))[0] is True
    await ada.post(f"/tasks/{a['id']}/undo", {"position": linked})
    assert await shown(ada, b) == (False, [], [])
    unlinked = ada.position
    await ada.post(f"/tasks/{b['id']}/undo", {"position": unlinked})
    assert await shown(ada, b) == (True, [a["id"]], [])


async def test_dependencies_are_made_in_one_commit_or_none(ada: Api) -> None:
    a, b, c = await some(ada, 3)

    def linking(*pairs: tuple[Json, Json]) -> Json:
        commands = [
            {
                "method": "POST",
                "path": f"/api/v1/tasks/{source['id']}/dependencies",
                "body": {"blocks_task_id": target["id"]},
            }
            for source, target in pairs
        ]
        return {"commands": commands, "atomic": True}

    await ada.refused(409, "dependency-cycle", "POST", "/batch", linking((a, b), (b, c), (c, a)))
    assert await shown(ada, b) == (False, [], [])
    made = (await ada.post("/batch", linking((a, b), (b, c))))["results"]
    assert [each["body"]["to_task_id"] for each in made] == [b["id"], c["id"]]
    assert await shown(ada, b) == (True, [a["id"]], [c["id"]])


async def test_who_may_link_a_task_may_take_it_back(ada: Api, bob: Api) -> None:
    """Bob sees what blocks his task, and may not edit it."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    await ada.post(f"/workspaces/{workspace['id']}/members", {"user_id": bob.user_id})
    project = await ada.project("SEE", workspace_id=workspace["id"], is_private=True)
    member = {"user_id": bob.user_id, "role": "viewer"}
    await ada.post(f"/projects/{project['id']}/members", member)
    theirs = await ada.task(project_id=project["id"])
    bob.position = ada.position
    (mine,) = await some(bob, 1, "MINE", workspace_id=workspace["id"])
    await bob.refused(
        403, "forbidden", "POST", f"/tasks/{theirs['id']}/dependencies", {"to_task_id": mine["id"]}
    )
    await link(bob, mine, depends_on_id=theirs["id"])
    assert await shown(bob, mine) == (True, [theirs["id"]], [])
    await bob.post(f"/tasks/{mine['id']}/undo", {"position": bob.position})
    assert await shown(bob, mine) == (False, [], [])
    await bob.post(f"/tasks/{mine['id']}/undo", {"position": bob.position})
    assert await shown(bob, mine) == (True, [theirs["id"]], [])
