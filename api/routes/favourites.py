"""Favourites: projects and tasks that somebody keeps at hand, for themselves."""

import asyncio
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from msgspec import UNSET, Raw, UnsetType

from api.http import references
from api.http.absence import if_there
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import done
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import AnyWorkspace
from api.http.reads import find_project, find_task
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.routes.answers import Page, encode
from commands.favourites.add_favourite import AddFavourite
from commands.favourites.remove_favourite import RemoveFavourite
from domain.errors import Kind
from projections.favourites import FAVOURITES_VIEW, Favourite, favourites_in
from projections.project_answers import ProjectAnswer
from projections.questions import Listing
from projections.task_answers import TaskAnswer

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Favourites"])


class FavouriteAnswer(Favourite, frozen=True, kw_only=True):
    """A favourite with what it is."""

    project: ProjectAnswer | UnsetType = UNSET
    task: TaskAnswer | UnsetType = UNSET


class FavouritePage(Page, kw_only=True):
    favourites: list[FavouriteAnswer]


class _Filled(Favourite, frozen=True, kw_only=True, omit_defaults=True):
    project: Raw | UnsetType = UNSET
    task: Raw | UnsetType = UNSET


class FavouriteQuery(PageQuery):
    workspace_id: AnyWorkspace = None


@router.put(
    "/tasks/{task_id}/favourite",
    summary="Keep a task at hand",
    **write(None, status=204, has_body=False, may=(Kind.TRASHED,)),
)
async def add_task(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, AddFavourite(task_id=found))


@router.delete(
    "/tasks/{task_id}/favourite",
    summary="Keep a task at hand no longer",
    **write(None, status=204, has_body=False),
)
async def remove_task(call: CallHere, task_id: str) -> Reply:
    found = await references.task_id(call, task_id)
    return await done(call, RemoveFavourite(task_id=found))


@router.put(
    "/projects/{project_id}/favourite",
    summary="Keep a project at hand",
    **write(None, status=204, has_body=False),
)
async def add_project(call: CallHere, project_id: str) -> Reply:
    found = await references.project_id(call, project_id)
    return await done(call, AddFavourite(project_id=found))


@router.delete(
    "/projects/{project_id}/favourite",
    summary="Keep a project at hand no longer",
    **write(None, status=204, has_body=False),
)
async def remove_project(call: CallHere, project_id: str) -> Reply:
    found = await references.project_id(call, project_id)
    command = RemoveFavourite(project_id=found)
    return await done(call, command)


@router.get(
    "/users/me/favourites",
    summary="List your favourites, the latest first",
    **read(FavouritePage, is_list=True, has_path=False),
)
async def list_favourites(call: CallHere, query: Annotated[FavouriteQuery, Query()]) -> Reply:
    house, user_id, position = call.house, call.caller.user_id, call.position
    workspaces = await call.access.workspaces(user_id, position)
    if query.workspace_id is not None:
        workspaces = tuple(each for each in workspaces if each == query.workspace_id)
    listing: Listing = await house.waiter.at_least(
        FAVOURITES_VIEW,
        position,
        lambda: house.favourites.list(user_id, workspaces, query.asked()),
    )
    filled = await asyncio.gather(*(_filled(call, each) for each in favourites_in(listing.docs)))
    docs = b",".join([encode(each) for each in filled if each is not None])
    return page_reply(call, "favourites", listing, await with_names(call, docs, position))


async def _filled(call: Call, favourite: Favourite) -> _Filled | None:
    """With the project or task itself; None where it may not be seen any more, or is in the
    trash."""
    plain = msgspec.structs.asdict(favourite)
    if favourite.entity_type == "task":
        task = await if_there(find_task(call, favourite.entity_id, trashed=False))
        return None if task is None else _Filled(**plain, task=Raw(task.doc))
    project = await if_there(find_project(call, favourite.entity_id))
    return None if project is None else _Filled(**plain, project=Raw(project.doc))
