"""How a project works: its workflow, columns, custom fields, types, and how long it keeps trash."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from api.http import references
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, execute
from api.http.reads import ProjectParts, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.project_bodies import (
    ColumnsBody,
    FieldsBody,
    RetentionBody,
    TypesBody,
    WorkflowBody,
)
from api.routes.project_query import ProjectQuery, ProjectThenQuery, found_project
from domain.errors import Kind
from domain.project.state import PROJECT, Project
from projections.project_answers import (
    ColumnsAnswer,
    FieldsAnswer,
    RetentionAnswer,
    TypesAnswer,
    WorkflowAnswer,
    render_columns,
    render_fields,
    render_retention,
    render_types,
    render_workflow,
)

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])


@router.get(
    "/projects/{project_id}/workflow",
    summary="Read a project's workflow",
    **read(WorkflowAnswer, is_one=True),
)
async def get_workflow(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    return await _shown(call, project_id, query, lambda found: found.workflow)


@router.put(
    "/projects/{project_id}/workflow",
    summary="Change a project's workflow",
    **write(WorkflowAnswer, conditional=True, may=(Kind.STATUS_IN_USE, Kind.ARCHIVED)),
)
async def put_workflow(
    call: CallHere, project_id: str, body: WorkflowBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    return await _changed(call, project_id, query, body, render_workflow)


@router.get(
    "/projects/{project_id}/columns",
    summary="Read the columns of a project's board",
    **read(ColumnsAnswer, is_one=True),
)
async def get_columns(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    return await _shown(call, project_id, query, lambda found: found.columns)


@router.put(
    "/projects/{project_id}/columns",
    summary="Change the columns of a project's board",
    **write(ColumnsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_columns(
    call: CallHere, project_id: str, body: ColumnsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    return await _changed(call, project_id, query, body, render_columns)


@router.get(
    "/projects/{project_id}/fields",
    summary="Read a project's custom fields",
    **read(FieldsAnswer, is_one=True),
)
async def get_fields(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    return await _shown(call, project_id, query, lambda found: found.fields)


@router.put(
    "/projects/{project_id}/fields",
    summary="Change a project's custom fields",
    **write(FieldsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_fields(
    call: CallHere, project_id: str, body: FieldsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    return await _changed(call, project_id, query, body, render_fields)


@router.get(
    "/projects/{project_id}/types",
    summary="Read the types of a project's tasks",
    **read(TypesAnswer, is_one=True),
)
async def get_types(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    return await _shown(call, project_id, query, lambda found: found.types)


@router.put(
    "/projects/{project_id}/types",
    summary="Change the types of a project's tasks",
    **write(TypesAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_types(
    call: CallHere, project_id: str, body: TypesBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    return await _changed(call, project_id, query, body, render_types)


@router.get(
    "/projects/{project_id}/retention",
    summary="Read for how long a project keeps its trash",
    **read(RetentionAnswer, is_one=True),
)
async def get_retention(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    return await _shown(call, project_id, query, lambda found: found.retention)


@router.put(
    "/projects/{project_id}/retention",
    summary="Change for how long a project keeps its trash",
    **write(RetentionAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_retention(
    call: CallHere, project_id: str, body: RetentionBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    return await _changed(call, project_id, query, body, render_retention)


async def _shown(
    call: Call, project_ref: str, query: ProjectThenQuery, part: Callable[[ProjectParts], bytes]
) -> Reply:
    found = await found_project(call, project_ref, query)
    return await one(call, found.part(part(found)), call.position)


async def _changed(
    call: Call,
    project_ref: str,
    query: ProjectQuery,
    body: WorkflowBody | ColumnsBody | FieldsBody | TypesBody | RetentionBody,
    render: Callable[[Project], bytes],
) -> Reply:
    project_id = await references.project_id(call, project_ref, query.workspace_id)
    outcome = await execute(call, [body.command(project_id)], body=body, match=project_id)
    project = outcome.state(PROJECT)
    return changed(call, outcome, render(project), project.version)
