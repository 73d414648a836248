"""Teams of a workspace and who is in them."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from pydantic import ConfigDict

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Name
from api.http.visible import visible_workspace
from api.routes.answers import TeamPage
from commands.execution import Outcome
from commands.workspace.add_team_member import AddTeamMember
from commands.workspace.create_team import CreateTeam
from commands.workspace.delete_team import DeleteTeam
from commands.workspace.remove_team_member import RemoveTeamMember
from commands.workspace.rename_team import RenameTeam
from domain.errors import Kind
from domain.workspace.decisions import team_of
from domain.workspace.state import WORKSPACE
from infra.ids import new_id
from projections.members import MEMBERS_VIEW
from projections.teams import WholeTeamAnswer, render_team

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Workspaces"])


class NewTeam(Body):
    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Design"}]})

    name: Name


class TeamChanges(Body):
    derived: ClassVar[frozenset[str]] = frozenset(
        {"id", "team_id", "workspace_id", "created_at", "member_count", "members"}
        | {"version", "position"}
    )

    name: Name


@router.post(
    "/workspaces/{workspace_id}/teams",
    summary="Make a team",
    **write(WholeTeamAnswer, status=201, may=(Kind.ALREADY_EXISTS,)),
)
async def create_team(call: CallHere, workspace_id: str, body: NewTeam) -> Reply:
    command = CreateTeam(workspace_id=workspace_id, team_id=new_id("team"), name=body.name)
    outcome = await execute(call, [command], body=body, match=workspace_id)
    # The last one made: also where it was made by the first of two equal requests.
    team_id = list(outcome.state(WORKSPACE).teams)[-1]
    location = f"/api/v1/workspaces/{workspace_id}/teams/{team_id}"
    return await _answer(call, outcome, team_id, status=201, location=location)


@router.get(
    "/workspaces/{workspace_id}/teams",
    summary="List a workspace's teams",
    **read(TeamPage, is_list=True),
)
async def list_teams(
    call: CallHere, workspace_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    house, position = call.house, call.position
    await visible_workspace(call, workspace_id)
    listing = await house.waiter.at_least(
        MEMBERS_VIEW, position, lambda: house.members.teams(workspace_id, query.asked())
    )
    return page_reply(call, "teams", listing, listing.docs)


@router.get(
    "/workspaces/{workspace_id}/teams/{team_id}",
    summary="Read a team",
    **read(WholeTeamAnswer, is_one=True),
)
async def get_team(
    call: CallHere, workspace_id: str, team_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    position = call.position
    workspace = await visible_workspace(call, workspace_id)
    doc = render_team(workspace, team_of(workspace, team_id))
    found = Found(doc, workspace.version, workspace.position, workspace_id, "")
    return await one(call, found, position)


@router.patch(
    "/workspaces/{workspace_id}/teams/{team_id}",
    summary="Rename a team",
    **write(WholeTeamAnswer, conditional=True, may=(Kind.ALREADY_EXISTS,)),
)
async def rename_team(call: CallHere, workspace_id: str, team_id: str, body: TeamChanges) -> Reply:
    command = RenameTeam(workspace_id=workspace_id, team_id=team_id, name=body.name)
    outcome = await execute(call, [command], body=body, match=workspace_id)
    return await _answer(call, outcome, team_id)


@router.delete(
    "/workspaces/{workspace_id}/teams/{team_id}",
    summary="Delete a team, and with it what it gave its members",
    **write(None, status=204, conditional=True, has_body=False),
)
async def delete_team(call: CallHere, workspace_id: str, team_id: str) -> Reply:
    command = DeleteTeam(workspace_id=workspace_id, team_id=team_id)
    return await done(call, command, match=workspace_id)


@router.put(
    "/workspaces/{workspace_id}/teams/{team_id}/members/{user_id}",
    summary="Take a member of the workspace into a team",
    **write(WholeTeamAnswer, conditional=True, has_body=False),
)
async def add_team_member(call: CallHere, workspace_id: str, team_id: str, user_id: str) -> Reply:
    command = AddTeamMember(workspace_id=workspace_id, team_id=team_id, user_id=user_id)
    outcome = await execute(call, [command], match=workspace_id)
    return await _answer(call, outcome, team_id)


@router.delete(
    "/workspaces/{workspace_id}/teams/{team_id}/members/{user_id}",
    summary="Take somebody out of a team, or leave it",
    **write(None, status=204, conditional=True, has_body=False),
)
async def remove_team_member(
    call: CallHere, workspace_id: str, team_id: str, user_id: str
) -> Reply:
    command = RemoveTeamMember(workspace_id=workspace_id, team_id=team_id, user_id=user_id)
    return await done(call, command, match=workspace_id)


async def _answer(
    call: Call, outcome: Outcome, team_id: str, *, status: int = 200, location: str | None = None
) -> Reply:
    workspace = outcome.state(WORKSPACE)
    doc = await with_names(call, render_team(workspace, team_of(workspace, team_id)))
    return changed(call, outcome, doc, workspace.version, status=status, location=location)
