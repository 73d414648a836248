"""A person is forgotten when one has asked and another has approved; a hold stands before it."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import pytest

from commands.task.edit_task import EditTask
from commands.task.set_priority import SetPriority
from domain.values.recorded import Origin
from infra.ids import new_id
from tests.api.apart import own_product
from tests.api.client import PASSWORD, Api
from tests.api.mail import token_in
from tests.api.product import Product
from tests.waiting import until

product_database, product = own_product(smtp_url=None)


@pytest.fixture
async def firm(ada: Api, nobody: Api) -> dict[str, Any]:
    """Ada's workspace, with another admin, and Bea, a member who has written there."""
    workspace = await ada.post("/workspaces", {"name": "Firm"})
    path = f"/workspaces/{workspace['id']}"
    carl, bea = await nobody.register(), await nobody.register()
    await bea.patch("/users/me", {"name": "Bea Blythe"})
    for who, role in ((carl, "admin"), (bea, "member")):
        await ada.post(f"{path}/members", {"user_id": who.user["id"], "role": role})
    project = await ada.post("/projects", {"name": "Site", "workspace_id": workspace["id"]})
    task = await bea.post("/tasks", {"project_id": project["id"], "title": "Call Bea Blythe"})
    return {
        "id": workspace["id"],
        "path": path,
        "project": project["id"],
        "task": task["id"],
        "carl": carl,
        "bea": bea,
    }


def mail_to(product: Product, address: str) -> EmailMessage | None:
    """The mail to somebody that stands in the folder, if there is one."""
    for path in (product.settings.data_dir / "mail").glob("*.eml"):
        message = message_from_bytes(path.read_bytes(), policy=policy.default)
        if message["To"] == address:
            assert isinstance(message, EmailMessage)
            return message
    return None


async def because(product: Product, who: Api, why: str, command: object) -> None:
    """What the HTTP door asks nobody for."""
    origin = Origin(actor=who.user_id, via="cli", reason=why)
    outcome = await product.do(product.house.executor.execute([command], origin))
    who.position = outcome.position


async def test_another_person_approves_and_gets_the_certificate(
    ada: Api, firm: dict[str, Any], nobody: Api
) -> None:
    carl, bea = firm["carl"], firm["bea"]
    body = {"content": True, "reason": "Bea Blythe wrote a letter"}
    path = f"/users/{bea.user['id']}/erasure"
    await ada.refused(
        404,
        "not-found",
        "POST",
        f"/users/{new_id('user')}/erasure",
        body | {"workspace_id": firm["id"]},
    )
    asked = await ada.post(path, body)
    assert (asked["state"], asked["reason"]) == ("asked", body["reason"])
    approval = f"/erasures/{asked['id']}/approval"
    await ada.refused(403, "forbidden", "POST", approval)
    await bea.refused(403, "forbidden", "POST", approval)
    stranger = await nobody.register()
    await stranger.refused(404, "not-found", "POST", approval)
    here = await nobody.log_in(bea.user["username"])
    inside = nobody.with_token(here["access_token"])
    assert (await inside.get("/users/me"))["name"] == "Bea Blythe"
    made = await bea.post("/api-keys", {"name": "Hers", "scopes": ["tasks:read"]})
    by_key = nobody.with_token(made["key"])
    await by_key.get("/tasks")
    done = await carl.post(approval)
    assert (done["state"], done["reason"]) == ("carried_out", None)
    certificate = done["certificate"]
    assert firm["id"] in certificate["workspaces"]
    assert certificate["removed"]["accounts"] == 1
    keys = certificate["removed"]["identity_keys"] + certificate["removed"]["content_keys"]
    assert len(certificate["destroyed_keys"]) == keys >= 3
    assert (await carl.post(approval))["certificate"] == certificate
    assert (await ada.get(f"/erasures/{asked['id']}"))["certificate"] == certificate
    await inside.refused(401, "unauthenticated", "GET", "/users/me")
    await by_key.refused(401, "unauthenticated", "GET", "/tasks")
    renewed = {"refresh_token": here["refresh_token"]}
    await nobody.refused(401, "unauthenticated", "POST", "/auth/refresh", renewed)
    task = await ada.get(f"/tasks/{firm['task']}")
    assert task["creator"] == {"user_id": bea.user["id"], "name": None}
    profile = await ada.get(f"/users/{bea.user['id']}")
    assert (profile["name"], profile["username"]) == (None, None)
    again = await nobody.register(bea.user["username"])
    assert again.user["id"] != bea.user["id"]


