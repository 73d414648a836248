"""Tasks below a task: read them, put a task below another, and make one that repeats another."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import CallHere
from api.http.describe import read, write
from api.http.execute import changed, execute
from api.http.past import AsOf, moment_of
from api.http.reads import find_task
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference, Title
from api.http.visible import visible_task
from api.query.field_query import field_sort
from api.routes.answers import TaskPage
from api.routes.task_listing import TaskList
from api.routes.task_query import TaskOrderQuery, Words
from api.routes.task_replies import task_page, whole_task
from commands.task.duplicate_task import DuplicateTask
from commands.task.set_parent import SetParent
from domain.errors import Kind
from projections.task_answers import TaskAnswer
from projections.task_questions import TaskFilter

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Tasks"])


class SubtaskQuery(TaskOrderQuery, AsOf):
    status: Annotated[
        Words, Field(description="Keys, names, categories, `open`, `pending` or `completed`.")
    ] = ()
    trashed: Annotated[bool, Field(description="Those in the trash instead.")] = False


class TaskParent(Body):
    """The task to stand below, or null: at the top. What is below the task goes with it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"parent_task_id": "WEB-41"}]})

    parent_task_id: Annotated[Reference, Field(description="Id or key of a task.")] | None


class TaskCopy(Body):
    """What the copy is to have beside title, description, type, priority, assignees, dates,
    estimate, tags and fields. It begins where the workflow begins, below the same task."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"with_subtasks": True}]})

    may_be_left_out: ClassVar[bool] = True

    with_subtasks: Annotated[bool, Field(description="All that are not trashed, as well.")] = False
    title: Annotated[Title, Field(description="Default: the same.")] | None = None


@router.get(
    "/tasks/{task_id}/subtasks",
    summary="List the tasks directly below a task",
    **read(TaskPage, is_list=True),
)
async def list_subtasks(
    call: CallHere, task_id: str, query: Annotated[SubtaskQuery, Query()]
) -> Reply:
    moment = await moment_of(call, query)
    found = await references.task_id(call, task_id)
    parent = await find_task(call, found, position=call.position)
    asked = TaskFilter(
        parent_task_ids=(found,), statuses=tuple(query.status), trashed=query.trashed
    )
    order = query.order(await field_sort(call, query.sorted_by, (parent.project_id,)))
    return await task_page(
        call, TaskList((parent.workspace_id,), asked, order, moment), query.asked()
    )


@router.put(
    "/tasks/{task_id}/parent",
    summary="Put a task below another one, or at the top",
    **write(
        TaskAnswer,
        conditional=True,
        may=(Kind.PARENT_CYCLE, Kind.TRASHED, Kind.ARCHIVED, Kind.WIP_LIMIT_REACHED),
    ),
)
async def put_parent(call: CallHere, task_id: str, body: TaskParent) -> Reply:
    found = await references.task_id(call, task_id)
    await visible_task(call, found)  # before anything is said about the one that the body names
    parent_id = await references.task_id_in_body(call, body.parent_task_id, "/parent_task_id")
    command = SetParent(task_id=found, parent_task_id=parent_id)
    outcome = await execute(call, [command], body=body, match=found)
    doc, version = await whole_task(call, outcome)
    return changed(call, outcome, doc, version)


@router.post(
    "/tasks/{task_id}/duplicate",
    summary="Make a task that says what this one says",
    **write(
        TaskAnswer,
        status=201,
        may=(Kind.TRASHED, Kind.ARCHIVED, Kind.GUARD_REFUSED, Kind.WIP_LIMIT_REACHED),
    ),
)
async def duplicate_task(call: CallHere, task_id: str, body: TaskCopy) -> Reply:
    found = await references.task_id(call, task_id)
    command = DuplicateTask(task_id=found, with_subtasks=body.with_subtasks, title=body.title)
    outcome = await execute(call, [command], body=body)
    doc, version = await whole_task(call, outcome, others_too=body.with_subtasks)
    location = f"/api/v1/tasks/{outcome.main_stream}"
    return changed(call, outcome, doc, version, status=201, location=location)
