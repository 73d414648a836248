"""Invited by mail, suspended, handed over, closed: who comes into a workspace and who is out."""

import asyncio
from uuid import uuid4

from tests.api.client import PASSWORD, Api, pointers
from tests.api.mail import Catcher


def _address() -> str:
    return f"user-{uuid4().hex[:12]}@example.org"


async def _workspace(ada: Api) -> str:
    return str((await ada.post("/workspaces", {"name": "Ours"}))["id"])


async def _invite(ada: Api, workspace: str, email: str, **other: str) -> dict[str, str]:
    answer = await ada.send("POST", f"/workspaces/{workspace}/members", {"email": email, **other})
    assert answer.status_code == 202, answer.text
    invitation: dict[str, str] = answer.json()
    return invitation


def _newcomer(email: str, **other: str) -> dict[str, str]:
    return {"username": email.partition("@")[0], "email": email, "password": PASSWORD, **other}


async def test_an_unknown_address_is_invited_and_registers_by_the_link(
    ada: Api, nobody: Api, catcher: Catcher
) -> None:
    workspace, email = await _workspace(ada), _address()
    key = {"Idempotency-Key": uuid4().hex}
    members = f"/workspaces/{workspace}/members"
    first = await ada.send("POST", members, {"email": email, "role": "guest"}, headers=key)
    again = await ada.send("POST", members, {"email": email, "role": "guest"}, headers=key)
    assert (first.status_code, again.status_code) == (202, 202)
    invitation = first.json()
    assert again.json() == invitation
    assert (invitation["email"], invitation["role"]) == (email, "guest")
    assert invitation["invited_by"]["user_id"] == ada.user_id
    await ada.refused(409, "already-exists", "POST", members, {"email": email.upper()})
    listed = await ada.get(f"/workspaces/{workspace}/invitations")
    assert listed["invitations"] == [invitation]
    token = await catcher.token_to(email, "invited")

    other = _newcomer(_address(), invitation_token=token)
    problem = await nobody.refused(422, "validation-failed", "POST", "/users", other)
    assert pointers(problem) == ["/email"]
    body = _newcomer(email, invitation_token=token)
    once = {"Idempotency-Key": uuid4().hex}
    made = await nobody.send("POST", "/users", body, headers=once)
    assert made.status_code == 201, made.text
    repeated = await nobody.send("POST", "/users", body, headers=once)
    assert (repeated.status_code, repeated.json()) == (201, made.json())
    someone = Api(nobody.http, nobody.issue, position=int(made.headers["X-Log-Position"]))
    me = await someone.log_in(email)
    assert me["user"]["email_verified"] is True
    assert (await someone.get(f"/workspaces/{workspace}"))["name"] == "Ours"
    ada.position = someone.position
    assert (await ada.get(f"/workspaces/{workspace}/invitations"))["invitations"] == []
    actions = [
        each["action"]
        for each in (await ada.get(f"/workspaces/{workspace}/activity"))["activities"]
    ]
    assert actions[:3] == ["member_added", "invitation_accepted", "member_invited"]
    feed = await ada.send("GET", f"/workspaces/{workspace}/activity")
    assert email not in feed.text
    used = _newcomer(_address(), invitation_token=token)
    problem = await nobody.refused(422, "validation-failed", "POST", "/users", used)
    assert pointers(problem) == ["/invitation_token"]
    assert len(catcher.mails_to(email, "invited")) == 1
    assert catcher.mails_to(email, "Verify") == []


async def test_an_invitation_is_accepted_once_by_the_account_that_has_the_address(
    ada: Api, bob: Api, nobody: Api, catcher: Catcher
) -> None:
    workspace, email = await _workspace(ada), _address()
    await _invite(ada, workspace, email)
    token = await catcher.token_to(email, "invited")
    accept = ("POST", "/auth/invitations/accept", {"token": token})
    await bob.refused(403, "forbidden", *accept)
    await nobody.post("/users", _newcomer(email))
    someone = Api(nobody.http, nobody.issue)
    await someone.log_in(email)
    answers = await asyncio.gather(*(someone.send(*accept) for _ in range(4)))
    assert sorted(each.status_code for each in answers) == [200, 422, 422, 422]
    assert next(each.json() for each in answers if each.is_success)["id"] == workspace
    assert (await someone.get("/users/me"))["email_verified"] is True
    members = await someone.get(f"/workspaces/{workspace}/members")
    assert [each["user_id"] for each in members["members"]] == [ada.user_id, someone.user_id]