async def test_a_hold_of_two_people_stops_an_erasure_until_two_lift_it(
    ada: Api, firm: dict[str, Any]
) -> None:
    carl, bea = firm["carl"], firm["bea"]
    body = {"workspace_id": firm["id"], "user_id": bea.user["id"], "reason": "Case 7"}
    hold = f"/holds/{new_id('hold')}"
    asked = await bea.post("/users/me/erasure", {})
    assert (asked["workspace_id"], asked["everywhere"]) == (firm["id"], True)
    approval = f"/erasures/{asked['id']}/approval"
    old = {"If-Match": (await bea.send("GET", f"/erasures/{asked['id']}")).headers["ETag"]}
    await bea.refused(403, "forbidden", "PUT", hold, body)
    assert (await ada.put(hold, body))["state"] == "proposed"
    await carl.refused(412, "version-stale", "POST", approval, headers=old)
    await bea.refused(412, "version-stale", "DELETE", f"/erasures/{asked['id']}", headers=old)
    await ada.refused(412, "version-stale", "PUT", hold, body, headers=old)
    await ada.refused(403, "forbidden", "POST", f"{hold}/approval")
    assert (await carl.post(f"{hold}/approval"))["state"] == "standing"
    assert (await ada.put(hold, body))["state"] == "standing"
    stopped = await carl.refused(409, "legal-hold", "POST", approval)
    assert stopped["holds"] == [hold.removeprefix("/holds/")]
    assert (await carl.send("DELETE", hold)).json()["state"] == "lifting"
    await ada.refused(409, "legal-hold", "POST", approval)
    await carl.refused(403, "forbidden", "POST", f"{hold}/approval")
    assert (await ada.put(hold, body))["state"] == "standing"
    # Whoever means what they saw does not approve of what was proposed since.
    seen = {"If-Match": (await carl.send("GET", hold)).headers["ETag"]}
    assert (await ada.send("DELETE", hold)).json()["state"] == "lifting"
    await carl.refused(412, "version-stale", "POST", f"{hold}/approval", headers=seen)
    seen = {"If-Match": (await carl.send("GET", hold)).headers["ETag"]}
    lifted = await carl.send("POST", f"{hold}/approval", headers=seen)
    assert lifted.json()["state"] == "lifted"
    listed = await ada.get(f"/holds?workspace_id={firm['id']}")
    assert [each["state"] for each in listed["holds"]] == ["lifted"]
    assert (await bea.get(f"/erasures?workspace_id={firm['id']}"))["erasures"] == [asked]
    assert (await carl.post(approval))["state"] == "carried_out"
    assert (await ada.get(f"/tasks/{firm['task']}"))["title"] == "Call Bea Blythe"


async def test_a_hold_on_somebody_who_has_left_stops_their_erasure_elsewhere(
    bob: Api, firm: dict[str, Any], nobody: Api
) -> None:
    """Who has not written a word there, too."""
    eve, dan = await nobody.register(), await nobody.register()
    other = (await bob.post("/workspaces", {"name": "Other"}))["id"]
    await bob.post(f"/workspaces/{other}/members", {"user_id": eve.user_id, "role": "admin"})
    await bob.post(f"/workspaces/{other}/members", {"user_id": dan.user_id, "role": "guest"})
    await bob.delete(f"/workspaces/{other}/members/{dan.user_id}")
    hold = f"/holds/{new_id('hold')}"
    body = {"workspace_id": other, "user_id": dan.user_id, "reason": "Case 9"}
    await bob.put(hold, body)
    await eve.post(f"{hold}/approval")
    await firm["carl"].post(f"{firm['path']}/members", {"user_id": dan.user_id})
    asked = await dan.post("/users/me/erasure", {"workspace_id": firm["id"]})
    approval = f"/erasures/{asked['id']}/approval"
    stopped = await firm["carl"].refused(409, "legal-hold", "POST", approval)
    assert stopped["holds"] == [hold.removeprefix("/holds/")]


