"""Saved views: what a list of tasks asks for, kept by name, private or shared with a project."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal

from fastapi import APIRouter, Query
from pydantic import ConfigDict, Field

from api.http import references
from api.http.bodies import Body
from api.http.call import Call, CallHere
from api.http.describe import read, write
from api.http.execute import changed, done, execute
from api.http.names import with_names
from api.http.paging import PageQuery, page_reply
from api.http.queries import AnyWorkspace, ReadQuery
from api.http.reads import Found, one
from api.http.reply import Reply
from api.http.route import DirectRoute
from api.http.values import Name, Reference
from api.routes.answers import SavedViewPage, TaskPage
from api.routes.filter_bodies import FILTERS, filters_of, list_query
from api.routes.task_listing import TaskList, in_workspace
from api.routes.task_replies import task_page
from api.routes.undo import UNDO_REFUSALS, ChangeUndo, undone
from commands.execution import Outcome
from commands.saved_view.change_saved_view import ChangeSavedView
from commands.saved_view.delete_saved_view import DeleteSavedView
from commands.saved_view.restore_saved_view import RestoreSavedView
from commands.saved_view.save_view import SaveView
from commands.saved_view.undo_change import UndoSavedViewChange
from domain.errors import Invalid, Kind, Problem, invalid, not_found
from domain.saved_view.state import SAVED_VIEW, SavedView
from domain.values.text import Erased
from domain.workspace.state import WORKSPACE
from projections.questions import Listing, Scope
from projections.saved_views import SAVED_VIEWS_VIEW, SavedViewAnswer, render_saved_view

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Views"])

_NO_PAGES = "A view keeps no pages; its order is `sort`, or ORDER BY in its query."
_APART = ("query", "workspace_id")
_KEPT = ", ".join(name for name in FILTERS if name not in _APART)

Text = Annotated[str, Field(max_length=10_000, description="In the query language.")]
Filters = Annotated[
    dict[str, Any],
    Field(description=f"Filters of `GET /tasks`, a value or several: {_KEPT}, fields."),
]
Order = Annotated[
    str, Field(max_length=200, description="`due_date`, or `-due_date` descending; empty: none.")
]
Visibility = Literal["private", "project"]


class NewSavedView(Body):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Waiting for review",
                    "query": "status = in_review AND status CHANGED BEFORE -1w",
                    "sort": "due_date",
                }
            ]
        }
    )

    name: Name
    query: Text = ""
    filters: Annotated[dict[str, Any], Filters.__metadata__[0], Field(default_factory=dict)]
    sort: Order | None = None
    visibility: Visibility | None = None
    project_id: Annotated[Reference, Field(description="Id or key; shared with it.")] | None = None
    workspace_id: Reference | None = None


class SavedViewChanges(Body):
    """`visibility: private` takes the view back from its project."""

    derived: ClassVar[frozenset[str]] = frozenset(
        {"owner", "owner_id", "updated_by", "created_at", "updated_at", "version", "position"}
    )
    identity: ClassVar[frozenset[str]] = frozenset({"id", "view_id", "workspace_id"})

    name: Name | None = None
    query: Text | None = None
    filters: Filters | None = None
    sort: Order | None = None
    visibility: Visibility | None = None
    project_id: Annotated[Reference, Field(description="Id or key.")] | None = None


@router.post(
    "/views",
    summary="Save a view of tasks",
    **write(SavedViewAnswer, status=201, has_path=False),
)
async def save_view(call: CallHere, body: NewSavedView) -> Reply:
    project_id = await references.project_id_in_body(
        call, body.project_id, workspace_id=body.workspace_id
    )
    if (body.visibility or "") == "project" and project_id is None:
        raise invalid("/project_id", "Say with which project to share it.", "required")
    if body.visibility == "private" and project_id is not None:
        raise invalid("/visibility", "A private view is shared with no project.")
    filters = _filters(body.filters)
    await _checked(call, filters, body.query, body.sort, body.workspace_id)
    command = SaveView(
        name=body.name,
        query=body.query,
        filters=filters,
        sort=body.sort or None,
        project_id=project_id,
        workspace_id=body.workspace_id,
    )
    outcome = await execute(call, [command], body=body)
    location = f"/api/v1/views/{outcome.main_stream}"
    return await _answer(call, outcome, status=201, location=location)


class SavedViewQuery(PageQuery):
    workspace_id: AnyWorkspace = None
    project_id: Annotated[
        str | None, Field(max_length=100, description="Id or key: those shared with it.")
    ] = None


@router.get(
    "/views",
    summary="List your saved views and those shared with you, by name",
    **read(SavedViewPage, is_list=True, has_path=False),
)
async def list_views(call: CallHere, query: Annotated[SavedViewQuery, Query()]) -> Reply:
    house, position, user_id = call.house, call.position, call.caller.user_id
    named = () if query.project_id is None else (query.project_id,)
    project_id = next(iter(await references.project_ids_in_filter(call, named)), None)
    workspaces: tuple[str, ...] = await call.access.workspaces(user_id, position)
    if query.workspace_id is not None:
        workspaces = tuple(each for each in workspaces if each == query.workspace_id)

    async def ask(scope: Scope) -> Listing:
        return await house.waiter.at_least(
            SAVED_VIEWS_VIEW,
            position,
            lambda: house.saved_views.list(
                scope, user_id, project_id=project_id, page=query.asked()
            ),
        )

    listing = await call.access.within(user_id, workspaces, ask)
    return page_reply(call, "views", listing, await with_names(call, listing.docs, position))


@router.get("/views/{view_id}", summary="Read a saved view", **read(SavedViewAnswer, is_one=True))
async def get_view(call: CallHere, view_id: str, query: Annotated[ReadQuery, Query()]) -> Reply:
    position = call.position
    view = await _visible(call, view_id)
    doc, project_id = render_saved_view(view), view.project_id or ""
    found = Found(doc, view.version, view.position, view.workspace_id, project_id)
    return await one(call, found, position)


@router.get(
    "/views/{view_id}/tasks",
    summary="List the tasks that a saved view finds, of those that you may see",
    **read(TaskPage, is_list=True),
)
async def list_tasks_of_view(
    call: CallHere, view_id: str, query: Annotated[PageQuery, Query()]
) -> Reply:
    view = await _visible(call, view_id)
    if isinstance(view.query, Erased):
        raise invalid("/view/query", "What the view asked for was erased with whoever wrote it.")
    try:
        tasks = await _asked(call, view.filters, view.query, view.sort, view.workspace_id)
    except Invalid as wrong:
        raise _at(wrong, "/view") from None
    return await task_page(call, tasks, query.asked())


@router.patch(
    "/views/{view_id}",
    summary="Change a saved view, or with whom it is shared",
    **write(SavedViewAnswer, conditional=True, may=(Kind.TRASHED,)),
)
async def change_view(call: CallHere, view_id: str, body: SavedViewChanges) -> Reply:
    view = await _visible(call, view_id)
    project_id = await references.project_id_in_body(
        call, body.project_id, workspace_id=view.workspace_id
    )
    filters = None if body.filters is None else _filters(body.filters)
    if not (body.query is None and filters is None and body.sort is None):
        query = view.query if body.query is None else body.query
        sort = view.sort if body.sort is None else body.sort
        await _checked(
            call,
            view.filters if filters is None else filters,
            "" if isinstance(query, Erased) else query,
            sort,
            view.workspace_id,
        )
    command = ChangeSavedView(
        view_id=view_id,
        name=body.name,
        query=body.query,
        filters=filters,
        sort=body.sort,
        shares=_is_shared_otherwise(view, body, project_id),
        project_id=project_id,
    )
    return await _answer(call, await execute(call, [command], body=body, match=view_id))


@router.delete(
    "/views/{view_id}",
    summary="Delete a saved view",
    **write(None, status=204, conditional=True, has_body=False),
)
async def delete_view(call: CallHere, view_id: str) -> Reply:
    return await done(call, DeleteSavedView(view_id=view_id), match=view_id)


@router.post(
    "/views/{view_id}/restore",
    summary="Bring a deleted view back",
    **write(SavedViewAnswer, conditional=True, has_body=False),
)
async def restore_view(call: CallHere, view_id: str) -> Reply:
    command = RestoreSavedView(view_id=view_id)
    return await _answer(call, await execute(call, [command], match=view_id))


@router.post(
    "/views/{view_id}/undo",
    summary="Take a change of a saved view back, while what it changed still stands",
    **write(SavedViewAnswer, conditional=True, may=UNDO_REFUSALS),
)
async def undo_view_change(call: CallHere, view_id: str, body: ChangeUndo) -> Reply:
    view = await call.access.newest(SAVED_VIEW, view_id)
    if view is None or not await _sees(call, view):
        raise not_found("view")
    command = UndoSavedViewChange(view_id=view_id, position=body.position)
    return await _answer(call, await undone(call, command, body, view.workspace_id, view_id))


async def _answer(
    call: Call, outcome: Outcome, *, status: int = 200, location: str | None = None
) -> Reply:
    view = outcome.state(SAVED_VIEW)
    doc = await with_names(call, render_saved_view(view))
    return changed(call, outcome, doc, view.version, status=status, location=location)


async def _visible(call: Call, view_id: str) -> SavedView:
    """One's own, or shared with a project that one sees, by the log itself. Raises
    Refused(NOT_FOUND)."""
    view = await call.access.newest(SAVED_VIEW, view_id)
    if view is None or view.deleted or not await _sees(call, view):
        raise not_found("view")
    return view


async def _sees(call: Call, view: SavedView) -> bool:
    user_id = call.caller.user_id
    if view.project_id is not None:
        return await call.access.newest_project(user_id, view.project_id) is not None
    if view.owner_id != user_id:
        return False
    workspace = await call.access.newest(WORKSPACE, view.workspace_id)
    return workspace is not None and workspace.role_of(user_id) is not None


def _is_shared_otherwise(view: SavedView, body: SavedViewChanges, project_id: str | None) -> bool:
    """Whether the change says with whom. Raises Invalid where it says two things."""
    match body.visibility:
        case "private":
            if project_id not in (None, view.project_id):
                raise invalid("/visibility", "A private view is shared with no project.")
            return True
        case "project":
            if project_id is None and view.project_id is None:
                raise invalid("/project_id", "Say with which project to share it.", "required")
            return project_id is not None
        case _:
            return project_id is not None


def _filters(given: Mapping[str, Any]) -> Mapping[str, tuple[str, ...]]:
    apart = [name for name in _APART if name in given]
    if apart:
        problems = (
            Problem(f"/filters/{name}", "unknown", f"Give {name} beside the filters.")
            for name in apart
        )
        raise Invalid(*problems)
    found = filters_of(given, "/filters", _NO_PAGES)
    return {name: tuple(values) for name, values in found.items()}


async def _checked(
    call: Call,
    filters: Mapping[str, Sequence[str]],
    query: str,
    sort: str | None,
    workspace_id: str | None,
) -> None:
    """Raises Invalid at the fields of the body for what no list of tasks could be asked."""
    try:
        await _asked(call, filters, query, sort, workspace_id)
    except Invalid as wrong:
        raise _at(wrong, "") from None


async def _asked(
    call: Call,
    filters: Mapping[str, Sequence[str]],
    query: str,
    sort: str | None,
    workspace_id: str | None,
) -> TaskList:
    """The list that whoever calls now is given, with what they may see."""
    # Views have been saved with filters that name nothing, as a list was once asked with them.
    parameters = {name: values for name, values in filters.items() if any(values)}
    for name, value in (("query", query), ("sort", sort), ("workspace_id", workspace_id)):
        if value:
            parameters[name] = (value,)
    return await in_workspace(call, list_query(parameters))


def _at(wrong: Invalid, place: str) -> Invalid:
    """The places in a query string as those of a view."""
    return Invalid(
        *(Problem(_moved(each.pointer, place), each.code, each.detail) for each in wrong.problems)
    )


def _moved(pointer: str, place: str) -> str:
    name = pointer.removeprefix("/query")
    if name in ("/query", "/sort", "/workspace_id"):
        return f"{place}{name}"
    return f"{place}/filters{name}"
