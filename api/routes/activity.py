"""Activity feeds: of a task, a project, a workspace, a person."""

from dataclasses import replace
from datetime import datetime
from difflib import get_close_matches
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query
from pydantic import Field

from api.http import references
from api.http.call import Call, CallHere
from api.http.describe import read
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.past import AsOf, moment_of, state_then, with_names_then
from api.http.reads import find_project, find_task
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.visible import visible_workspace
from api.routes.answers import ActivityPage
from api.routes.people import shared_workspaces
from api.routes.project_query import Workspace
from domain.aggregate import Aggregate
from domain.errors import invalid, not_found
from domain.project.state import PROJECT
from domain.task.state import TASK
from domain.user.state import USER
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.values.moment import moment
from domain.workspace.state import WORKSPACE
from projections.activity import ACTIONS, ACTIVITY_VIEW, ActivityFilter
from projections.questions import Listing, Scope

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Activity"])

_ACTIONS: Final = frozenset(ACTIONS)


Moment = Annotated[
    str | None,
    Field(
        max_length=50,
        description="When it was recorded, inclusive; with `clock=occurred`, when it occurred.",
    ),
]


class FeedQuery(PageQuery, AsOf):
    action: Annotated[tuple[str, ...], Field(max_length=100, description="Any of them.")] = ()
    actor_id: Annotated[tuple[str, ...], Field(max_length=100, description="Ids or `me`.")] = ()
    since: Moment = None
    until: Moment = None
    first: Annotated[Moment, Field(alias="from", description="The same as `since`.")] = None
    last: Annotated[Moment, Field(alias="to", description="The same as `until`.")] = None
    sort_order: Annotated[
        Literal["asc", "desc"], Field(description="The newest first, or the oldest.")
    ] = "desc"

    def asked_of(
        self,
        call: Call,
        *,
        task_id: str | None = None,
        project_id: str | None = None,
        workspace_id: str | None = None,
    ) -> ActivityFilter:
        """The filter as the view understands it. Raises Invalid for a time that is none and for
        an action that there is not."""
        caller = call.caller.user_id
        unknown = sorted(set(self.action) - _ACTIONS)
        if unknown:
            near = get_close_matches(unknown[0], _ACTIONS, 1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise invalid("/query/action", f"There is no action {unknown[0]}.{hint}", "unknown")
        return ActivityFilter(
            task_id=task_id,
            project_id=project_id,
            workspace_id=workspace_id,
            actor_ids=tuple(
                dict.fromkeys(caller if each == "me" else each for each in self.actor_id)
            ),
            actions=tuple(dict.fromkeys(self.action)),
            since=max(_moments(since=self.since, **{"from": self.first}), default=None),
            until=min(_moments(until=self.until, to=self.last), default=None),
        )


def _moments(**given: str | None) -> list[datetime]:
    return [moment(each, f"/query/{name}") for name, each in given.items() if each is not None]


class ProjectFeedQuery(FeedQuery):
    workspace_id: Workspace = None


@router.get(
    "/tasks/{task_id}/activity",
    summary="What happened to a task",
    **read(ActivityPage, is_list=True),
)
async def task_activity(
    call: CallHere, task_id: str, query: Annotated[FeedQuery, Query()]
) -> Reply:
    found = await references.task_id(call, task_id)
    task = await find_task(call, found)
    await _require_there(call, query, TASK, found)
    asked = query.asked_of(call, task_id=found)
    return await _feed(call, query, asked, (task.workspace_id,))


@router.get(
    "/projects/{project_id}/activity",
    summary="What happened in a project",
    **read(ActivityPage, is_list=True),
)
async def project_activity(
    call: CallHere, project_id: str, query: Annotated[ProjectFeedQuery, Query()]
) -> Reply:
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found)
    await _require_there(call, query, PROJECT, found)
    asked = query.asked_of(call, project_id=found)
    return await _feed(call, query, asked, (project.workspace_id,))


@router.get(
    "/workspaces/{workspace_id}/activity",
    summary="What happened in a workspace",
    **read(ActivityPage, is_list=True),
)
async def workspace_activity(
    call: CallHere, workspace_id: str, query: Annotated[FeedQuery, Query()]
) -> Reply:
    await visible_workspace(call, workspace_id)
    await _require_there(call, query, WORKSPACE, workspace_id)
    asked = query.asked_of(call, workspace_id=workspace_id)
    return await _feed(call, query, asked, (workspace_id,))


@router.get(
    "/users/{user}/activity",
    summary="What somebody did, in every workspace that you share",
    **read(ActivityPage, is_list=True),
)
async def user_activity(call: CallHere, user: str, query: Annotated[FeedQuery, Query()]) -> Reply:
    caller = call.caller.user_id
    user_id = caller if user == "me" else user
    if not is_id(user_id, "user"):
        raise not_found("user")
    workspaces = await shared_workspaces(call, user_id)
    if not workspaces and user_id != caller:
        raise not_found("user")
    await _require_there(call, query, USER, user_id)
    asked = query.asked_of(call)
    own = user_id == caller and call.within is None
    if asked.actor_ids and user_id not in asked.actor_ids:
        workspaces, own = (), False  # somebody else did nothing of what this person did
    return await _feed(call, query, replace(asked, actor_ids=(user_id,)), workspaces, own=own)


_CALLED = {"task": "task", "proj": "project", "ws": "workspace", "user": "user"}


async def _require_there(
    call: Call, query: FeedQuery, aggregate: Aggregate[Any], stream: str
) -> None:
    """Raises Refused(NOT_FOUND) for the feed of what did not exist yet at the moment asked for."""
    then = await moment_of(call, query)
    if then is not None and await state_then(call, then, aggregate, stream) is None:
        raise not_found(_CALLED[aggregate.kind])


async def _feed(
    call: Call,
    query: FeedQuery,
    asked: ActivityFilter,
    workspaces: tuple[str, ...],
    *,
    own: bool = False,
) -> Reply:
    """`own`: also what the caller did to their account, which belongs to no workspace."""
    house = call.house
    position = call.position
    page = query.asked()
    moment, mark = await moment_of(call, query), None
    if moment is not None:
        then, mark = moment, house.past.mark(moment)
        if then.clock == "occurred":
            asked = replace(asked, happened_by=then.at)
        else:
            then = then.within(workspaces)
            asked = replace(asked, upto=then.place)
            position = max(position or 0, then.place)

    async def ask(scope: Scope) -> Listing:
        if own:
            scope = replace(scope, workspaces=(*scope.workspaces, SYSTEM_WORKSPACE))
        return await house.waiter.at_least(
            ACTIVITY_VIEW,
            position,
            lambda: house.activity.list(
                scope, asked, page, oldest_first=query.sort_order == "asc", mark=mark
            ),
        )

    listing = await call.access.within(call.caller.user_id, workspaces, ask)
    if asked.upto is not None:
        listing = replace(listing, position=asked.upto)
    if moment is None:
        docs = await with_names(call, listing.docs, call.position)
    else:
        docs = await with_names_then(call, moment, listing.docs)
    return page_reply(call, "activities", listing, docs)
