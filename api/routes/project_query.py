"""Which workspace the key in a project's path is of, as every question about a project takes it."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from api.http import references
from api.http.call import Call
from api.http.paging import PageQuery
from api.http.past import AsOf, moment_of, state_then
from api.http.queries import ReadQuery
from api.http.reads import ProjectParts, find_project, folded
from domain.errors import not_found
from domain.project.state import PROJECT, Project
from domain.workspace.state import WORKSPACE
from projections.past_moments import Moment

Workspace = Annotated[
    str | None, Field(max_length=100, description="Which workspace a project's key is of.")
]


class ProjectQuery(ReadQuery):
    workspace_id: Workspace = None


class ProjectThenQuery(ProjectQuery, AsOf):
    pass


class ProjectPageQuery(PageQuery):
    workspace_id: Workspace = None


class ProjectPageThenQuery(ProjectPageQuery, AsOf):
    pass


async def found_project(call: Call, project_ref: str, query: ProjectThenQuery) -> ProjectParts:
    """The project that a path names, as fresh as the caller asks, or as it was then. Raises
    Refused(NOT_FOUND, VIEW_BEHIND)."""
    moment = await moment_of(call, query)
    project_id = await references.project_id(call, project_ref, query.workspace_id)
    found = await find_project(call, project_id, position=call.position)
    if moment is None:
        return found
    project = await project_then(call, project_id, moment)
    workspace = await state_then(call, moment, WORKSPACE, project.workspace_id)
    if workspace is None:
        raise not_found("project")
    return replace(folded(workspace, project, 0), position=moment.position)


async def project_then(call: Call, project_id: str, moment: Moment) -> Project:
    """A project as it was. Whether the caller may see it today has been looked at before.

    Raises Refused(NOT_FOUND) where it was not there yet.
    """
    project = await state_then(call, moment, PROJECT, project_id)
    if project is None:
        raise not_found("project")
    return project
