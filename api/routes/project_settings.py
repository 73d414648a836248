"""How a project works: its workflow, columns, custom fields and types."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, execute
from api.http.reads import one
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
from commands.project.change_columns import ChangeColumns
from commands.project.change_fields import ChangeFields
from commands.project.change_retention import ChangeRetention
from commands.project.change_types import ChangeTypes
from commands.project.change_workflow import ChangeWorkflow
from domain.errors import Kind
from domain.project.state import PROJECT, Project
from projections.projects import (
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
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.workflow), call.position)


@router.put(
    "/projects/{project_id}/workflow",
    summary="Change a project's workflow",
    **write(WorkflowAnswer, conditional=True, may=(Kind.STATUS_IN_USE, Kind.ARCHIVED)),
)
async def put_workflow(
    call: CallHere, project_id: str, body: WorkflowBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body, render_workflow)


@router.get(
    "/projects/{project_id}/columns",
    summary="Read the columns of a project's board",
    **read(ColumnsAnswer, is_one=True),
)
async def get_columns(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.columns), call.position)


@router.put(
    "/projects/{project_id}/columns",
    summary="Change the columns of a project's board",
    **write(ColumnsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_columns(
    call: CallHere, project_id: str, body: ColumnsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body, render_columns)


@router.get(
    "/projects/{project_id}/fields",
    summary="Read a project's custom fields",
    **read(FieldsAnswer, is_one=True),
)
async def get_fields(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.fields), call.position)


@router.put(
    "/projects/{project_id}/fields",
    summary="Change a project's custom fields",
    **write(FieldsAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_fields(
    call: CallHere, project_id: str, body: FieldsBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body, render_fields)


@router.get(
    "/projects/{project_id}/types",
    summary="Read the types of a project's tasks",
    **read(TypesAnswer, is_one=True),
)
async def get_types(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.types), call.position)


@router.put(
    "/projects/{project_id}/types",
    summary="Change the types of a project's tasks",
    **write(TypesAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_types(
    call: CallHere, project_id: str, body: TypesBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body, render_types)


@router.get(
    "/projects/{project_id}/retention",
    summary="Read for how long a project keeps its trash",
    **read(RetentionAnswer, is_one=True),
)
async def get_retention(
    call: CallHere, project_id: str, query: Annotated[ProjectThenQuery, Query()]
) -> Reply:
    found = await found_project(call, project_id, query)
    return await one(call, found.part(found.retention), call.position)


@router.put(
    "/projects/{project_id}/retention",
    summary="Change for how long a project keeps its trash",
    **write(RetentionAnswer, conditional=True, may=(Kind.ARCHIVED,)),
)
async def put_retention(
    call: CallHere, project_id: str, body: RetentionBody, query: Annotated[ProjectQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    return await _answer(call, body.command(found), body, render_retention)


async def _answer(
    call: Call,
    command: ChangeWorkflow | ChangeColumns | ChangeFields | ChangeTypes | ChangeRetention,
    body: Body,
    render: Callable[[Project], bytes],
) -> Reply:
    outcome = await execute(call, [command], body=body, match=command.project_id)
    project = outcome.state(PROJECT)
    return changed(call, outcome, render(project), project.version)