async def test_a_service_account_is_no_second_person(ada: Api, firm: dict[str, Any]) -> None:
    path = f"{firm['path']}/service-accounts"
    account = await ada.post(path, {"name": "Robot", "role": "admin"})
    keys = f"{path}/{account['user_id']}/keys"
    made = await ada.post(keys, {"name": "All", "scopes": ["admin"]})
    program = ada.with_token(made["key"])
    hold = f"/holds/{new_id('hold')}"
    body = {"workspace_id": firm["id"], "user_id": firm["bea"].user_id, "reason": "Case 7"}
    await program.refused(403, "forbidden", "PUT", hold, body)
    await ada.put(hold, body)
    await program.refused(403, "forbidden", "POST", f"{hold}/approval")
    await program.refused(403, "forbidden", "DELETE", hold)
    assert (await ada.get(hold))["state"] == "proposed"


async def test_a_hold_on_a_project_is_set_by_its_key_where_the_project_is(
    ada: Api, firm: dict[str, Any], nobody: Api
) -> None:
    project = await ada.project("HELD", workspace_id=firm["id"])
    body = {"project_id": "HELD", "reason": "Case 8"}
    hold = await ada.put(f"/holds/{new_id('hold')}", body)
    assert (hold["project_id"], hold["workspace_id"]) == (project["id"], firm["id"])
    # By its id it is found in one workspace; another one there could never be approved of.
    elsewhere = {"workspace_id": ada.user["default_workspace_id"], "user_id": ada.user_id}
    body = {**elsewhere, "reason": "Case 8"}
    await ada.refused(409, "already-exists", "PUT", f"/holds/{hold['id']}", body)
    # Nor does somebody who is not in that one come before it.
    stranger = await nobody.register()
    await ada.post(
        f"/workspaces/{elsewhere['workspace_id']}/members",
        {"user_id": stranger.user_id, "role": "admin"},
    )
    stranger.position = ada.position
    await stranger.put(f"/holds/{hold['id']}", body)
    assert await ada.get(f"/holds/{hold['id']}") == hold


async def test_nobody_is_erased_who_would_leave_others_without_an_owner(
    ada: Api, bob: Api, firm: dict[str, Any]
) -> None:
    asked = await ada.post("/users/me/erasure", {"workspace_id": firm["id"]})
    approval = f"/erasures/{asked['id']}/approval"
    await firm["carl"].refused(409, "last-owner", "POST", approval)
    await ada.delete(f"/erasures/{asked['id']}")
    await firm["carl"].refused(409, "not-restorable", "POST", approval)
    other = await bob.post("/workspaces", {"name": "Other"})
    bea = firm["bea"].user["id"]
    await bob.post(f"/workspaces/{other['id']}/members", {"user_id": bea, "role": "guest"})
    hers = await ada.post(f"/users/{bea}/erasure", {"workspace_id": firm["id"]})
    await firm["carl"].refused(403, "forbidden", "POST", f"/erasures/{hers['id']}/approval")


async def test_whoever_was_erased_owns_a_workspace_for_nobody(
    firm: dict[str, Any], nobody: Api
) -> None:
    carl, olga, otto = firm["carl"], await nobody.register(), await nobody.register()
    two = (await olga.post("/workspaces", {"name": "Two"}))["id"]
    members = f"/workspaces/{two}/members"
    for who, role in ((otto, "owner"), (carl, "admin")):
        await olga.post(members, {"user_id": who.user_id, "role": role})
    asked = await otto.post("/users/me/erasure", {"workspace_id": two})
    await carl.post(f"/erasures/{asked['id']}/approval")
    hers = await olga.post("/users/me/erasure", {"workspace_id": two})
    await carl.refused(409, "last-owner", "POST", f"/erasures/{hers['id']}/approval")
    await olga.refused(409, "last-owner", "DELETE", f"{members}/{olga.user_id}")
    await olga.refused(409, "last-owner", "PATCH", f"{members}/{olga.user_id}", {"role": "member"})
    await olga.delete(f"{members}/{otto.user_id}")


