"""Who has the news of a task, and who wants none."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query

from api.http import references
from api.http.call import CallHere
from api.http.describe import read, write
from api.http.execute import done
from api.http.names import with_names
from api.http.paging import PageQuery, page_of_all, page_reply
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_task
from api.routes.answers import Page, encode
from commands.watching.mute_task import MuteTask
from commands.watching.unmute_task import UnmuteTask
from commands.watching.unwatch_task import UnwatchTask
from commands.watching.watch_task import WatchTask
from domain.errors import Kind
from domain.watching.state import WATCHING, watchers, watching_of
from projections.comments import COMMENTS_VIEW
from projections.people import NameMark, name_of

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Watching"])


class Watcher(msgspec.Struct, frozen=True):
    """Somebody who has the news of a task. `reasons`: creator, assignee, watching (they chose
    to), commenter, mentioned."""

    user_id: str
    name: NameMark
    reasons: tuple[str, ...]


class WatcherPage(Page, kw_only=True):
    """`is_watching` and `is_muted` are about whoever asks."""

    watchers: list[Watcher]
    is_watching: bool
    is_muted: bool


@router.put(
    "/tasks/{task_id}/watch",
    summary="Have the news of a task",
    **write(None, status=204, has_body=False, may=(Kind.TRASHED,)),
)
async def watch(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, WatchTask(task_id=found))


@router.delete(
    "/tasks/{task_id}/watch",
    summary="Have the news of a task no longer",
    **write(None, status=204, has_body=False),
)
async def unwatch(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, UnwatchTask(task_id=found))


@router.put(
    "/tasks/{task_id}/mute",
    summary="Have your peace from a task",
    **write(None, status=204, has_body=False),
)
async def mute(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, MuteTask(task_id=found))


@router.delete(
    "/tasks/{task_id}/mute",
    summary="Hear of a task again",
    **write(None, status=204, has_body=False),
)
async def unmute(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, UnmuteTask(task_id=found))


@router.get(
    "/tasks/{task_id}/watchers",
    summary="List who has the news of a task, and why",
    **read(WatcherPage, is_list=True),
)
async def list_watchers(
    call: CallHere, task_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    house, user_id, position = call.house, call.caller.user_id, call.position
    found = await references.task_id(call, task_id)
    task, _ = await visible_task(call, found)
    watching = await call.access.newest(WATCHING, watching_of(task.task_id))
    spoke = await house.waiter.at_least(
        COMMENTS_VIEW, position, lambda: house.comments.spoke(task.workspace_id, task.task_id)
    )
    most = house.settings.max_watchers
    why = watchers(task, watching, spoke.commenters, spoke.mentioned, most)
    access = await call.access.of(task.workspace_id, await call.access.guard(task.workspace_id))
    rows = [
        ((f"{number:04}", each), encode(Watcher(each, name_of(each), reasons)))
        for number, (each, reasons) in enumerate(why.items())
        if access.project_role(each, task.project_id) is not None
    ]
    listing = page_of_all(house.log_id, "watchers", rows, query.asked(), spoke.position)
    beside = {
        "is_watching": user_id in why,
        "is_muted": watching is not None and user_id in watching.muted,
    }
    docs = await with_names(call, listing.docs, position)
    return page_reply(call, "watchers", listing, docs, beside)
