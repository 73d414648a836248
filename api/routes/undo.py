"""Taking back changes of projects and workspaces, and what is asked of every undo."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import write
from api.http.execute import changed, execute
from api.http.names import with_actors, with_names
from api.http.positions import MOST_POSITION
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_project, visible_workspace
from api.routes.project_query import ProjectQuery
from commands.execution import Outcome
from commands.project.undo_change import UndoProjectChange
from commands.saved_view.undo_change import UndoSavedViewChange
from commands.workspace.undo_change import UndoWorkspaceChange
from domain.errors import Kind, Refused
from domain.project.state import PROJECT
from domain.values.ids import is_id
from domain.workspace.state import WORKSPACE
from projections.project_answers import ProjectAnswer, render_project
from projections.workspaces import WorkspaceAnswer, render_workspace

router = APIRouter(prefix="/api/v1", route_class=DirectRoute)

UNDO_REFUSALS = (
    Kind.NOT_UNDOABLE,
    Kind.ALREADY_EXISTS,
    Kind.ARCHIVED,
    Kind.LAST_OWNER,
    Kind.STATUS_IN_USE,
    Kind.TRASHED,
    Kind.GUARD_REFUSED,
    Kind.BLOCKED_BY_UNFINISHED,
    Kind.WIP_LIMIT_REACHED,
)


class ChangeUndo(Body):
    """Which change to take back, by any position of it: an entry of activity or history has one,
    and so has the answer to the change (`X-Log-Position`)."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"position": 1234}]})

    position: Annotated[int, Field(ge=1, le=MOST_POSITION)]


@router.post(
    "/projects/{project_id}/undo",
    summary="Take a change of a project back, while what it changed still stands",
    tags=["Projects"],
    **write(ProjectAnswer, conditional=True, may=UNDO_REFUSALS),
)
async def undo_project_change(
    call: CallHere, project_id: str, body: ChangeUndo, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    _, present = await visible_project(call, found)
    command = UndoProjectChange(project_id=found, position=body.position)
    outcome = await undone(call, command, body, present.workspace_id, found)
    project = outcome.state(PROJECT)
    workspace = outcome.peek(WORKSPACE, project.workspace_id)
    doc = render_project(project, None if workspace is None else workspace.teams)
    return changed(call, outcome, await with_names(call, doc), project.version)


@router.post(
    "/workspaces/{workspace_id}/undo",
    summary="Take a change of a workspace back, while what it changed still stands",
    tags=["Workspaces"],
    **write(WorkspaceAnswer, conditional=True, may=UNDO_REFUSALS),
)
async def undo_workspace_change(call: CallHere, workspace_id: str, body: ChangeUndo) -> Reply:
    await visible_workspace(call, workspace_id)
    command = UndoWorkspaceChange(workspace_id=workspace_id, position=body.position)
    outcome = await undone(call, command, body, workspace_id, workspace_id)
    workspace = outcome.state(WORKSPACE)
    return changed(call, outcome, render_workspace(workspace), workspace.version)


async def require_no_large_job(call: Call, workspace_id: str, position: int) -> None:
    """What a job did in several commits is undone as the one that it was."""
    recorded = await call.house.store.read_command(workspace_id, position)
    cause = recorded[0].origin.causation_id if recorded else None
    if cause is None or not is_id(cause, "job"):
        return
    job = await call.house.jobs.book.find(cause)
    if job is not None and job.kind != "batch" and await call.house.jobs.book.commits(cause) > 1:
        raise Refused(
            Kind.NOT_UNDOABLE,
            f"This is one part of what a job did to {job.total} tasks; who started it, or an admin,"
            f" undoes it as one: POST /api/v1/jobs/{cause}/undo.",
            job_id=cause,
        )


async def undone(
    call: Call,
    command: UndoProjectChange | UndoWorkspaceChange | UndoSavedViewChange,
    body: ChangeUndo,
    workspace_id: str,
    match: str,
) -> Outcome:
    """What an undo came to, its refusals with the names of whoever changed things since."""
    await require_no_large_job(call, workspace_id, body.position)
    try:
        return await execute(call, [command], body=body, match=match)
    except Refused as refused:
        raise await with_actors(call, refused) from None
