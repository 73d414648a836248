"""Two tenants never meet, on whatever route: an id of another answers as one that never was."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from infra.ids import new_id
from tests.api.client import Api
from tests.api.matrix import Operation, like, named_kind, operations

# Ids that a body may name though they are another tenant's, or that the client itself makes.
FREE: Final = {
    ("POST", "/api/v1/workspaces/{workspace_id}/members", "user_id"): "any account is let in",
    ("POST", "/api/v1/workspaces", "workspace_id"): "a fresh one of the client's own",
    ("POST", "/api/v1/projects", "project_id"): "a fresh one of the client's own",
    ("POST", "/api/v1/tasks", "task_id"): "a fresh one of the client's own",
    ("POST", "/api/v1/tasks/{task_id}/comments", "comment_id"): "a fresh one of the client's own",
    ("POST", "/api/v1/workspaces/{workspace_id}/labels", "label_id"): "a fresh one of the client's",
    ("POST", "/api/v1/users/{user}/erasure", "erasure_id"): "a fresh one of the client's own",
}
# What makes a thing under an id of the client's own, which in each tenant is another thing.
MADE_BY_PUT: Final = frozenset({"PUT /api/v1/holds/{hold_id}"})
# Names in paths that are nobody's, and one of each.
PLAIN: Final = {"emoji": "\U0001f44d"}
# Where an id in the query says where a list goes on, not what it holds.
PLACES: Final = frozenset({"last_id"})


async def things(someone: Api, key: str) -> dict[str, str]:
    """One of everything that somebody has, by the name that paths give it. A route with another
    name in its path needs one more line here."""
    project = await someone.project(key)
    task = await someone.task(f"Of {key}", project_id=project["id"])
    comment = await someone.post(f"/tasks/{task['id']}/comments", {"text": "Said"})
    behind = await someone.task(f"Behind {key}", project_id=project["id"])
    dependency = await someone.post(
        f"/tasks/{task['id']}/dependencies", {"blocks_task_id": behind["id"]}
    )
    columns = await someone.get(f"/projects/{project['id']}/columns")
    workspace_id = project["workspace_id"]
    team = await someone.post(f"/workspaces/{workspace_id}/teams", {"name": f"Team {key}"})
    label = await someone.post(f"/workspaces/{workspace_id}/labels", {"name": f"label {key}"})
    address = {"email": f"{new_id('user')}@example.org"}
    invitation = await someone.post(f"/workspaces/{workspace_id}/members", address)
    bulk = {"filter": {"project_id": key}, "patch": {"priority": 1}}
    template = await someone.post("/templates", {"name": key, "tasks": [{"title": "One"}]})
    other = await someone.register()
    await someone.post(f"/workspaces/{workspace_id}/members", {"user_id": other.user_id})
    await other.post(f"/tasks/{task['id']}/comments", {"text": "Heard"})
    someone.position = max(someone.position, other.position)
    heard = (await someone.get("/notifications"))["notifications"]
    view = await someone.post("/views", {"name": key, "project_id": project["id"]})
    erasure = await someone.post(f"/users/{other.user_id}/erasure", {"workspace_id": workspace_id})
    hold_id = new_id("hold")
    hold = {"workspace_id": workspace_id, "reason": key, "since": "2100-01-01T00:00:00Z"}
    await someone.put(f"/holds/{hold_id}", hold)
    return {
        "erasure_id": erasure["id"],
        "hold_id": hold_id,
        "notification_id": heard[0]["id"],
        "job_id": (await someone.post("/tasks/bulk", bulk))["job_id"],
        "invitation_id": invitation["id"],
        "task_id": task["id"],
        "project_id": project["id"],
        "workspace_id": workspace_id,
        "comment_id": comment["id"],
        "dependency_id": dependency["id"],
        "user_id": someone.user_id,
        "user": someone.user_id,
        "member_id": someone.user_id,
        "column_id": columns["columns"][0]["id"],
        "team_id": team["id"],
        "label_id": label["id"],
        "template_id": template["id"],
        "view_id": view["id"],
        "key_id": (await someone.post("/api-keys", {"name": key, "scopes": ["admin"]}))["key_id"],
        "session_id": await session_of(someone),
        "export_id": (await someone.post("/audit/exports", {"format": "bundle"}))["export_id"],
        "identity_id": new_id("idn"),  # there is no provider here; others' are tried where one is
        **PLAIN,
    }


async def session_of(someone: Api) -> str:
    """A session of theirs, begun by a log-in."""
    elsewhere = someone.with_token(None)
    await elsewhere.log_in(someone.user["username"])
    sessions = (await elsewhere.get("/auth/sessions"))["sessions"]
    return str(sessions[0]["session_id"])


@pytest.fixture
async def calls(nobody: Api) -> list[Operation]:
    return list(operations(await nobody.get("!/api/openapi.json")))


@pytest.fixture
async def theirs(ada: Api) -> dict[str, str]:
    return await things(ada, "SECRET")


@pytest.fixture
async def mine(bob: Api, ada: Api, theirs: dict[str, str]) -> dict[str, str]:
    own = await things(bob, "MINE")
    bob.position = max(bob.position, ada.position)
    return own


async def said(someone: Api, method: str, path: str, body: Any, ids: Mapping[str, str]) -> Any:
    """The answer without what no two answers have in common, and without the ids asked for."""
    answer = await someone.send(method, path, body)
    problem = answer.json() if answer.content else {}
    if answer.status_code >= 400:
        problem.pop("request_id", None)
        problem.pop("instance", None)
    text = json.dumps(problem)
    for each in sorted(ids.values(), key=len, reverse=True):
        text = text.replace(each, "ID")
    return answer.status_code, json.loads(text)


def fresh(ids: Mapping[str, str]) -> dict[str, str]:
    never = {name: like(each, new_id("task")) for name, each in ids.items()}
    return {**never, **PLAIN}


async def test_every_id_of_anothers_in_a_path_is_as_if_it_never_was(
    bob: Api, calls: list[Operation], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    wrong = []
    tried = 0
    keys = {**theirs, "task_id": "SECRET-1", "project_id": "SECRET"}
    for call in calls:
        if str(call) in MADE_BY_PUT:
            continue
        unknown = set(call.in_path) - set(theirs)
        assert not unknown, f"{call}: `things` of this file needs a line for {unknown}"
        ways = [theirs, keys] if {"task_id", "project_id"} & set(call.in_path) else [theirs]
        named = [each for each in call.in_path if each not in PLAIN]
        for hidden in ways if named else ():
            for shared in range(len(named)):
                # The first ones are mine, and only what is named under them is not.
                own = {name: mine[name] for name in named[:shared]}
                answers = [
                    await said(bob, call.method, call.at(asked), call.body(mine), asked)
                    for asked in ({**hidden, **own}, {**fresh(hidden), **own})
                ]
                tried += 1
                if answers[0] != answers[1] or answers[0][0] != 404:
                    wrong.append((str(call), own, answers))
    assert wrong == []
    assert tried > 60


async def test_every_id_of_anothers_in_a_body_is_refused_as_one_that_never_was(
    bob: Api, calls: list[Operation], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    wrong = []
    tried: list[tuple[str, str]] = []
    by_kind = {each.partition("_")[0]: each for each in theirs.values()}
    for call in calls:
        for name, kind, several in call.named_in_body():
            if (call.method, call.path, name) in FREE:
                continue
            answers = []
            tried.append((str(call), name))
            for asked in (by_kind[kind], new_id(kind)):
                value = [asked] if several else asked
                body = {**call.body(mine), name: value}
                # What says the same in another way would be refused for that.
                body = {
                    each: given
                    for each, given in body.items()
                    if each == name or named_kind(each) is None or each in call.required
                }
                ids = {"asked": asked}
                answers.append(await said(bob, call.method, call.at(mine), body, ids))
            status, problem = answers[0]
            at = [each["pointer"] for each in problem.get("errors", ())]
            pointed = any(each.startswith(f"/{name}") for each in at)
            if answers[0] != answers[1] or status != 422 or not pointed:
                wrong.append((str(call), name, answers))
    assert wrong == []
    assert len(tried) > 15


async def test_every_id_of_anothers_in_a_filter_matches_nothing(
    bob: Api, calls: list[Operation], theirs: dict[str, str], mine: dict[str, str]
) -> None:
    wrong = []
    by_kind = {each.partition("_")[0]: each for each in theirs.values()}
    for call in calls:
        for name in call.filters:
            kind = named_kind(name)
            if kind is None or name in PLACES or call.method != "GET":
                continue
            answers = [
                await said(bob, "GET", f"{call.at(mine)}?{name}={asked}", None, {"asked": asked})
                for asked in (by_kind[kind], new_id(kind))
            ]
            status, answer = answers[0]
            rows = [each for each in answer.values() if isinstance(each, list)]
            if answers[0] != answers[1] or (status == 200 and any(rows) and name != "workspace_id"):
                wrong.append((str(call), name, answers))
    assert wrong == []
