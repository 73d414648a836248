"""Tasks that come again."""

from typing import Annotated, ClassVar

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body, require_unchanged
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.queries import ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import DayOrMoment, Reference
from api.http.visible import visible_task
from commands.execution import Outcome
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from domain.errors import Kind, not_found
from domain.recurrence.decisions import BASES
from domain.recurrence.state import RECURRENCE
from projections.recurrences import RecurrenceAnswer, render_recurrence

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Tasks"])


class NewRecurrence(Body):
    """`rule` is one of RFC 5545, by days or longer. `basis`: the next task is made when the last
    one is finished, or when it falls due. `due_date` is when this task is due, by default as it
    stands; `time_zone` is the one by whose clock it recurs, by default your own."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"rule": "FREQ=WEEKLY;BYDAY=MO", "due_date": "2026-03-02"}]}
    )

    derived: ClassVar[frozenset[str]] = frozenset(
        {"ordinal", "due_all_day", "next_at", "ended", "creator", "updated_by"}
        | {"created_at", "updated_at", "version", "position"}
    )
    identity: ClassVar[frozenset[str]] = frozenset({"id", "recurrence_id", "task_id"})

    rule: Annotated[str, Field(json_schema_extra={"minLength": 1, "maxLength": 500})]
    time_zone: Reference | None = None
    basis: Annotated[str, Field(json_schema_extra={"enum": list(BASES)})] = BASES[0]
    due_date: DayOrMoment | None = None


@router.put(
    "/tasks/{task_id}/recurrence",
    summary="Let a task come again",
    **write(
        RecurrenceAnswer,
        conditional=True,
        may=(Kind.ALREADY_EXISTS, Kind.TRASHED, Kind.ARCHIVED),
    ),
)
async def set_recurrence(call: CallHere, task_id: str, body: NewRecurrence) -> Reply:
    task, _ = await visible_task(call, await references.task_id(call, task_id))
    series = task.recurrence_id
    if body.sent_back:
        present = {"id": series, "recurrence_id": series, "task_id": task.task_id}
        require_unchanged(body.sent_back, present)
    command = SetRecurrence(
        task_id=task.task_id,
        rule=body.rule,
        time_zone=body.time_zone,
        basis=body.basis,
        due_date=body.due_date,
    )
    return await _answer(call, await execute(call, [command], body=body, match=series))


@router.get(
    "/tasks/{task_id}/recurrence",
    summary="Read when a task comes again",
    **read(RecurrenceAnswer, is_one=True),
)
async def get_recurrence(
    call: CallHere, task_id: str, query: Annotated[ReadQuery, Query()]
) -> Reply:
    task, _ = await visible_task(call, await references.task_id(call, task_id))
    series = await call.access.newest(RECURRENCE, task.recurrence_id or "")
    if series is None:
        raise not_found("recurrence")
    shown = Found(
        render_recurrence(series),
        series.version,
        series.position,
        series.workspace_id,
        task.project_id,
    )
    return await one(call, shown, call.position)


@router.delete(
    "/tasks/{task_id}/recurrence",
    summary="Let a task come again no more",
    **write(None, status=204, has_body=False, conditional=True, may=(Kind.ARCHIVED,)),
)
async def stop_recurrence(call: CallHere, task_id: str) -> Reply:
    task, _ = await visible_task(call, await references.task_id(call, task_id))
    return await done(call, StopRecurrence(task_id=task.task_id), match=task.recurrence_id)


async def _answer(call: Call, outcome: Outcome) -> Reply:
    series = outcome.state(RECURRENCE)
    doc = await with_names(call, render_recurrence(series))
    return changed(call, outcome, doc, series.version)
