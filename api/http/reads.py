"""Single resources read fresh: from the view where it is up to date, else folded from the log."""

from typing import Final

from api.http.absence import if_seen
from api.http.call import Call
from api.http.etags import etag, not_modified
from api.http.names import with_names
from api.http.positions import position_headers
from api.http.reply import Reply
from api.http.stale import UNREADABLE
from api.http.visible import visible_project, visible_task
from domain.errors import not_found
from domain.project.state import Project
from domain.project.workflow import status_at
from domain.task.state import Task
from domain.values.evolved import evolved
from domain.values.frozen import dataclass
from domain.workspace.state import Workspace
from infra.postgres.views.project_queries import ProjectRead
from infra.postgres.views.task_queries import TaskRead
from projections.project_answers import (
    render_columns,
    render_fields,
    render_project,
    render_retention,
    render_types,
    render_workflow,
)
from projections.projects import PROJECTS_VIEW
from projections.task_answers import Facts, render
from projections.tasks import TASKS_VIEW

# The client may keep it for itself, and asks each time whether it still holds.
_REVALIDATED: Final = (b"cache-control", b"private, no-cache")


@dataclass(frozen=True, slots=True)
class Found:
    """A resource as its answer shows it, people still by id."""

    doc: bytes
    version: int
    position: int
    workspace_id: str
    project_id: str
    stale: tuple[str, ...] = ()


async def one(call: Call, found: Found, position: int | None = None) -> Reply:
    """The answer to GET of one resource, or 304 where the client holds it already.

    `position` is what the reader has written itself.
    """
    doc = await with_names(call, found.doc, position)
    reply = whole(call, doc, found.version, found.position)
    call.stale = found.stale
    return reply


def whole(call: Call, doc: bytes, version: int, position: int) -> Reply:
    """The same for a resource as its reader sees it."""
    tag = etag(version, doc)
    headers = [tag, _REVALIDATED, *position_headers(call, position)]
    if not_modified(call.headers.get(b"if-none-match"), tag[1]):
        return Reply(304, b"", headers, None)
    return Reply(200, doc, headers)


async def find_task(
    call: Call, task_id: str, *, position: int | None = None, trashed: bool = True
) -> Found:
    """A task that the caller may see; without `trashed` only one that is not in the trash.

    Raises Refused(NOT_FOUND), and Refused(VIEW_BEHIND) where `position` is not there in time.
    """
    house, user_id = call.house, call.caller.user_id
    call.about = (task_id,)
    workspaces = await if_seen(call.access.workspaces(user_id, position)) or ()
    read = await if_seen(house.tasks.get(workspaces, task_id))
    if position is not None and (read is None or read.position < position):
        await house.waiter.reached(TASKS_VIEW, position)
        read = await house.tasks.get(workspaces, task_id)
    if read is not None and read.fresh and read.project_id is not None:
        access = await if_seen(call.access.now(read.workspace_id, read.access_position))
        if access is not None:
            if access.project_role(user_id, read.project_id) is None:
                raise not_found("task")
            if read.trashed and not trashed:
                raise not_found("task")
            assert read.doc is not None  # it is fresh
            return Found(read.doc, read.version, read.position, read.workspace_id, read.project_id)
    try:
        return await _fold_task(call, task_id, read, trashed=trashed)
    except UNREADABLE:
        if read is None or read.doc is None or read.project_id is None:
            raise not_found("task") from None  # nobody can tell who may see it
        return await _as_seen_last(call, read, trashed=trashed)


async def _as_seen_last(call: Call, read: TaskRead, *, trashed: bool) -> Found:
    """A task as the view has it, of which the log has an event that cannot be read: the answer
    says that it is stale."""
    user_id, project_id = call.caller.user_id, read.project_id
    assert read.doc is not None, "the view has it"
    assert project_id is not None, "the view has it"
    role = await call.access.project_role(read.workspace_id, project_id, user_id)
    if role is None or (read.trashed and not trashed):
        raise not_found("task")
    return Found(
        read.doc, read.version, read.position, read.workspace_id, project_id, (read.task_id,)
    )


async def _fold_task(call: Call, task_id: str, read: TaskRead | None, *, trashed: bool) -> Found:
    task, project = await visible_task(call, task_id)
    if task.trashed and not trashed:
        raise not_found("task")
    doc = render(task, facts_of(task, project, None if read is None else read.facts))
    position = max(task.position, 0 if read is None else read.position)
    return Found(doc, task.version, position, task.workspace_id, task.project_id)


def facts_of(task: Task, project: Project, seen: Facts | None) -> Facts:
    """What other streams say about a task: its project as it is, the rest as the view has it."""
    status = status_at(project.workflow, task.status)
    category = None if status is None else status.category
    return evolved(seen or Facts(), status_category=category)


@dataclass(frozen=True, slots=True)
class ProjectParts:
    """A project that the caller may see, with each of its answers, people still by id."""

    project_id: str
    workspace_id: str
    version: int
    position: int
    doc: bytes
    workflow: bytes
    columns: bytes
    fields: bytes
    types: bytes
    retention: bytes

    def part(self, doc: bytes) -> Found:
        return Found(doc, self.version, self.position, self.workspace_id, self.project_id)


async def find_project(call: Call, project_id: str, *, position: int | None = None) -> ProjectParts:
    """A project that the caller may see. Raises as `find_task`."""
    house, user_id = call.house, call.caller.user_id
    call.about = (project_id,)
    workspaces = await if_seen(call.access.workspaces(user_id, position)) or ()
    read = await if_seen(house.projects.get(workspaces, project_id))
    if position is not None and (read is None or read.position < position):
        await house.waiter.reached(PROJECTS_VIEW, position)
        read = await house.projects.get(workspaces, project_id)
    if read is not None and read.fresh:
        access = await if_seen(call.access.now(read.workspace_id, read.access_position))
        if access is not None:
            if access.project_role(user_id, project_id) is None:
                raise not_found("project")
            return _as_read(read)
    found = await visible_project(call, project_id)
    return folded(*found, 0 if read is None else read.position)


def _as_read(read: ProjectRead) -> ProjectParts:
    assert read.doc is not None  # it is fresh, and so are its parts
    return ProjectParts(
        read.project_id,
        read.workspace_id,
        read.version,
        read.position,
        read.doc,
        read.workflow or b"",
        read.columns or b"",
        read.fields or b"",
        read.types or b"",
        read.retention or b"",
    )


def folded(workspace: Workspace, project: Project, position: int) -> ProjectParts:
    """A project as its stream says; `position`: how far one has looked."""
    return ProjectParts(
        project.project_id,
        project.workspace_id,
        project.version,
        max(position, project.position),
        render_project(project, workspace.teams),
        render_workflow(project),
        render_columns(project),
        render_fields(project),
        render_types(project),
        render_retention(project),
    )
