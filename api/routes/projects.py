"""Projects themselves: made, listed, changed, archived and restored."""

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
from api.http.reads import one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_project
from api.routes.answers import ProjectPage
from api.routes.project_bodies import NewProject, ProjectChanges
from api.routes.project_query import ProjectQuery, ProjectThenQuery, found_project
from commands.project.archive_project import ArchiveProject
from commands.project.edit_project import EditProject
from commands.project.unarchive_project import UnarchiveProject
from domain.errors import Kind
from domain.project.state import PROJECT, Project
from domain.workspace.state import WORKSPACE
from projections.project_answers import ProjectAnswer, render_project
from projections.projects import PROJECTS_VIEW, USUAL_SORT, ProjectFilter
from projections.questions import Listing, Scope
from projections.task_questions import Sort, SortBy

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])


_INSTEAD = {
    "archived": "DELETE /projects/{id} archives a project, POST /projects/{id}/restore opens it."
}


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
    order = query.order()
    page = await references.after_project(call, query.asked(), query.workspace_id)

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
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.doc), call.position)


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
        _, present = await visible_project(call, found)
        _require_same_identity(body, present)
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


async def _answer(call: Call, command: EditProject | UnarchiveProject, body: Body | None) -> Reply:
    outcome = await execute(call, [command], body=body, match=command.project_id)
    project = outcome.state(PROJECT)
    workspace = outcome.peek(WORKSPACE, project.workspace_id)
    teams = None if workspace is None else workspace.teams
    doc = await with_names(call, render_project(project, teams))
    return changed(call, outcome, doc, project.version)


def _require_same_identity(body: ProjectChanges, project: Project) -> None:
    present = {
        "id": project.project_id,
        "project_id": project.project_id,
        "key": project.key,
        "workspace_id": project.workspace_id,
        "is_personal": project.is_personal,
        "archived": project.archived,
        "created_at": project.created_at,
    }
    require_unchanged(body.sent_back, present, _INSTEAD)
