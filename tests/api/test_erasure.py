"""A person is forgotten when one has asked and another has approved; a hold stands before it."""

from typing import Any

import pytest

from infra.ids import new_id
from tests.api.apart import own_product
from tests.api.client import Api

product_database, product = own_product()


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
    await bea.refused(403, "forbidden", "PUT", hold, body)
    assert (await ada.put(hold, body))["state"] == "proposed"
    await ada.refused(403, "forbidden", "POST", f"{hold}/approval")
    assert (await carl.post(f"{hold}/approval"))["state"] == "standing"
    assert (await ada.put(hold, body))["state"] == "standing"
    stopped = await carl.refused(409, "legal-hold", "POST", approval)
    assert stopped["holds"] == [hold.removeprefix("/holds/")]
    assert (await carl.send("DELETE", hold)).json()["state"] == "lifting"
    await ada.refused(409, "legal-hold", "POST", approval)
    await carl.refused(403, "forbidden", "POST", f"{hold}/approval")
    assert (await ada.put(hold, body))["state"] == "standing"
    assert (await ada.send("DELETE", hold)).json()["state"] == "lifting"
    assert (await carl.post(f"{hold}/approval"))["state"] == "lifted"
    listed = await ada.get(f"/holds?workspace_id={firm['id']}")
    assert [each["state"] for each in listed["holds"]] == ["lifted"]
    assert (await bea.get(f"/erasures?workspace_id={firm['id']}"))["erasures"] == [asked]
    assert (await carl.post(approval))["state"] == "carried_out"
    assert (await ada.get(f"/tasks/{firm['task']}"))["title"] == "Call Bea Blythe"


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
    ada: Api, firm: dict[str, Any]
) -> None:
    project = await ada.project("HELD", workspace_id=firm["id"])
    body = {"project_id": "HELD", "reason": "Case 8"}
    hold = await ada.put(f"/holds/{new_id('hold')}", body)
    assert (hold["project_id"], hold["workspace_id"]) == (project["id"], firm["id"])


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


async def test_everything_kept_of_somebody_is_one_file_of_theirs_alone(
    ada: Api, bob: Api, firm: dict[str, Any]
) -> None:
    bea, task = firm["bea"], firm["task"]
    await bea.post(f"/tasks/{task}/comments", {"text": "Mine alone"})
    await bea.put_204(f"/tasks/{task}/favourite")
    other = await ada.post("/tasks", {"project_id": firm["project"], "title": "Not hers"})
    await ada.patch(f"/tasks/{other['id']}", {"assignee_ids": [bea.user["id"]]})
    await ada.patch(f"/tasks/{task}", {"title": "Ada's words"})
    secret = await bob.post("/tasks", {"title": "Elsewhere"})
    answer = await bea.send("GET", "/users/me/export")
    kept = answer.json()
    assert kept["about"]["profile"]["email"] == bea.user["email"]
    by_type: dict[str, list[dict[str, Any]]] = {}
    for each in kept["events"]:
        by_type.setdefault(each["type"], []).append(each)
    assert by_type["CommentAdded.v1"][0]["data"]["text"] == "Mine alone"
    assert by_type["UserRenamed.v1"][0]["data"]["name"] == "Bea Blythe"
    assert {"FavouriteAdded.v1", "TaskAssigned.v1", "WorkspaceMemberAdded.v1"} <= set(by_type)
    renamed = by_type["TaskRetitled.v1"][0]
    assert (renamed["data"]["was"], renamed["data"]["title"]) == ("Call Bea Blythe", None)
    assert renamed["withheld"] == ["title"]
    positions = [each["position"] for each in kept["events"]]
    assert positions == sorted(set(positions))
    for words in ("Not hers", "Ada's words", "Elsewhere", secret["id"]):
        assert words not in answer.text
