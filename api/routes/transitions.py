"""Where a task may go from here, so that a client can grey out what is not allowed."""

from typing import Any

from fastapi import APIRouter
from msgspec import Struct

from api.http import references
from api.http.call import CallHere
from api.http.describe import read
from api.http.positions import position_headers
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import encode
from commands.task.moving import ways_of
from domain.task.moves import reason

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Tasks"])


class TransitionWay(Struct, frozen=True):
    """Another status. `why` is null where you may move the task there now, else what a refusal
    would say: `code`, `detail`, and what goes with the code (`guard`, `missing`, `blockers`)."""

    to: str
    name: str
    category: str
    allowed: bool
    why: dict[str, Any] | None


class TaskTransitions(Struct, frozen=True):
    """Every other status of the workflow, in its order; `status` is where the task stands."""

    id: str
    task_id: str
    status: str
    transitions: list[TransitionWay]
    version: int


@router.get(
    "/tasks/{task_id}/transitions",
    summary="Read where you may move a task now",
    **read(TaskTransitions, is_view=False),
)
async def get_transitions(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    task, ways = await call.house.executor.ask(call.origin(), lambda work: ways_of(work, found))
    answer = TaskTransitions(
        task.task_id,
        task.task_id,
        task.status,
        [
            TransitionWay(
                way.status.key,
                way.status.name,
                way.status.category,
                way.refusal is None,
                None if way.refusal is None else dict(reason(way.refusal)),
            )
            for way in ways
        ],
        task.version,
    )
    return Reply(200, encode(answer), position_headers(call, task.position))
