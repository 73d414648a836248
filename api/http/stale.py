"""Parked streams that an answer is without: named to those who may see them, where they are part
of it."""

from typing import TYPE_CHECKING, Final

from api.http.reply import Header
from domain.comment.state import COMMENT
from domain.record.disclosure import SealBroken
from domain.values.ids import beside, kind_of
from infra.event_store.codec import Unreadable

if TYPE_CHECKING:
    from api.http.call import Call

# A stored event that does not hold what was once written.
UNREADABLE: Final = (Unreadable, SealBroken)

_OF_WORKSPACES: Final = frozenset({"ws", "labels", "graph"})


async def stale_header(call: "Call") -> list[Header]:
    """Of the streams that a view has given up those that this answer touches; seldom any."""
    touched = [each for each in call.stale if await _touches(call, each)]
    return [(b"x-stale-streams", ",".join(touched).encode())] if touched else []


async def _touches(call: "Call", stream: str) -> bool:
    belongs_to = await _seen_with(call, stream)
    return belongs_to is not None and (not call.about or not belongs_to.isdisjoint(call.about))


async def _seen_with(call: "Call", stream: str) -> set[str] | None:
    """The stream and what it is about, where the caller may see it; else None."""
    match kind_of(stream):
        case "task":
            project_id = await _project_of(call, stream)
            return None if project_id is None else {stream, project_id}
        case "cmt" | "rct":
            try:
                comment = await call.access.known(COMMENT, beside("cmt", stream))
            except UNREADABLE:
                return None
            return None if comment is None else await _seen_with(call, comment.task_id)
        case "proj":
            return {stream} if await _sees_project(call, stream) else None
        case kind if kind in _OF_WORKSPACES:
            roles = await call.access.roles(call.caller.user_id)
            return {stream} if beside("ws", stream) in roles else None
        case _:
            return None


async def _project_of(call: "Call", task_id: str) -> str | None:
    try:
        found = await call.access.newest_task(call.caller.user_id, task_id)
        return None if found is None else found[1].project_id
    except UNREADABLE:
        workspaces = await call.access.workspaces(call.caller.user_id)
        read = await call.house.tasks.get(workspaces, task_id)
        if read is None or read.project_id is None:
            return None
        return read.project_id if await _sees_project(call, read.project_id) else None


async def _sees_project(call: "Call", project_id: str) -> bool:
    user_id = call.caller.user_id
    for workspace_id in await call.access.workspaces(user_id):
        if await call.access.project_role(workspace_id, project_id, user_id) is not None:
            return True
    return False
