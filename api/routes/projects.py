"""Projects: themselves, their members, workflow, columns, custom fields and boards."""

from collections.abc import Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from msgspec import UNSET
from pydantic import Field

from api.http import references
from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.positions import position_headers
from api.http.queries import ReadQuery
from api.http.reads import ProjectParts, find_project, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import Board, BoardColumn, ProjectMemberPage, ProjectPage
from api.routes.project_bodies import (
    ColumnsBody,
    FieldsBody,
    NewProject,
    NewProjectMember,
    ProjectChanges,
    ProjectRoleChange,
    TypesBody,
    WorkflowBody,
)
from commands.execution import Outcome
from commands.project.add_member import AddProjectMember
from commands.project.add_team import AddProjectTeam
from commands.project.archive_project import ArchiveProject
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_member_role import ChangeProjectMemberRole
from commands.project.change_team_role import ChangeProjectTeamRole
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from commands.project.edit_project import EditProject
from commands.project.remove_member import RemoveProjectMember
from commands.project.remove_team import RemoveProjectTeam
from commands.project.unarchive_project import UnarchiveProject
from domain.errors import Kind, invalid, not_found
from domain.labels.state import tags_meant
from domain.project.lanes import Swimlane, lane_key
from domain.project.state import PROJECT, Project
from domain.values.ids import is_id
from domain.values.moment import moment
from domain.values.text import readable
from domain.values.text_rules import normal_email
from domain.workspace.state import WORKSPACE
from infra.postgres.views.board_queries import BoardRead
from projections.board import BOARD_VIEW
from projections.members import (
    MEMBERS_VIEW,
    ProjectMemberAnswer,
    render_project_member,
    render_project_team,
)
from projections.projects import (
    PROJECTS_VIEW,
    USUAL_SORT,
    ColumnsAnswer,
    FieldsAnswer,
    ProjectAnswer,
    ProjectFilter,
    TypesAnswer,
    WorkflowAnswer,
    render_columns,
    render_fields,
    render_project,
    render_types,
    render_workflow,
)
from projections.questions import Listing, Scope
from projections.tasks import Sort, SortBy

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])

Workspace = Annotated[
    str | None, Field(max_length=100, description="Which workspace a project's key is of.")
]


class ProjectQuery(ReadQuery):
    workspace_id: Workspace = None


class ProjectPageQuery(PageQuery):
    workspace_id: Workspace = None


class ProjectListQuery(PageQuery):
    workspace_id: Annotated[
        str | None, Field(max_length=100, description="Default: all that you are in.")
    ] = None
    archived: Annotated[bool | None, Field(description="Default: those that are not.")] = None
    key: Annotated[tuple[str, ...], Field(max_length=100)] = ()
    sort_by: Literal["created_at", "updated_at", "name", "key"] | None = None
    sort_order: Literal["asc", "desc"] | None = None

    def order(self) -> Sort:
        if self.sort_by is None and self.sort_order is None:
            return USUAL_SORT
        by = SortBy.TITLE if self.sort_by == "name" else SortBy(self.sort_by or "created_at")
        usual = Sort.usual(by)
        return usual if self.sort_order is None else Sort(by, self.sort_order == "desc")


class BoardQuery(ReadQuery):
    workspace_id: Workspace = None
    cards: Annotated[
        int,
        Field(
            ge=0,
            le=1_000,
            description="Cards of each column and lane; fewer where the answer would be too large.",
        ),
    ] = 25
    swimlane: Annotated[Swimlane | None, Field(description="By what to tell lanes apart.")] = None


class ColumnQuery(ProjectPageQuery):
    swimlane: Annotated[Swimlane | None, Field(description="By what lanes are told apart.")] = None
    lane: Annotated[
        str | None,
        Field(
            max_length=100,
            description="Only this lane, as a board by lanes names it; empty: cards without any.",
        ),
    ] = None

    async def lanes_asked(
        self, call: Call, workspace_id: str, position: int | None
    ) -> tuple[str, ...] | None:
        """The lane as cards hold it: by all the tags that are shown as a label. Raises Invalid for
        one of swimlane and lane without the other."""
        if (self.swimlane is None) != (self.lane is None):
            missing = "lane" if self.lane is None else "swimlane"
            raise invalid(f"/query/{missing}", "Give swimlane and lane together.", "required")
        if self.swimlane is None:
            return None
        if self.swimlane != "label" or not self.lane:
            return (lane_key(self.swimlane, self.lane),)
        labels = (await call.house.labels.of(workspace_id, position)).labels
        return tuple(lane_key("label", tag) for tag in tags_meant(labels, self.lane))


