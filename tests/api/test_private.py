"""A private project is nothing to the rest of its workspace, on whatever route."""

from dataclasses import dataclass
from typing import Final

import pytest

from infra.ids import new_id
from tests.api.client import Api
from tests.api.matrix import Operation, named_kind, operations
from tests.api.test_matrix import FREE, PLACES, PLAIN, fresh, said, things

# What belongs to a project; the rest of what `things` gives belongs to the workspace, to all in it.
IN_PROJECT: Final = frozenset(
    {"task_id", "project_id", "comment_id", "column_id", "dependency_id", "view_id"}
)
KINDS: Final = {"task": "task_id", "proj": "project_id", "cmt": "comment_id"}


@dataclass
class Shared:
    """Ada's workspace, with Bob as a member: a private project of hers, and an open one of his."""

    hidden: dict[str, str]
    mine: dict[str, str]


@pytest.fixture
async def calls(nobody: Api) -> list[Operation]:
    return list(operations(await nobody.get("!/api/openapi.json")))


@pytest.fixture
async def shared(ada: Api, bob: Api) -> Shared:
    hidden = await things(ada, "HIDDEN")
    workspace_id = hidden["workspace_id"]
    await ada.patch(f"/projects/{hidden['project_id']}", {"is_private": True})
    await ada.post(f"/workspaces/{workspace_id}/members", {"user_id": bob.user_id})
    project = await bob.project("MINE", workspace_id=workspace_id)
    task = await bob.task("Of mine", project_id=project["id"])
    behind = await bob.task("Behind", project_id=project["id"])
    comment = await bob.post(f"/tasks/{task['id']}/comments", {"text": "Said"})
    dependency = await bob.post(
        f"/tasks/{task['id']}/dependencies", {"blocks_task_id": behind["id"]}
    )
    view = await bob.post("/views", {"name": "Mine", "project_id": project["id"]})
    columns = await bob.get(f"/projects/{project['id']}/columns")
    mine = {
        **hidden,
        "task_id": task["id"],
        "project_id": project["id"],
        "comment_id": comment["id"],
        "dependency_id": dependency["id"],
        "view_id": view["id"],
        "column_id": columns["columns"][0]["id"],
    }
    bob.position = max(ada.position, bob.position)
    return Shared({name: hidden[name] for name in IN_PROJECT}, mine)


async def test_its_paths_are_as_if_they_never_were(
    bob: Api, calls: list[Operation], shared: Shared
) -> None:
    wrong, tried = [], 0
    for call in calls:
        named = [each for each in call.in_path if each not in PLAIN]
        if not named or named[0] not in IN_PROJECT:
            continue
        tried += 1
        answers = [
            await said(bob, call.method, call.at(asked), call.body(shared.mine), asked)
            for asked in (
                {**shared.mine, **shared.hidden},
                {**shared.mine, **fresh(shared.hidden)},
            )
        ]
        if answers[0] != answers[1] or answers[0][0] != 404:
            wrong.append((str(call), answers))
    assert wrong == []
    assert tried > 40


async def test_its_ids_in_bodies_and_filters_are_as_if_they_never_were(
    bob: Api, calls: list[Operation], shared: Shared
) -> None:
    wrong, tried = [], 0
    for call in calls:
        for name, kind, several in call.named_in_body():
            if kind not in KINDS or (call.method, call.path, name) in FREE:
                continue
            tried += 1
            answers = []
            for asked in (shared.hidden[KINDS[kind]], new_id(kind)):
                body = {
                    each: given
                    for each, given in call.body(shared.mine).items()
                    if named_kind(each) is None or each in call.required
                } | {name: [asked] if several else asked}
                path = call.at(shared.mine)
                answers.append(await said(bob, call.method, path, body, {"asked": asked}))
            if answers[0] != answers[1] or answers[0][0] != 422:
                wrong.append((str(call), name, answers))
        for name in call.filters:
            kind = named_kind(name) or ""
            if kind not in KINDS or name in PLACES or call.method != "GET":
                continue
            tried += 1
            answers = [
                await said(
                    bob, "GET", f"{call.at(shared.mine)}?{name}={asked}", None, {"asked": asked}
                )
                for asked in (shared.hidden[KINDS[kind]], new_id(kind))
            ]
            if answers[0] != answers[1]:
                wrong.append((str(call), name, answers))
    assert wrong == []
    assert tried > 10


async def test_no_answer_of_any_route_names_it(
    ada: Api, bob: Api, calls: list[Operation], shared: Shared
) -> None:
    """Neither by id nor by its words, nor in a count; and to Ada the same routes do name it."""
    traces = {*shared.hidden.values(), "Of HIDDEN", "Behind HIDDEN", "Project HIDDEN"}
    told: dict[str, set[str]] = {"ada": set(), "bob": set()}
    counts = {}
    ada.position = bob.position
    for name, someone in (("ada", ada), ("bob", bob)):
        for call in calls:
            if call.method != "GET" or {"team_id", "label_id", "key_id"} & set(call.in_path):
                continue
            answer = await someone.send("GET", call.at(shared.mine))
            if any(each in answer.text for each in traces):
                told[name].add(call.path)
        workspace = f"workspace_id={shared.mine['workspace_id']}"
        listed = await someone.get(f"/tasks?{workspace}&total=true")
        counts[name] = listed["total"]
    assert told["bob"] == set()
    assert {"/api/v1/tasks", "/api/v1/projects"} <= told["ada"]
    assert counts == {"ada": 4, "bob": 2}
