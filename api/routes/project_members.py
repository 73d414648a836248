"""The people and teams that a project names."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.http import references
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import page_of_all, page_reply
from api.http.past import moment_of, place_of, state_then
from api.http.reads import find_project
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import ProjectMemberPage
from api.routes.project_bodies import NewProjectMember, ProjectRoleChange
from api.routes.project_query import ProjectPageThenQuery, ProjectQuery, project_then
from commands.execution import Outcome
from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.change_team_role import ChangeProjectTeamRole
from commands.project.remove_member import RemoveProjectMember
from commands.project.remove_team import RemoveProjectTeam
from domain.errors import Kind, invalid, not_found
from domain.project.state import PROJECT
from domain.values.ids import is_id
from domain.values.text import readable
from domain.values.text_rules import normal_email
from domain.workspace.state import WORKSPACE
from projections.members import MEMBERS_VIEW
from projections.past_moments import Moment
from projections.project_members import (
    ProjectMemberAnswer,
    render_project_member,
    render_project_team,
)
from projections.questions import Listing, Page

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])


@router.get(
    "/projects/{project_id}/members",
    summary="List those whom a project names",
    **read(ProjectMemberPage, is_list=True),
)
async def list_members(
    call: CallHere, project_id: str, query: Annotated[ProjectPageThenQuery, Query()]
) -> Reply:
    house = call.house
    position = call.position
    moment = await moment_of(call, query)
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found)
    if moment is not None:
        listing = await _members_then(call, found, moment, query.asked())
        return page_reply(call, "members", listing, await with_names(call, listing.docs, position))
    listing = await house.waiter.at_least(
        MEMBERS_VIEW,
        position,
        lambda: house.members.project_members(project.workspace_id, found, query.asked()),
    )
    return page_reply(call, "members", listing, await with_names(call, listing.docs, position))


async def _members_then(call: Call, project_id: str, moment: Moment, page: Page) -> Listing:
    project = await project_then(call, project_id, moment)
    workspace = await state_then(call, moment, WORKSPACE, project.workspace_id)
    teams = {} if workspace is None else workspace.teams
    rows = [
        (place_of(member, user_id), render_project_member(user_id, member))
        for user_id, member in project.members.items()
    ]
    rows += [
        (
            place_of(member, team_id),
            render_project_team(team_id, readable(teams[team_id].name), member),
        )
        for team_id, member in project.teams.items()
        if team_id in teams
    ]
    mark = call.house.past.mark(moment)
    return page_of_all(mark, "project-members-then", sorted(rows), page, moment.position)


@router.post(
    "/projects/{project_id}/members",
    summary="Name somebody or a team in a project",
    **write(ProjectMemberAnswer, status=201, may=(Kind.ALREADY_EXISTS, Kind.ARCHIVED)),
)
async def add_member(
    call: CallHere,
    project_id: str,
    body: NewProjectMember,
    query: Annotated[ProjectQuery, Query()],
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    command: AddProjectMember | AddProjectTeam
    if body.team_id is None:
        command = AddProjectMember(
            project_id=found, user_id=body.user_id, email=body.email, role=body.role
        )
    elif body.user_id is None and body.email is None:
        command = AddProjectTeam(project_id=found, team_id=body.team_id, role=body.role)
    else:
        raise invalid("/team_id", "Give one of user_id, email and team_id.")
    outcome = await execute(call, [command], body=body, match=found)
    member_id = body.team_id or body.user_id
    if member_id is None:
        member_id = await call.house.store.claimed_by("email", normal_email(body.email or ""))
    doc = await _member(call, outcome, member_id or "")
    return changed(call, outcome, doc, outcome.state(PROJECT).version, status=201)


@router.patch(
    "/projects/{project_id}/members/{member_id}",
    summary="Give somebody or a team another role in a project",
    **write(ProjectMemberAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def change_member(
    call: CallHere,
    project_id: str,
    member_id: str,
    body: ProjectRoleChange,
    query: Annotated[ProjectQuery, Query()],
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    command: ChangeProjectMemberRole | ChangeProjectTeamRole
    if _is_team(member_id):
        command = ChangeProjectTeamRole(project_id=found, team_id=member_id, role=body.role)
    else:
        command = ChangeProjectMemberRole(project_id=found, user_id=member_id, role=body.role)
    outcome = await execute(call, [command], body=body, match=found)
    doc = await _member(call, outcome, member_id)
    return changed(call, outcome, doc, outcome.state(PROJECT).version)


@router.delete(
    "/projects/{project_id}/members/{member_id}",
    summary="Name somebody or a team in a project no longer",
    **write(None, status=204, conditional=True, has_body=False, may=(Kind.ARCHIVED,)),
)
async def remove_member(
    call: CallHere, project_id: str, member_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    command: RemoveProjectMember | RemoveProjectTeam
    if _is_team(member_id):
        command = RemoveProjectTeam(project_id=found, team_id=member_id)
    else:
        command = RemoveProjectMember(project_id=found, user_id=member_id)
    return await done(call, command, match=found)


async def _member(call: Call, outcome: Outcome, member_id: str) -> bytes:
    """A person or a team as the project names them after a change."""
    project = outcome.state(PROJECT)
    member = project.members.get(member_id) or project.teams.get(member_id)
    if member is None:
        raise not_found("member")
    if not _is_team(member_id):
        return await with_names(call, render_project_member(member_id, member))
    team = outcome.state(WORKSPACE, project.workspace_id).teams.get(member_id)
    return render_project_team(member_id, None if team is None else readable(team.name), member)


def _is_team(member_id: str) -> bool:
    """Whether a path names a team. Raises Refused(NOT_FOUND) where it names neither kind."""
    if is_id(member_id, "team"):
        return True
    if is_id(member_id, "user"):
        return False
    raise not_found("member")
