"""Tasks, projects and workspaces as the log has them now, where the caller may see them."""

from api.http.call import Call
from commands.permissions import forbidden
from domain.errors import not_found
from domain.project.state import Project
from domain.task.state import Task
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE, Workspace


async def visible_task(call: Call, task_id: str) -> tuple[Task, Project]:
    """A task, trashed or not, and its project. Raises Refused(NOT_FOUND)."""
    found = await call.access.newest_task(call.caller.user_id, task_id)
    if found is None:
        raise not_found("task")
    return found


async def visible_project(call: Call, project_id: str) -> tuple[Workspace, Project]:
    """A project and its workspace. Raises Refused(NOT_FOUND)."""
    found = await call.access.newest_project(call.caller.user_id, project_id)
    if found is None:
        raise not_found("project")
    return found


async def visible_workspace(call: Call, workspace_id: str, *, or_closed: bool = False) -> Workspace:
    """A workspace that the caller is in; `or_closed`: or is an owner of, though it is closed.
    Raises Refused(NOT_FOUND)."""
    workspace = await call.access.newest(WORKSPACE, workspace_id)
    user_id = call.caller.user_id
    if workspace is None:
        raise not_found("workspace")
    if workspace.role_of(user_id) is None and not (or_closed and workspace.is_closed_by(user_id)):
        raise not_found("workspace")
    return workspace


async def workspace_with_right(call: Call, workspace_id: str, right: Right) -> Workspace:
    """A workspace in which the caller may do that. Raises Refused(NOT_FOUND) where they are not in
    it, and Refused(FORBIDDEN)."""
    workspace = await visible_workspace(call, workspace_id)
    if right not in workspace_rights(workspace, call.caller.user_id):
        raise forbidden(right)
    return workspace
