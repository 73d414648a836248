"""Giving the open tasks of one member of a workspace to another, so many at a time."""

from typing import Annotated, Final

import msgspec
from fastapi import APIRouter
from pydantic import ConfigDict, Field

from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import write
from api.http.execute import changed_headers, execute
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Reference
from api.http.visible import visible_workspace
from api.routes.answers import encode
from commands.execution import Outcome
from commands.workspace.hand_over_tasks import HandOverTasks
from domain.errors import Kind
from domain.values.frozen import dataclass
from domain.workspace.events import WorkspaceTasksHandedOver
from domain.workspace.state import Workspace
from projections.questions import Listing, Page, Scope
from projections.task_questions import TaskFilter
from projections.tasks import TASKS_VIEW

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Workspaces"])

# In one commit; whoever has more is asked for again.
_AT_ONCE: Final = 200


class HandOver(Body):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"to": "user_01h455vb4pex5vsknk084sn02q"}]}
    )

    to: Annotated[Reference, Field(description="An active member of the workspace.")]


class HandedOver(msgspec.Struct, kw_only=True):
    """`left_out`: what the other may not see, or stands in an archived project, or finds no room
    in the other's lane. `has_more`: ask again for the rest."""

    handed_over: int
    left_out: int
    has_more: bool


class _TaskId(msgspec.Struct):
    task_id: str


_ids = msgspec.json.Decoder(list[_TaskId])


@router.post(
    "/workspaces/{workspace_id}/members/{user_id}/handover",
    summary="Give a member's open tasks to another one",
    description=f"At most {_AT_ONCE} tasks a call, in one commit.",
    **write(HandedOver, may=(Kind.WIP_LIMIT_REACHED,)),
)
async def hand_over(call: CallHere, workspace_id: str, user_id: str, body: HandOver) -> Reply:
    workspace = await visible_workspace(call, workspace_id)
    found = await _open_tasks(call, workspace, user_id, body.to)
    command = HandOverTasks(
        workspace_id=workspace_id,
        user_id=user_id,
        to=body.to,
        task_ids=found.task_ids,
        left_out=found.left_out,
    )
    outcome = await execute(call, [command], body=body)
    done = await _done(call, outcome, workspace_id)
    if done is None:
        left_out = found.left_out + len(found.task_ids)
        doc = HandedOver(handed_over=0, left_out=left_out, has_more=False)
    else:
        doc = HandedOver(
            handed_over=done.handed_over, left_out=done.left_out, has_more=found.has_more
        )
    return Reply(200, encode(doc), changed_headers(call, outcome))


@dataclass(frozen=True, slots=True)
class _Found:
    task_ids: tuple[str, ...]
    left_out: int
    has_more: bool


async def _open_tasks(call: Call, workspace: Workspace, user_id: str, to: str) -> _Found:
    """Those that the other may see, the newest first, no older than what was handed over before."""
    house, workspace_id = call.house, workspace.workspace_id
    position = max(call.position or 0, workspace.position)
    access = await call.access.of(workspace_id, await call.access.guard(workspace_id))
    project_ids = tuple(
        project_id
        for project_id, project in access.projects.items()
        if not project.archived and access.project_role(to, project_id) is not None
    )

    async def list_of(projects: tuple[str, ...], limit: int) -> Listing:
        asked = TaskFilter(
            project_ids=projects, assignee_ids=(user_id,), statuses=("open",), trashed=False
        )
        page = Page(limit=limit, total=True)

        async def ask(scope: Scope) -> Listing:
            return await house.waiter.at_least(
                TASKS_VIEW, position, lambda: house.tasks.list(scope, asked, None, page)
            )

        return await call.access.within(call.caller.user_id, (workspace_id,), ask)

    everything = (await list_of((), 1)).total or 0
    if not project_ids:
        return _Found((), everything, False)
    fitting = await list_of(project_ids, _AT_ONCE)
    found = _ids.decode(b"[%b]" % fitting.docs)
    return _Found(
        tuple(each.task_id for each in found),
        max(0, everything - (fitting.total or 0)),
        fitting.has_more,
    )


async def _done(call: Call, outcome: Outcome, workspace_id: str) -> WorkspaceTasksHandedOver | None:
    """What the log says was done, also where it was done by an earlier call with the same key."""
    if outcome.receipt is None:
        return None
    version = outcome.receipt.main_version
    (last,) = await call.house.store.read_stream(workspace_id, after=version - 1, upto=version)
    event = last.event
    is_it = isinstance(event, WorkspaceTasksHandedOver) and last.position <= outcome.position
    return event if is_it and (outcome.changed or outcome.replayed) else None