async def test_the_address_that_was_invited_goes_with_whoever_came(
    ada: Api, firm: dict[str, Any], nobody: Api, product: Product
) -> None:
    name = f"user-{uuid4().hex[:12]}"
    email = f"{name}@example.org"
    await ada.post(f"{firm['path']}/members", {"email": email})
    token = token_in(until("the invitation", 10, lambda: mail_to(product, email)))
    body = {"username": name, "email": email, "password": PASSWORD, "invitation_token": token}
    dora = Api(nobody.http, nobody.issue)
    dora.user = await dora.post("/users", body)
    dora.token = dora.issue(dora.user_id, f"session of {name}")
    own = (await dora.get("/users/me/export"))["events"]
    invited = [each["data"] for each in own if each["type"] == "WorkspaceMemberInvited.v1"]
    assert [each["email"] for each in invited] == [email]
    trail = f"/audit/events?workspace_id={firm['id']}&type=WorkspaceMemberInvited"
    ada.position = dora.position
    assert (await ada.get(trail))["events"][-1]["data"]["email"] == email
    asked = await dora.post("/users/me/erasure", {"workspace_id": firm["id"]})
    done = await firm["carl"].post(f"/erasures/{asked['id']}/approval")
    assert done["certificate"]["removed"]["identity_keys"] == 2
    told = (await ada.get(trail))["events"][-1]
    assert (told["data"]["email"], told["erased"]) == (None, ["email"])


async def test_everything_kept_of_somebody_is_one_file_of_theirs_alone(
    ada: Api, bob: Api, firm: dict[str, Any], product: Product
) -> None:
    bea, task = firm["bea"], firm["task"]
    left = (await bob.post("/workspaces", {"name": "Left"}))["id"]
    await bob.post(f"/workspaces/{left}/members", {"user_id": bea.user_id, "role": "guest"})
    await bob.delete(f"/workspaces/{left}/members/{bea.user_id}")
    bea.position = bob.position
    await bea.post(f"/tasks/{task}/comments", {"text": "Mine alone"})
    await because(product, bea, "Since I was asked", SetPriority(task_id=task, priority_level=1))
    await bea.put_204(f"/tasks/{task}/favourite")
    other = await ada.post("/tasks", {"project_id": firm["project"], "title": "Not hers"})
    await ada.patch(f"/tasks/{other['id']}", {"assignee_ids": [bea.user["id"]]})
    await because(product, ada, "Ada's why", EditTask(task_id=task, title="Ada's words"))
    secret = await bob.post("/tasks", {"title": "Elsewhere"})
    answer = await bea.send("GET", "/users/me/export")
    kept = answer.json()
    trail = f"/audit/events?workspace_id={firm['id']}&type=TrailRead&actor={bea.user_id}"
    ada.position = max(ada.position, kept["position"])
    (asked,) = (await ada.get(trail))["events"]
    assert asked["data"]["filter"] == {"person": bea.user_id}
    assert kept["about"]["profile"]["email"] == bea.user["email"]
    by_type: dict[str, list[dict[str, Any]]] = {}
    for each in kept["events"]:
        by_type.setdefault(each["type"], []).append(each)
    assert by_type["CommentAdded.v1"][0]["data"]["text"] == "Mine alone"
    assert [each["reason"] for each in by_type["TaskPrioritised.v1"]] == ["Since I was asked"]
    assert left in {each["workspace_id"] for each in by_type["WorkspaceMemberRemoved.v1"]}
    assert by_type["UserRenamed.v1"][0]["data"]["name"] == "Bea Blythe"
    assert {"FavouriteAdded.v1", "TaskAssigned.v1", "WorkspaceMemberAdded.v1"} <= set(by_type)
    renamed = by_type["TaskRetitled.v1"][0]
    assert (renamed["data"]["was"], renamed["data"]["title"]) == ("Call Bea Blythe", None)
    assert renamed["withheld"] == ["title", "reason"]
    positions = [each["position"] for each in kept["events"]]
    assert positions == sorted(set(positions))
    for words in ("Not hers", "Ada's words", "Ada's why", "Elsewhere", secret["id"]):
        assert words not in answer.text
