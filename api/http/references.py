"""Ids and human keys in requests: wherever an id is taken, its key is too."""

import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from api.http.absence import if_there
from api.http.call import Call
from api.http.visible import visible_workspace
from domain.errors import Invalid, Kind, Problem, Refused, invalid, not_found
from domain.project.state import key_scope
from domain.user.state import USER
from domain.values.evolved import evolved
from domain.values.ids import is_id, kind_of
from domain.workspace.state import Workspace
from infra.postgres.views.project_queries import ProjectPlace
from infra.postgres.views.task_queries import TaskPlace
from projections.projection import Projection
from projections.projects import PROJECTS_VIEW
from projections.questions import Page
from projections.tasks import TASKS_VIEW

P = TypeVar("P", TaskPlace, ProjectPlace)

_PROJECT_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}", re.ASCII)
_TASK_KEY: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,9}-[0-9]{1,18}", re.ASCII)


async def task_id(call: Call, text: str) -> str:
    """The id of the task that a path names. Raises Refused(NOT_FOUND, KEY_AMBIGUOUS)."""
    if is_id(text, "task"):
        return text
    if not _TASK_KEY.fullmatch(text):
        raise not_found("task")
    house = call.house
    places = await _seen(call, house.tasks.find, text)
    if not places:
        head = await let_views_catch_up(call, TASKS_VIEW)
        places = await _seen(call, house.tasks.find, text, position=head)
    found = await _only(call, places, lambda place: place.task_id)
    if found is None:
        raise not_found("task")
    return found


async def project_id(call: Call, text: str, workspace_id: str | None = None) -> str:
    """The id of the project that a path names, by key among the caller's workspaces or in the
    one given. Raises Refused(NOT_FOUND, KEY_AMBIGUOUS)."""
    if is_id(text, "proj"):
        return text
    found = await _project_by_key(call, text, workspace_id)
    if found is None:
        raise not_found("project")
    return found


async def project_id_in_body(
    call: Call, text: str | None, pointer: str = "/project_id", workspace_id: str | None = None
) -> str | None:
    """The same for a body, which may name none. Raises Invalid at `pointer`."""
    if text is None or is_id(text, "proj"):
        return text
    found = await _project_by_key(call, text, workspace_id)
    if found is None:
        raise invalid(pointer, "There is no such project, or you may not see it.", "unknown")
    return found


async def task_id_in_body(call: Call, text: str | None, pointer: str) -> str | None:
    """The same for a task. Raises Invalid at `pointer`."""
    if text is None:
        return None
    found = await if_there(task_id(call, text))
    if found is None:
        raise invalid(pointer, "There is no such task, or you may not see it.", "unknown")
    return found


async def task_ids_in_body(call: Call, texts: Sequence[str], pointer: str) -> tuple[str, ...]:
    """The same for several. Raises Invalid at the pointers of all that name nothing."""
    found: list[str] = []
    wrong: list[Problem] = []
    for at, text in enumerate(texts):
        try:
            found.append(await task_id_in_body(call, text, f"{pointer}/{at}") or text)
        except Invalid as unknown:
            wrong += unknown.problems
    if wrong:
        raise Invalid(*wrong)
    return tuple(found)


async def project_ids_in_filter(
    call: Call, texts: Sequence[str], workspace_id: str | None = None
) -> tuple[str, ...]:
    """Ids for a filter; what names nothing stays as it is and matches nothing."""
    return tuple(
        [
            text if is_id(text, "proj") else await _or_text(call, text, workspace_id)
            for text in texts
        ]
    )


async def task_ids_in_filter(call: Call, texts: Sequence[str]) -> tuple[str, ...]:
    """The same for tasks."""
    return tuple([await task_id_or_text(call, text) for text in texts])


async def task_id_or_text(call: Call, text: str) -> str:
    """The same for one task."""
    return await if_there(task_id(call, text)) or text


async def after_task(call: Call, page: Page) -> Page:
    """The page of a list of tasks, where the row that it goes on after may stand by its key."""
    if page.after_id is None:
        return page
    return evolved(page, after_id=await task_id_or_text(call, page.after_id))


async def after_project(call: Call, page: Page, workspace_id: str | None) -> Page:
    """The same of projects."""
    if page.after_id is None:
        return page
    (found,) = await project_ids_in_filter(call, (page.after_id,), workspace_id)
    return evolved(page, after_id=found)