async def test_a_revoked_invitation_is_good_for_nothing_and_a_renewed_one_is_mailed_again(
    ada: Api, bob: Api, nobody: Api, catcher: Catcher
) -> None:
    workspace, email = await _workspace(ada), _address()
    invitation = await _invite(ada, workspace, email)
    path = f"/workspaces/{workspace}/invitations/{invitation['id']}"
    await bob.refused(404, "not-found", "DELETE", path)
    await bob.refused(404, "not-found", "GET", f"/workspaces/{workspace}/invitations")
    renewed = await ada.post(f"{path}/resend")
    assert renewed["expires_at"] > invitation["expires_at"]
    token = await catcher.token_to(email, "invited", 2)
    await ada.delete(path)
    await ada.refused(404, "not-found", "POST", f"{path}/resend")
    body = _newcomer(email, invitation_token=token)
    problem = await nobody.refused(422, "validation-failed", "POST", "/users", body)
    assert pointers(problem) == ["/invitation_token"]
    member = await _member_of(ada, bob, workspace)
    await member.refused(403, "forbidden", "GET", f"/workspaces/{workspace}/invitations")
    refused = ("POST", f"/workspaces/{workspace}/members", {"email": _address()})
    await member.refused(403, "forbidden", *refused)


async def _member_of(ada: Api, bob: Api, workspace: str) -> Api:
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": bob.user_id})
    bob.position = ada.position
    return bob


async def test_a_suspended_member_is_out_at_once_and_back_as_they_were(ada: Api, bob: Api) -> None:
    workspace = await _workspace(ada)
    await _member_of(ada, bob, workspace)
    project = await ada.project(workspace_id=workspace)
    task = await ada.task(project_id=project["id"], assignee_id=bob.user_id)
    bob.position = ada.position
    await bob.get(f"/tasks/{task['id']}")
    member = f"/workspaces/{workspace}/members/{bob.user_id}"
    await bob.refused(403, "forbidden", "POST", f"{member}/suspend")
    assert (await ada.post(f"{member}/suspend"))["suspended"] is True
    bob.position = ada.position
    for method, path, body in (
        ("GET", f"/tasks/{task['id']}", None),
        ("PATCH", f"/tasks/{task['id']}", {"title": "Mine"}),
        ("GET", f"/workspaces/{workspace}", None),
        ("POST", f"{member}/reactivate", None),
        ("DELETE", member, None),
    ):
        await bob.refused(404, "not-found", method, path, body)
    assert (await bob.get("/user/tasks"))["tasks"] == []
    assert workspace not in [each["id"] for each in (await bob.get("/workspaces"))["workspaces"]]
    listed = (await ada.get(f"/workspaces/{workspace}/members"))["members"]
    assert [each["suspended"] for each in listed] == [False, True]
    problem = await ada.refused(
        422, "validation-failed", "POST", "/tasks",
        {"title": "x", "project_id": project["id"], "assignee_id": bob.user_id},
    )  # fmt: skip
    assert pointers(problem) == ["/assignee_id"]
    assert (await ada.post(f"{member}/reactivate"))["suspended"] is False
    bob.position = ada.position
    assert len((await bob.get("/user/tasks"))["tasks"]) == 1
    await ada.refused(409, "last-owner", "PATCH", f"/workspaces/{workspace}/members/{ada.user_id}",
        {"role": "member"})  # fmt: skip


