"""Teams, handing over and settings through the served product."""

from tests.api.client import Api


async def shared(ada: Api, *others: Api, role: str = "guest") -> str:
    """A workspace of Ada's with these people in it."""
    workspace = await ada.post("/workspaces", {"name": "Ours"})
    for each in others:
        await ada.post(
            f"/workspaces/{workspace['id']}/members", {"user_id": each.user_id, "role": role}
        )
    return str(workspace["id"])


async def test_a_team_opens_a_project_and_closes_it_when_it_goes(ada: Api, bob: Api) -> None:
    workspace_id = await shared(ada, bob)
    teams = f"/workspaces/{workspace_id}/teams"
    team = await ada.post(teams, {"name": "Design"})
    assert (team["name"], team["member_count"], team["members"]) == ("Design", 0, [])
    project = await ada.project("TEAM", workspace_id=workspace_id, is_private=True)
    task = await ada.task("Hidden", project_id=project["id"])
    members = f"/projects/{project['id']}/members"
    named = await ada.post(members, {"team_id": team["id"], "role": "viewer"})
    assert (named["team_id"], named["user_id"], named["name"]) == (team["id"], None, "Design")
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
    joined = await ada.put(f"{teams}/{team['id']}/members/{bob.user_id}", None)
    assert [each["name"] for each in joined["members"]] == [bob.user["name"]]
    assert (await bob.get(f"/tasks/{task['id']}"))["title"] == "Hidden"
    await bob.refused(403, "forbidden", "PATCH", f"/tasks/{task['id']}", {"title": "Mine"})
    await ada.patch(f"{members}/{team['id']}", {"role": "member"})
    assert (await bob.patch(f"/tasks/{task['id']}", {"title": "Ours"}))["title"] == "Ours"

    bob.position = ada.position = max(ada.position, bob.position)
    listed = (await bob.get(f"{teams}"))["teams"]
    assert [(each["name"], each["member_count"]) for each in listed] == [("Design", 1)]
    in_project = (await ada.get(members))["members"]
    assert [each["team_id"] for each in in_project] == [None, team["id"]]
    assert (await ada.get(f"/projects/{project['id']}"))["team_ids"] == [team["id"]]
    people = (await ada.get(f"/workspaces/{workspace_id}/members"))["members"]
    assert [each["team_ids"] for each in people] == [[], [team["id"]]]
    own = {each["workspace_id"]: each for each in (await bob.get("/users/me"))["workspaces"]}
    assert own[workspace_id]["team_ids"] == [team["id"]]

    await ada.delete(f"{teams}/{team['id']}")
    bob.position = 0
    await bob.refused(404, "not-found", "GET", f"/tasks/{task['id']}")
    assert (await bob.get(f"/tasks?workspace_id={workspace_id}"))["tasks"] == []
    assert (await ada.get(f"/projects/{project['id']}"))["team_ids"] == []
    assert [each["team_id"] for each in (await ada.get(members))["members"]] == [None]
    await ada.refused(404, "not-found", "GET", f"{teams}/{team['id']}")
    actions = [
        each["action"]
        for each in (await ada.get(f"/workspaces/{workspace_id}/activity"))["activities"]
    ]
    for action in ("team_created", "team_member_added", "team_deleted", "project_team_added"):
        assert action in actions


async def test_whoever_leaves_the_workspace_leaves_its_teams(ada: Api, bob: Api) -> None:
    workspace_id = await shared(ada, bob)
    team = await ada.post(f"/workspaces/{workspace_id}/teams", {"name": "Design"})
    await ada.put(f"/workspaces/{workspace_id}/teams/{team['id']}/members/{bob.user_id}", None)
    await bob.delete(f"/workspaces/{workspace_id}/members/{bob.user_id}")
    left = await ada.get(f"/workspaces/{workspace_id}/teams/{team['id']}")
    assert left["members"] == []
    ada.position = max(ada.position, bob.position)
    listed = await ada.get(f"/workspaces/{workspace_id}/teams")
    assert listed["teams"][0]["member_count"] == 0


async def test_a_retried_team_is_made_once(ada: Api) -> None:
    path = f"/workspaces/{ada.user['default_workspace_id']}/teams"
    key = {"Idempotency-Key": "once"}
    first = await ada.send("POST", path, {"name": "Design"}, headers=key)
    await ada.post(path, {"name": "Build"})
    again = await ada.send("POST", path, {"name": "Design"}, headers=key)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.json() == first.json()
    problem = await ada.refused(409, "already-exists", "POST", path, {"name": "design"})
    assert problem["field"] == "name"


async def test_a_workspace_and_a_project_are_handed_over(ada: Api, bob: Api) -> None:
    workspace_id = await shared(ada, bob)
    path = f"/workspaces/{workspace_id}"
    project = await ada.project("HAND", workspace_id=workspace_id, is_private=True)
    given = await ada.patch(f"/projects/{project['id']}", {"owner_id": bob.user_id})
    assert given["owner"]["user_id"] == given["owner_id"] == bob.user_id
    await bob.patch(f"/projects/{project['id']}", {"name": "Mine"})
    await ada.refused(422, "validation-failed", "PATCH", path, {"owner_id": ada.user_id[:-1] + "z"})
    await bob.refused(403, "forbidden", "PATCH", path, {"owner_id": bob.user_id})
    handed = await ada.patch(path, {"owner_id": bob.user_id, "name": "Bob's"})
    assert (handed["owner_id"], handed["name"]) == (bob.user_id, "Bob's")
    await ada.refused(403, "forbidden", "PATCH", f"{path}/members/{bob.user_id}", {"role": "guest"})
    await bob.refused(409, "last-owner", "DELETE", f"{path}/members/{bob.user_id}")
    bob.position = max(ada.position, bob.position)
    roles = {
        each["user_id"]: each["role"] for each in (await bob.get(f"{path}/members"))["members"]
    }
    assert roles == {ada.user_id: "admin", bob.user_id: "owner"}


async def test_whoever_makes_a_project_private_goes_on_seeing_it(ada: Api, bob: Api) -> None:
    workspace_id = await shared(ada, bob, role="member")
    project = await bob.project("MINE", workspace_id=workspace_id)
    assert (await bob.patch(f"/projects/{project['id']}", {"is_private": True}))["is_private"]
    assert (await bob.get("/projects/MINE"))["is_private"]
    board = await bob.get("/projects/MINE/board")
    assert board["project"]["id"] == project["id"]


async def test_a_project_keeps_a_few_known_settings(ada: Api) -> None:
    project = await ada.project("SET", settings={"colour": "#112233"})
    assert project["settings"] == {"colour": "#112233"}
    path = f"/projects/{project['id']}"
    changed = await ada.patch(path, {"settings": {"colour": None, "estimate_unit": "hours"}})
    assert changed["settings"] == {"estimate_unit": "hours"}
    assert (await ada.patch(path, changed))["version"] == changed["version"]
    problem = await ada.refused(
        422, "validation-failed", "PATCH", path, {"settings": {"colour": "red"}}
    )
    assert problem["errors"][0]["pointer"] == "/settings/colour"
    await ada.refused(422, "validation-failed", "PATCH", path, {"settings": {"x": 1}})
