"""A project's board, and each column of it further down."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from api.http import references
from api.http.call import Call, CallHere
from api.http.conditional import conditional
from api.http.describe import read
from api.http.names import with_names
from api.http.past import AsOf, asked_then, moment_of, with_names_then
from api.http.positions import position_headers
from api.http.reads import find_project
from api.http.reply import Header, Reply
from api.http.route import DirectRoute
from api.http.visible import visible_project
from api.routes.answers import Board, BoardColumn
from api.routes.project_query import ProjectPageQuery, Workspace, project_then
from domain.errors import invalid, not_found
from domain.labels.state import tags_meant
from domain.project.lanes import Swimlane, lane_key
from domain.project.state import PROJECT
from domain.values.ids import is_id
from infra.answer_cache import Place
from infra.postgres.views.board_reads import BoardRead, ColumnRead
from infra.postgres.views.past_queries import Past
from projections.board import BOARD_VIEW
from projections.past_moments import Moment

router = APIRouter(prefix="/api/v1", route_class=DirectRoute, tags=["Projects"])


class BoardQuery(AsOf):
    workspace_id: Workspace = None
    cards: Annotated[
        int,
        Field(
            ge=0,
            le=1_000,
            description="Cards of each column and lane; fewer where the answer would be too large.",
        ),
    ] = 25
    swimlane: Annotated[Swimlane | None, Field(description="By what to tell lanes apart.")] = None


class ColumnQuery(ProjectPageQuery, AsOf):
    swimlane: Annotated[Swimlane | None, Field(description="By what lanes are told apart.")] = None
    lane: Annotated[
        str | None,
        Field(
            max_length=100,
            description="Only this lane, as a board by lanes names it; empty: cards without any.",
        ),
    ] = None

    async def lanes_asked(
        self, call: Call, workspace_id: str, position: int | None
    ) -> tuple[str, ...] | None:
        """The lane as cards hold it: by all the tags that are shown as a label. Raises Invalid for
        one of swimlane and lane without the other."""
        if (self.swimlane is None) != (self.lane is None):
            missing = "lane" if self.lane is None else "swimlane"
            raise invalid(f"/query/{missing}", "Give swimlane and lane together.", "required")
        if self.swimlane is None:
            return None
        if self.swimlane != "label" or not self.lane:
            return (lane_key(self.swimlane, self.lane),)
        labels = (await call.house.labels.of(workspace_id, position)).labels
        return tuple(lane_key("label", tag) for tag in tags_meant(labels, self.lane))


@router.get(
    "/projects/{project_id}/board", summary="Read a project's board", **read(Board, is_drawn=True)
)
async def get_board(
    call: CallHere, project_id: str, query: Annotated[BoardQuery, Query()]
) -> Reply:
    moment = await moment_of(call, query)
    found = await references.project_id(call, project_id, query.workspace_id)
    call.about = (found,)
    if moment is not None:
        return await _board_then(call, found, query, moment)
    position = call.position
    board = await _board(call, found, query, position)
    doc = await with_names(call, board.doc(), position)
    return _drawn(call, doc, position_headers(call, board.position, board.stale))


@router.get(
    "/projects/{project_id}/board/columns/{column_id}",
    summary="Read on in one column of a board",
    **read(BoardColumn, is_drawn=True),
)
async def get_board_column(
    call: CallHere,
    project_id: str,
    column_id: str,
    query: Annotated[ColumnQuery, Query()],
) -> Reply:
    house = call.house
    position = call.position
    moment = await moment_of(call, query)
    found = await references.project_id(call, project_id, query.workspace_id)
    project = await find_project(call, found)
    if not is_id(column_id, "col"):
        raise not_found("column")
    if moment is not None:
        return await _column_then(call, found, column_id, query, moment)
    if position is not None:
        await house.waiter.reached(BOARD_VIEW, position)
    lanes = await query.lanes_asked(call, project.workspace_id, position)
    page = await references.after_task(call, query.asked())
    column = await house.boards.column((project.workspace_id,), found, column_id, page, lanes)
    if column is None:
        raise not_found("column")
    doc = await with_names(call, column.doc(), position)
    return conditional(call, doc, position_headers(call, column.position, column.stale))


async def _board_then(call: Call, project_id: str, query: BoardQuery, moment: Moment) -> Reply:
    await find_project(call, project_id)  # whether the caller may see it today
    project = await project_then(call, project_id, moment)
    shown = await _shown_labels(call, project_id, query, call.position)

    async def ask(past: Past) -> tuple[BoardRead, bytes]:
        board = await past.board(project, query.cards, query.swimlane, shown)
        return board, await past.with_cards(board.doc())

    board, doc = await asked_then(call, moment, (project.workspace_id,), ask)
    doc = await with_names_then(call, moment, doc)
    return _drawn(call, doc, position_headers(call, board.position, board.stale))


async def _column_then(
    call: Call, project_id: str, column_id: str, query: ColumnQuery, moment: Moment
) -> Reply:
    project = await project_then(call, project_id, moment)
    lanes = await query.lanes_asked(call, project.workspace_id, call.position)

    page = await references.after_task(call, query.asked())

    async def ask(past: Past) -> tuple[ColumnRead, bytes] | None:
        column = await past.column(project, column_id, page, lanes)
        return None if column is None else (column, await past.with_cards(column.doc()))

    found = await asked_then(call, moment, (project.workspace_id,), ask)
    if found is None:
        raise not_found("column")
    column, doc = found
    doc = await with_names_then(call, moment, doc)
    return conditional(call, doc, position_headers(call, column.position, column.stale))


async def _shown_labels(
    call: Call, project_id: str, query: BoardQuery, position: int | None
) -> Mapping[str, str | None]:
    """How lanes by label are called, where that is not as the cards hold them."""
    if query.swimlane != "label":
        return {}
    project = await call.access.known(PROJECT, project_id)
    if project is None:
        return {}
    return (await call.house.labels.of(project.workspace_id, position)).shown


def _drawn(call: Call, doc: bytes, headers: Sequence[Header]) -> Reply:
    """A board says last up to where it is known to hold, which says nothing about its cards."""
    return conditional(call, doc, headers, doc[: doc.rindex(b',"position":')])


async def _board(call: Call, project_id: str, query: BoardQuery, position: int | None) -> BoardRead:
    """A board that the caller may see. Raises Refused(NOT_FOUND, VIEW_BEHIND)."""
    house, user_id = call.house, call.caller.user_id
    board = await _board_seen(call, project_id, query, position)
    if board is None or (position is not None and board.position < position):
        if position is None:
            # Perhaps it was made just now, and its board is only coming.
            _, project = await visible_project(call, project_id)
            position = project.position
        await house.waiter.reached(BOARD_VIEW, position)
        board = await _board_seen(call, project_id, query, position)
    if board is None:
        raise not_found("project")
    if await call.access.project_role(board.workspace_id, project_id, user_id) is None:
        raise not_found("project")
    return board


async def _board_seen(
    call: Call, project_id: str, query: BoardQuery, position: int | None
) -> BoardRead | None:
    """A board of the caller's workspaces as the view has it; without lanes it may be kept."""
    house = call.house
    workspaces = await call.access.workspaces(call.caller.user_id, position)
    home = await call.access.home(project_id, workspaces)
    if query.swimlane is None and home is not None:
        return await house.answer_cache.answer(
            ("board", project_id, query.cards),
            Place(BOARD_VIEW, home, project_id),
            lambda: house.boards.board((home,), project_id, query.cards),
        )
    shown = await _shown_labels(call, project_id, query, position)
    return await house.boards.board(workspaces, project_id, query.cards, query.swimlane, shown)