@router.post(
    "/projects",
    summary="Make a project",
    **write(ProjectAnswer, status=201, has_path=False, may=(Kind.ALREADY_EXISTS,)),
)
async def create_project(call: CallHere, body: NewProject) -> Reply:
    outcome = await execute(call, [body.command()], body=body)
    project = outcome.state(PROJECT)
    doc = await with_names(call, render_project(project))
    location = f"/api/v1/projects/{project.project_id}"
    return changed(call, outcome, doc, project.version, status=201, location=location)


@router.get(
    "/projects",
    summary="List projects",
    **read(ProjectPage, is_list=True, has_path=False),
)
async def list_projects(call: CallHere, query: Annotated[ProjectListQuery, Query()]) -> Reply:
    house, user_id = call.house, call.caller.user_id
    position = call.position
    if query.workspace_id is None:
        workspaces = await call.access.workspaces(user_id, position)
    else:
        workspaces = (query.workspace_id,)
    asked = ProjectFilter(archived=bool(query.archived), keys=query.key)
    order, page = query.order(), query.asked()

    async def ask(scope: Scope) -> Listing:
        return await house.waiter.at_least(
            PROJECTS_VIEW, position, lambda: house.projects.list(scope, asked, order, page)
        )

    listing = await call.access.within(user_id, workspaces, ask)
    return page_reply(call, "projects", listing, await with_names(call, listing.docs, position))


