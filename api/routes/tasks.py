"""Tasks: make, read, list, change, move, trash and restore them."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field

from api.http import references
from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_actors, with_names
from api.http.past import AsOf, asked_then, moment_of, with_names_then
from api.http.reads import find_task, one, whole
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_task
from api.query.field_query import PARAMETER
from api.routes.answers import DroppedByMove, MovedTask, TaskPage, encode
from api.routes.task_bodies import NewTask, TaskChanges, TaskMove
from api.routes.task_listing import TaskInWorkspaceQuery, everywhere, in_workspace
from api.routes.task_query import TaskListQuery
from api.routes.task_replies import facts_beside, task_page, whole_task
from api.routes.undo import ChangeUndo, require_no_large_job
from commands.comment.add_comment import AddComment
from commands.execution import Outcome
from commands.task.edit_task import EditTask
from commands.task.move_task import MoveTask
from commands.task.move_to_project import MoveToProject
from commands.task.purge_task import PurgeTask
from commands.task.restore_task import RestoreTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from domain.errors import Invalid, Kind, Problem, Refused, invalid, not_found
from domain.task.events import TaskMovedToProject
from domain.task.state import TASK
from domain.values.text import readable
from projections.past_moments import Moment
from projections.task_answers import Facts, TaskAnswer, render

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Tasks"])

_MOVES = (
    Kind.TRANSITION_NOT_ALLOWED,
    Kind.GUARD_REFUSED,
    Kind.BLOCKED_BY_UNFINISHED,
    Kind.WIP_LIMIT_REACHED,
)
# A task that goes along may free the one that it goes with, in the same commit.
_AFTER_A_MOVE = 5

_STOPS = (Kind.TRASHED, Kind.ARCHIVED)

_INSTEAD = {"project_id": "A task goes to another project by POST /tasks/{id}/move."}


class TaskPageQuery(TaskInWorkspaceQuery, AsOf):
    pass


class OwnTaskPageQuery(TaskListQuery, AsOf):
    pass


class TaskQuery(AsOf):
    trashed: Annotated[bool, Field(description="Also where it is in the trash.")] = False


@router.post(
    "/tasks",
    summary="Create a task",
    **write(
        TaskAnswer,
        status=201,
        has_path=False,
        may=(
            Kind.ALREADY_EXISTS,
            Kind.ARCHIVED,
            Kind.TRASHED,
            Kind.KEY_AMBIGUOUS,
            Kind.WIP_LIMIT_REACHED,
        ),
    ),
)
async def create_task(call: CallHere, body: NewTask) -> Reply:
    project_id = await references.project_id_in_body(call, body.project_id)
    parent_id = await references.task_id_in_body(call, body.parent_task_id, "/parent_task_id")
    depends_on = await references.task_ids_in_body(call, body.depends_on or (), "/depends_on")
    outcome = await execute(call, [body.command(project_id, parent_id, depends_on)], body=body)
    if outcome.replayed:
        doc, version = await whole_task(call, outcome)
    else:
        # What other streams say about a new task is known: nothing.
        task = outcome.state(TASK)
        doc, version = await with_names(call, render(task, Facts())), task.version
    location = f"/api/v1/tasks/{outcome.main_stream}"
    return changed(call, outcome, doc, version, status=201, location=location)


@router.get("/tasks/{task_id}", summary="Read a task", **read(TaskAnswer, is_one=True))
async def get_task(call: CallHere, task_id: str, query: Annotated[TaskQuery, Query()]) -> Reply:
    position = call.position
    moment = await moment_of(call, query)
    wanted = await references.task_id(call, task_id)
    if moment is not None:
        return await _task_then(call, wanted, moment, trashed=query.trashed)
    found = await find_task(call, wanted, position=position, trashed=query.trashed)
    return await one(call, found, position)


async def _task_then(call: Call, task_id: str, moment: Moment, *, trashed: bool) -> Reply:
    workspaces = await call.access.workspaces(call.caller.user_id, call.position)
    if moment.imports:
        task = await call.access.newest(TASK, task_id)
        workspaces = tuple(each for each in workspaces if task and each == task.workspace_id)
    found = await asked_then(
        call, moment, workspaces, lambda past: past.task(task_id, trashed=trashed)
    )
    if found is None:
        raise not_found("task")
    doc = await with_names_then(call, moment, found.doc)
    return whole(call, doc, found.version, found.position)


@router.get(
    "/tasks",
    summary="List tasks",
    **read(TaskPage, is_list=True, has_path=False, beside=(PARAMETER,)),
)
async def list_tasks(call: CallHere, query: Annotated[TaskPageQuery, Query()]) -> Reply:
    moment = await moment_of(call, query)
    return await task_page(call, await in_workspace(call, query, moment), query.asked())


@router.get(
    "/user/tasks",
    summary="List the tasks assigned to you, in every workspace",
    **read(TaskPage, is_list=True, has_path=False, beside=(PARAMETER,)),
)
async def list_my_tasks(call: CallHere, query: Annotated[OwnTaskPageQuery, Query()]) -> Reply:
    moment = await moment_of(call, query)
    tasks = await everywhere(call, query, mine=True, moment=moment)
    return await task_page(call, tasks, query.asked())


@router.patch(
    "/tasks/{task_id}",
    summary="Change a task",
    **write(TaskAnswer, conditional=True, may=(*_MOVES, *_STOPS, Kind.PARENT_CYCLE)),
)
async def change_task(call: CallHere, task_id: str, body: TaskChanges) -> Reply:
    return await _change(call, task_id, body)


@router.put(
    "/tasks/{task_id}",
    summary="Change a task, like PATCH",
    **write(TaskAnswer, conditional=True, may=(*_MOVES, *_STOPS, Kind.PARENT_CYCLE)),
)
async def put_task(call: CallHere, task_id: str, body: TaskChanges) -> Reply:
    return await _change(call, task_id, body)


async def _change(call: Call, task_ref: str, body: TaskChanges) -> Reply:
    task_id = await references.task_id(call, task_ref)
    await _require_same_identity(call, task_id, body)
    parent_id = await references.task_id_in_body(call, body.parent_task_id, "/parent_task_id")
    return await _answer(call, task_id, body.commands(task_id, parent_id), body)


@router.delete(
    "/tasks/{task_id}",
    summary="Put a task into the trash, with all that is below it",
    **write(None, status=204, conditional=True, has_body=False, may=(Kind.ARCHIVED,)),
)
async def delete_task(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, TrashTask(task_id=found), match=found)


@router.post(
    "/tasks/{task_id}/restore",
    summary="Take a task out of the trash, with what went there with it",
    **write(
        TaskAnswer,
        conditional=True,
        has_body=False,
        may=(Kind.ARCHIVED, Kind.NOT_RESTORABLE, Kind.WIP_LIMIT_REACHED),
    ),
)
async def restore_task(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    outcome = await execute(call, [RestoreTask(task_id=found)], match=found)
    doc, version = await whole_task(call, outcome, others_too=outcome.changed)
    return changed(call, outcome, doc, version)


@router.post(
    "/tasks/{task_id}/purge",
    summary="Take a task out of the trash for good, with all that is below it",
    **write(
        None,
        status=204,
        conditional=True,
        has_body=False,
        may=(Kind.NOT_TRASHED, Kind.LEGAL_HOLD),
    ),
)
async def purge_task(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, PurgeTask(task_id=found), match=found)


@router.post(
    "/tasks/{task_id}/move",
    summary="Move a task's card on its board, or to another project",
    **write(MovedTask, conditional=True, may=(*_MOVES, *_STOPS)),
)
async def move_task(call: CallHere, task_id: str, body: TaskMove) -> Reply:
    found = await references.task_id(call, task_id)
    if body.project_id is not None:
        task, _ = await visible_task(call, found)
        project_id = await references.project_id_in_body(
            call, body.project_id, workspace_id=task.workspace_id
        )
        if project_id is not None and task.project_id != project_id:
            return await _move_to_project(call, found, project_id, body)
    move = MoveTask(
        task_id=found,
        status=body.status,
        column_id=body.column_id,
        before=await references.task_id_in_body(call, body.before, "/before"),
        after=await references.task_id_in_body(call, body.after, "/after"),
    )
    return await _answer(call, found, _with_comment(move, body), body)


async def _move_to_project(call: Call, task_id: str, project_id: str, body: TaskMove) -> Reply:
    for name in ("column_id", "before", "after"):
        if getattr(body, name) is not None:
            detail = "Move the task to the other project first; there it goes to the end."
            raise invalid(f"/{name}", detail, "other-project")
    move = MoveToProject(task_id=task_id, project_id=project_id, status=body.status)
    return await _answer(call, task_id, _with_comment(move, body), body)


def _with_comment(move: MoveTask | MoveToProject, body: TaskMove) -> list[Any]:
    """The first command says what the answer shows, which is the task."""
    if body.comment is None:
        return [move]
    said = AddComment(task_id=move.task_id, text=body.comment)
    return [EditTask(task_id=move.task_id), said, move]


@router.post(
    "/tasks/{task_id}/undo",
    summary="Take a change back, while what it changed still stands",
    **write(TaskAnswer, conditional=True, may=(Kind.NOT_UNDOABLE, *_MOVES, *_STOPS)),
)
async def undo_change(call: CallHere, task_id: str, body: ChangeUndo) -> Reply:
    found = await references.task_id(call, task_id)
    task, _ = await visible_task(call, found)
    await require_no_large_job(call, task.workspace_id, body.position)
    command = UndoChange(task_id=found, position=body.position)
    try:
        return await _answer(call, found, [command], body)
    except Refused as refused:
        raise await with_actors(call, refused) from None


async def _answer(call: Call, task_id: str, commands: list[Any], body: Body | None) -> Reply:
    facts = facts_beside(call, task_id)
    try:
        outcome = await execute(call, commands, body=body, match=task_id)
    except BaseException as error:
        if facts is not None:
            facts.drop()
        if isinstance(error, Invalid) and getattr(body, "comment", None) is not None:
            raise Invalid(*(_beside(problem) for problem in error.problems)) from None
        raise
    doc, version = await whole_task(call, outcome, facts)
    named = isinstance(body, TaskMove) and body.project_id is not None
    if named and (outcome.changed or outcome.replayed):
        doc = await _with_dropped(call, outcome, doc)
    return changed(call, outcome, doc, version)


async def _with_dropped(call: Call, outcome: Outcome, doc: bytes) -> bytes:
    """The answer, saying what did not come along where the task has moved to another project: it
    stands in the event, so that a repeated request gets it again."""
    task = outcome.state(TASK)
    recorded = await call.house.store.read_stream(
        task.task_id, after=max(0, task.version - _AFTER_A_MOVE), upto=task.version
    )
    for each in recorded:
        same = each.command_id == recorded[-1].command_id
        if same and isinstance(each.event, TaskMovedToProject):
            dropped = DroppedByMove(
                fields=each.event.dropped_fields,
                types=each.event.dropped_types,
                assignee_ids=each.event.unassigned,
            )
            return b'%b,"dropped":%b}' % (doc[:-1], encode(dropped))
    return doc


def _beside(problem: Problem) -> Problem:
    """What is wrong with a comment's text, at the field in which it was sent along."""
    return replace(problem, pointer="/comment") if problem.pointer == "/text" else problem


async def _require_same_identity(call: Call, task_id: str, body: TaskChanges) -> None:
    """What is the system's own may be sent back, but not otherwise than it is."""
    if not body.sent_back:
        return
    task, _ = await visible_task(call, task_id)
    present: dict[str, Any] = {
        "id": task.task_id,
        "task_id": task.task_id,
        "key": task.key,
        "external_id": readable(task.external_id),
        "project_id": task.project_id,
        "workspace_id": task.workspace_id,
        "creator_id": task.creator_id,
        "created_at": task.created_at,
    }
    sent = dict(body.sent_back)
    if str(sent.get("project_id")).upper() == task.key.partition("-")[0]:
        sent["project_id"] = task.project_id
    require_unchanged(sent, present, _INSTEAD)