async def test_the_open_tasks_of_a_member_are_handed_over(ada: Api, bob: Api, nobody: Api) -> None:
    workspace = await _workspace(ada)
    await _member_of(ada, bob, workspace)
    eve = await nobody.register()
    await ada.post(f"/workspaces/{workspace}/members", {"user_id": eve.user_id})
    project = await ada.project(workspace_id=workspace)
    secret = await ada.project("SEC", workspace_id=workspace, is_private=True)
    await ada.post(f"/projects/{secret['id']}/members", {"user_id": bob.user_id})
    both = [bob.user_id, ada.user_id]
    open_task = await ada.task(project_id=project["id"], assignee_ids=both)
    done = await ada.task(project_id=project["id"], assignee_ids=both)
    for status in ("in_progress", "cancelled"):
        await ada.patch(f"/tasks/{done['id']}", {"status": status})
    hidden = await ada.task(project_id=secret["id"], assignee_ids=both)
    member = f"/workspaces/{workspace}/members/{bob.user_id}"
    await ada.post(f"{member}/suspend")
    handover = f"{member}/handover"
    for to in (bob.user_id, workspace, (await nobody.register()).user_id):
        problem = await ada.refused(422, "validation-failed", "POST", handover, {"to": to})
        assert pointers(problem) == ["/to"]
    key = {"Idempotency-Key": uuid4().hex}
    ada_min = {"X-Min-Log-Position": str(ada.position)}
    first = await ada.post(handover, {"to": eve.user_id}, headers={**key, **ada_min})
    assert first == {"handed_over": 1, "left_out": 1, "has_more": False}
    again = await ada.post(handover, {"to": eve.user_id}, headers=key)
    assert (again["handed_over"], again["left_out"]) == (1, 1)
    seen = {each: (await ada.get(f"/tasks/{each}"))["assignees"] for each in
            (open_task["id"], done["id"], hidden["id"])}  # fmt: skip
    people = {task: [each["user_id"] for each in who] for task, who in seen.items()}
    assert people == {
        open_task["id"]: [eve.user_id, ada.user_id],
        done["id"]: both,
        hidden["id"]: both,
    }
    rest = await ada.post(handover, {"to": ada.user_id})
    assert rest == {"handed_over": 1, "left_out": 0, "has_more": False}
    activity = (await ada.get(f"/workspaces/{workspace}/activity"))["activities"]
    assert [each["action"] for each in activity].count("tasks_handed_over") == 2


async def test_a_closed_workspace_is_as_if_it_never_was_until_it_is_reopened(
    ada: Api, bob: Api
) -> None:
    workspace = await _workspace(ada)
    await _member_of(ada, bob, workspace)
    project = await ada.project(workspace_id=workspace)
    task = await ada.task(project_id=project["id"])
    path = f"/workspaces/{workspace}"
    bob.position = ada.position
    await bob.refused(403, "forbidden", "DELETE", path, {"confirm": "Ours"})
    problem = await ada.refused(422, "validation-failed", "DELETE", path, {"confirm": "ours"})
    assert pointers(problem) == ["/confirm"]
    mine = ada.user["default_workspace_id"]
    personal = ("DELETE", f"/workspaces/{mine}", {"confirm": "Personal"})
    await ada.refused(403, "forbidden", *personal)
    assert (await ada.send("DELETE", path, {"confirm": "Ours"})).status_code == 204
    bob.position = ada.position
    for someone in (ada, bob):
        for method, gone, body in (
            ("GET", f"/tasks/{task['id']}", None),
            ("PATCH", f"/tasks/{task['id']}", {"title": "Mine"}),
            ("GET", f"/projects/{project['id']}", None),
            ("GET", f"{path}/members", None),
            ("PATCH", path, {"name": "Mine"}),
            ("DELETE", path, {"confirm": "Ours"}),
        ):
            await someone.refused(404, "not-found", method, gone, body)
        assert workspace not in [
            each["id"] for each in (await someone.get("/workspaces"))["workspaces"]
        ]
    await bob.refused(404, "not-found", "GET", path)
    await bob.refused(404, "not-found", "POST", f"{path}/reopen")
    assert (await ada.get(path))["closed_at"] is not None
    assert (await ada.post(f"{path}/reopen"))["closed_at"] is None
    bob.position = ada.position
    assert (await bob.get(f"/tasks/{task['id']}"))["title"] == task["title"]
    await bob.patch(f"/tasks/{task['id']}", {"title": "Still here"})