@router.get(
    "/projects/{project_id}",
    summary="Read a project",
    **read(ProjectAnswer, is_one=True),
)
async def get_project(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await _find(call, project_id, query)
    position = call.position
    return await one(call, found.part(found.doc), position)


@router.patch(
    "/projects/{project_id}",
    summary="Change a project",
    **write(ProjectAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def change_project(
    call: CallHere, project_id: str, body: ProjectChanges, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    if body.sent_back:
        _require_same_identity(body, await _visible(call, found))
    command = EditProject(
        project_id=found,
        name=body.name if body.gives("name") else UNSET,
        description=body.description if body.gives("description") else UNSET,
        view_type=body.view_type if body.gives("view_type") else UNSET,
        is_private=body.is_private if body.gives("is_private") else UNSET,
        owner_id=body.owner_id if body.gives("owner_id") else UNSET,
        team_ids=tuple(body.team_ids) if body.gives("team_ids") else UNSET,
        settings=UNSET if body.settings is None else body.settings.given(),
    )
    return await _answer(call, command, body)


@router.delete(
    "/projects/{project_id}",
    summary="Archive a project",
    **write(None, status=204, conditional=True, has_body=False),
)
async def archive_project(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await done(call, ArchiveProject(project_id=found), match=found)


@router.post(
    "/projects/{project_id}/restore",
    summary="Restore an archived project",
    **write(ProjectAnswer, conditional=True, has_body=False),
)
async def restore_project(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, UnarchiveProject(project_id=found), None)


@router.get(
    "/projects/{project_id}/members",
    summary="List those whom a project names",
    **read(ProjectMemberPage, is_list=True),
)
async def list_members(
    call: CallHere, project_id: str, query: Annotated[ProjectPageQuery, Query()]
) -> Reply:
    house = call.house
    position = call.position
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found)
    listing = await house.waiter.at_least(
        MEMBERS_VIEW,
        position,
        lambda: house.members.project_members(project.workspace_id, found, query.asked()),
    )
    return page_reply(call, "members", listing, await with_names(call, listing.docs, position))


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


@router.get(
    "/projects/{project_id}/workflow",
    summary="Read a project's workflow",
    **read(WorkflowAnswer, is_one=True),
)
async def get_workflow(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await _find(call, project_id, query)
    position = call.position
    return await one(call, found.part(found.workflow), position)


@router.put(
    "/projects/{project_id}/workflow",
    summary="Change a project's workflow",
    **write(WorkflowAnswer, conditional=True, may=(Kind.STATUS_IN_USE, Kind.ARCHIVED)),
)
async def put_workflow(
    call: CallHere, project_id: str, body: WorkflowBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body)


@router.get(
    "/projects/{project_id}/columns",
    summary="Read the columns of a project's board",
    **read(ColumnsAnswer, is_one=True),
)
async def get_columns(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await _find(call, project_id, query)
    position = call.position
    return await one(call, found.part(found.columns), position)


@router.put(
    "/projects/{project_id}/columns",
    summary="Change the columns of a project's board",
    **write(ColumnsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_columns(
    call: CallHere, project_id: str, body: ColumnsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body)


@router.get(
    "/projects/{project_id}/fields",
    summary="Read a project's custom fields",
    **read(FieldsAnswer, is_one=True),
)
async def get_fields(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await _find(call, project_id, query)
    position = call.position
    return await one(call, found.part(found.fields), position)


@router.put(
    "/projects/{project_id}/fields",
    summary="Change a project's custom fields",
    **write(FieldsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_fields(
    call: CallHere, project_id: str, body: FieldsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body)


@router.get(
    "/projects/{project_id}/types",
    summary="Read the types of a project's tasks",
    **read(TypesAnswer, is_one=True),
)
async def get_types(
    call: CallHere, project_id: str, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await _find(call, project_id, query)
    position = call.position
    return await one(call, found.part(found.types), position)


@router.put(
    "/projects/{project_id}/types",
    summary="Change the types of a project's tasks",
    **write(TypesAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_types(
    call: CallHere, project_id: str, body: TypesBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body)


@router.get("/projects/{project_id}/board", summary="Read a project's board", **read(Board))
async def get_board(
    call: CallHere, project_id: str, query: Annotated[BoardQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    position = call.position
    board = await _board(call, found, query, position)
    doc = await with_names(call, board.doc(), position)
    return Reply(200, doc, position_headers(call, board.position, board.stale))


@router.get(
    "/projects/{project_id}/board/columns/{column_id}",
    summary="Read on in one column of a board",
    **read(BoardColumn),
)
async def get_board_column(
    call: CallHere,
    project_id: str,
    column_id: str,
    query: Annotated[ColumnQuery, Query()],
) -> Reply:
    house = call.house
    position = call.position
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found)
    if not is_id(column_id, "col"):
        raise not_found("column")
    if position is not None:
        await house.waiter.reached(BOARD_VIEW, position)
    lanes = await query.lanes_asked(call, project.workspace_id, position)
    column = await house.boards.column(
        (project.workspace_id,), found, column_id, query.asked(), lanes
    )
    if column is None:
        raise not_found("column")
    doc = await with_names(call, column.doc(), position)
    return Reply(200, doc, position_headers(call, column.position, column.stale))


async def _shown_labels(
    call: Call, project_id: str, query: BoardQuery, position: int | None
) -> Mapping[str, str | None]:
    """How lanes by label are called, where that is not as the cards hold them."""
    if query.swimlane != "label":
        return {}
    project = await call.access.known(PROJECT, project_id)
    if project is None:
        return {}
    return (await call.house.labels.of(project.workspace_id, position)).shown


async def _board(call: Call, project_id: str, query: BoardQuery, position: int | None) -> BoardRead:
    """A board that the caller may see. Raises Refused(NOT_FOUND, VIEW_BEHIND)."""
    house, user_id = call.house, call.caller.user_id
    workspaces = await call.access.workspaces(user_id, position)
    shown = await _shown_labels(call, project_id, query, position)
    board = await house.boards.board(workspaces, project_id, query.cards, query.swimlane, shown)
    if board is None or (position is not None and board.position < position):
        if position is None:
            # Perhaps it was made just now, and its board is only coming.
            found = await call.access.newest_project(user_id, project_id)
            if found is None:
                raise not_found("project")
            position = found[1].position
        await house.waiter.reached(BOARD_VIEW, position)
        workspaces = await call.access.workspaces(user_id, position)
        shown = await _shown_labels(call, project_id, query, position)
        board = await house.boards.board(workspaces, project_id, query.cards, query.swimlane, shown)
    if board is None:
        raise not_found("project")
    if await call.access.project_role(board.workspace_id, project_id, user_id) is None:
        raise not_found("project")
    return board


async def _find(call: Call, project_ref: str, query: ProjectQuery) -> ProjectParts:
    project_id = await references.project_id(call, project_ref, query.workspace_id)
    position = call.position
    return await find_project(call, project_id, position=position)


async def _answer(
    call: Call,
    command: EditProject
    | UnarchiveProject
    | ChangeWorkflow
    | ChangeColumns
    | ChangeFields
    | ChangeTypes,
    body: Body | None,
) -> Reply:
    outcome = await execute(call, [command], body=body, match=command.project_id)
    project = outcome.state(PROJECT)
    match command:
        case ChangeWorkflow():
            doc = render_workflow(project)
        case ChangeColumns():
            doc = render_columns(project)
        case ChangeFields():
            doc = render_fields(project)
        case ChangeTypes():
            doc = render_types(project)
        case _:
            workspace = outcome.peek(WORKSPACE, project.workspace_id)
            teams = None if workspace is None else workspace.teams
            doc = await with_names(call, render_project(project, teams))
    return changed(call, outcome, doc, project.version)


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


async def _visible(call: Call, project_id: str) -> Project:
    """A project that the caller may see, as the log has it now. Raises Refused(NOT_FOUND)."""
    found = await call.access.newest_project(call.caller.user_id, project_id)
    if found is None:
        raise not_found("project")
    return found[1]


def _require_same_identity(body: ProjectChanges, project: Project) -> None:
    sent = dict(body.sent_back)
    if isinstance(sent.get("created_at"), str):
        sent["created_at"] = moment(sent["created_at"], "/created_at")
    present = {
        "id": project.project_id,
        "project_id": project.project_id,
        "key": project.key,
        "workspace_id": project.workspace_id,
        "is_personal": project.is_personal,
        "created_at": project.created_at,
    }
    require_unchanged(sent, present)
