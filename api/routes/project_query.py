"""Which workspace the key in a project's path is of, as every question about a project takes it."""

from typing import Annotated

from pydantic import Field

from api.http import references
from api.http.call import Call
from api.http.paging import PageQuery
from api.http.queries import ReadQuery
from api.http.reads import ProjectParts, find_project

Workspace = Annotated[
    str | None, Field(max_length=100, description="Which workspace a project's key is of.")
]


class ProjectQuery(ReadQuery):
    workspace_id: Workspace = None


class ProjectPageQuery(PageQuery):
    workspace_id: Workspace = None


async def found_project(call: Call, project_ref: str, query: ProjectQuery) -> ProjectParts:
    """The project that a path names, as fresh as the caller asks. Raises Refused(NOT_FOUND,
    VIEW_BEHIND)."""
    project_id = await references.project_id(call, project_ref, query.workspace_id)
    return await find_project(call, project_id, position=call.position)