async def stream_in_trail(call: Call, text: str, workspace_id: str) -> str:
    """The id of what has events of its own in a workspace whose trail the caller may read, private
    projects too: its tasks and projects go by their keys as well, and what names nothing stays as
    it is."""
    house = call.house
    if kind_of(text) is not None:
        return text
    if _TASK_KEY.fullmatch(text):
        task = await _there(call, TASKS_VIEW, house.tasks.find, text, workspace_id)
        return text if task is None else task.task_id
    if _PROJECT_KEY.fullmatch(text):
        project = await _there(call, PROJECTS_VIEW, house.projects.find, text, workspace_id)
        return text if project is None else project.project_id
    return text


async def workspace_of(call: Call, task_id: str | None, project_id: str | None) -> str | None:
    """Where a task or a project is that a body names, as far as the caller may see it."""
    access, user_id = call.access, call.caller.user_id
    if task_id is not None:
        found = await access.newest_task(user_id, task_id)
        return None if found is None else found[0].workspace_id
    if project_id is not None:
        place = await access.newest_project(user_id, project_id)
        return None if place is None else place[1].workspace_id
    return None


async def _or_text(call: Call, text: str, workspace_id: str | None) -> str:
    return await _project_by_key(call, text, workspace_id) or text


async def default_workspace(call: Call) -> str | None:
    """Where the caller's own things are."""
    user = await call.access.known(USER, call.caller.user_id)
    return None if user is None else user.default_workspace_id


async def workspace_asked(call: Call, named: str | None) -> Workspace:
    """The workspace that a query names, else the one that the caller's key is for, else their
    default one. Raises Refused(NOT_FOUND) where they are not in it."""
    found = named or call.within or await default_workspace(call)
    if found is None:
        raise not_found("workspace")
    return await visible_workspace(call, found)


async def _project_by_key(call: Call, text: str, workspace_id: str | None) -> str | None:
    if not _PROJECT_KEY.fullmatch(text):
        return None
    house = call.house
    places = await _seen(call, house.projects.find, text, workspace_id)
    if not places or (workspace_id is None and await _hides_own(call, places, text)):
        head = await let_views_catch_up(call, PROJECTS_VIEW)
        places = await _seen(call, house.projects.find, text, workspace_id, position=head)
    return await _only(call, places, lambda place: place.project_id)


async def _hides_own(call: Call, places: Sequence[ProjectPlace], key: str) -> bool:
    """Whether the caller's default workspace, which goes before others, has got a project with
    this key that the view does not show yet."""
    own = await default_workspace(call)
    if own is None or any(place.workspace_id == own for place in places):
        return False
    return await call.house.store.claimed_by(key_scope(own), key.upper()) is not None


async def _there(
    call: Call,
    view: Projection,
    find: Callable[[Sequence[str], str], Awaitable[list[P]]],
    key: str,
    workspace_id: str,
) -> P | None:
    """Where the key stands in a workspace, whoever may see that."""
    places = await find((workspace_id,), key)
    if not places and await let_views_catch_up(call, view) is not None:
        places = await find((workspace_id,), key)
    return places[0] if places else None


async def _seen(
    call: Call,
    find: Callable[[Sequence[str], str], Awaitable[list[P]]],
    key: str,
    workspace_id: str | None = None,
    *,
    position: int | None = None,
) -> list[P]:
    """Where the key stands among what the caller may see, as of `position` at least."""
    access, user_id = call.access, call.caller.user_id
    workspaces = await access.workspaces(user_id, position or call.position)
    if workspace_id is not None:
        workspaces = tuple(each for each in workspaces if each == workspace_id)
    places = await find(workspaces, key)
    return [
        place
        for place in places
        if await access.project_role(place.workspace_id, place.project_id, user_id) is not None
    ]


async def _only(call: Call, places: Sequence[P], id_of: Callable[[P], str]) -> str | None:
    """The id of the one meant: of several, that in the caller's default workspace."""
    if len(places) < 2:
        return id_of(places[0]) if places else None
    own = await default_workspace(call)
    for place in places:
        if place.workspace_id == own:
            return id_of(place)
    raise Refused(
        Kind.KEY_AMBIGUOUS,
        "Several workspaces have something with this key; name one by its id.",
        candidates=[id_of(place) for place in places],
    )


async def let_views_catch_up(call: Call, view: Projection) -> int | None:
    """A key that was given just now is known to the log before it is to the view: the position
    that the view has come to, None where it does not come there in time."""
    house = call.house
    head = await house.store.head()
    try:
        await house.waiter.reached(view, head)
    except Refused as refused:
        if refused.kind is not Kind.VIEW_BEHIND:
            raise
        return None
    return head
