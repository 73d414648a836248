"""Questions to the view of boards: a whole board at once, one column on, and what a move must
know of its neighbours."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg.rows import TupleRow

from domain.task.wip import Standing
from infra.postgres.pool import Pool
from projections.board import BOARD_VIEW
from projections.questions import Listing, Page

from .cursors import CursorCodec
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Parameters, Question, ViewReader
from .waiting import ViewWaiter

_ORDER = Order((("t.rank", "text"), ("t.task_id", "text")), False, CursorCodec("cards", str, str))


@dataclass(frozen=True, slots=True)
class BoardRead:
    """A board. `head` is the project and each column's `head` the column as JSON objects; its
    `cards` are JSON objects joined by commas, with places for people's names still open."""

    workspace_id: str
    project_id: str
    head: bytes
    columns: tuple["ColumnRead", ...]
    position: int
    stale: tuple[str, ...] = ()

    def doc(self) -> bytes:
        """The whole answer."""
        columns = b",".join([column.doc() for column in self.columns])
        return b'{"project":%b,"columns":[%b],"position":%d}' % (self.head, columns, self.position)


@dataclass(frozen=True, slots=True)
class ColumnRead:
    head: bytes
    count: int
    cards: bytes
    next_cursor: str | None
    position: int
    stale: tuple[str, ...] = ()

    def doc(self) -> bytes:
        """The column's answer: its head, and what stands in it."""
        return b'%b,"count":%d,"cards":[%b],"next_cursor":%b,"has_more":%b}' % (
            self.head[:-1],
            self.count,
            self.cards,
            msgspec.json.encode(self.next_cursor),
            b"false" if self.next_cursor is None else b"true",
        )


# Cards of several statuses in one column stand in one order: the first of each status, merged.
_BOARD = """
SELECT b.workspace_id, b.doc, {position}, {parked},
    array_agg(c.doc ORDER BY c.place), array_agg(cards.count ORDER BY c.place),
    array_agg(cards.docs ORDER BY c.place), array_agg(cards.ranks ORDER BY c.place),
    array_agg(cards.ids ORDER BY c.place)
FROM (SELECT) AS one
LEFT JOIN {board_boards} AS b ON b.project_id = k.p0
LEFT JOIN {board_columns} AS c ON c.project_id = b.project_id
LEFT JOIN LATERAL (
    SELECT string_agg(r.doc, ','::bytea ORDER BY r.n) FILTER (WHERE r.n <= k.p1) AS docs,
        (array_agg(r.rank) FILTER (WHERE r.n = k.p1 AND r.more))[1] AS ranks,
        (array_agg(r.task_id) FILTER (WHERE r.n = k.p1 AND r.more))[1] AS ids,
        (SELECT count(*) FROM {board_cards} AS x
            WHERE x.project_id = c.project_id AND x.status = ANY(c.statuses) AND NOT x.trashed
        ) AS count
    FROM (
        SELECT m.*, row_number() OVER () AS n, count(*) OVER () > k.p1 AS more FROM (
            SELECT t.doc, t.rank, t.task_id
            FROM unnest(c.statuses) AS s(status)
            CROSS JOIN LATERAL (
                SELECT x.doc, x.rank, x.task_id FROM {board_cards} AS x
                WHERE x.project_id = c.project_id AND x.status = s.status AND NOT x.trashed
                ORDER BY x.rank, x.task_id LIMIT k.p1 + 1
            ) AS t
            ORDER BY t.rank, t.task_id LIMIT k.p1 + 1
        ) AS m
    ) AS r
) AS cards ON true
GROUP BY b.workspace_id, b.doc
"""

_COLUMN = """
SELECT c.workspace_id, c.doc, c.statuses,
    (SELECT count(*) FROM {board_cards} AS x
        WHERE x.project_id = c.project_id AND x.status = ANY(c.statuses) AND NOT x.trashed)
FROM {board_columns} AS c WHERE c.project_id = %s AND c.column_id = %s
"""


class BoardQueries:
    def __init__(self, pool: Pool, pointers: Pointers, log_id: str) -> None:
        self._reader = ViewReader(pool, pointers, BOARD_VIEW)
        self._log_id = log_id

    async def board(
        self, workspaces: Sequence[str], project_id: str, cards: int = 25
    ) -> BoardRead | None:
        """The board with the first `cards` of each column, None where these workspaces have no
        such project (or its board is not there yet). Who may see it is for the door to say."""
        question = Question(
            _BOARD,
            ("text", "integer"),
            (project_id, cards),
            tuple(workspaces),
            together=max(1, 32 // max(1, cards // 25)),
        )
        workspace_id, head, position, parked, *columns = await self._reader.ask(question)
        if workspace_id is None or workspace_id not in workspaces:
            return None
        read = []
        for doc, count, docs, rank, task_id in zip(*columns, strict=True):
            if doc is None:
                continue
            place = None if rank is None else (rank, task_id)
            cursor = None if place is None else _ORDER.cursors.encode(self._log_id, place)
            read.append(ColumnRead(doc, count, docs or b"", cursor, position or 0))
        stale = await self._reader.stale((workspace_id,)) if parked else ()
        return BoardRead(workspace_id, project_id, head, tuple(read), position or 0, stale)

    async def column(
        self, workspaces: Sequence[str], project_id: str, column_id: str, page: Page
    ) -> ColumnRead | None:
        """A page of one column's cards, None where there is no such column. Raises as
        `read_page`."""
        found = await self._reader.fetch(workspaces, _COLUMN, (project_id, column_id))
        if not found:
            return None
        _, head, statuses, count = found[0]
        listing = await self.cards(workspaces, project_id, statuses, page)
        return ColumnRead(
            head, count, listing.docs, listing.next_cursor, listing.position, listing.stale
        )

    async def cards(
        self, workspaces: Sequence[str], project_id: str, statuses: Sequence[str], page: Page
    ) -> Listing:
        """A page of the cards in any of these statuses, by rank."""
        params = Parameters()
        project = f"t.project_id = {params.add('text', project_id)}"
        query = ListQuery(
            table="{board_cards}",
            id_column="t.task_id",
            doc="t.doc",
            params=params,
            visible=project,
            conditions=[f"t.status = ANY({params.add('text[]', statuses)})", "NOT t.trashed"],
            order=_ORDER,
        )
        return await read_page(self._reader, self._log_id, workspaces, query, page)


_BESIDE = """
SELECT {position}, b.rank, (
    SELECT t.rank FROM {board_cards} AS t
    WHERE t.project_id = b.project_id AND t.status = ANY(%(statuses)s) AND NOT t.trashed
        AND t.task_id NOT IN (%(task)s, b.task_id) AND <beyond>
    ORDER BY t.rank <way>, t.task_id <way> LIMIT 1
)
FROM (SELECT) AS one
LEFT JOIN {board_cards} AS b ON b.task_id = %(beside)s AND b.project_id = %(project)s
    AND b.status = ANY(%(statuses)s) AND NOT b.trashed
"""
_AFTER = _BESIDE.replace("<beyond>", "(t.rank, t.task_id) > (b.rank, b.task_id)").replace(
    "<way>", "ASC"
)
_BEFORE = _BESIDE.replace("<beyond>", "(t.rank, t.task_id) < (b.rank, b.task_id)").replace(
    "<way>", "DESC"
)

_IN_STATUS = """
SELECT {position}, array(
    SELECT t.task_id FROM {board_cards} AS t
    WHERE t.project_id = %s AND t.status = %s ORDER BY t.rank, t.task_id LIMIT %s
)
"""

# What the view shows is as new as the guard where it has come to the guard's own position: who
# comes in later touches it.
_STANDING = """
SELECT {position}, (SELECT g.position FROM log.guards AS g WHERE g.name = %(guard)s),
    (SELECT count(*) FROM {board_cards} AS t
        WHERE t.project_id = %(project)s AND t.status = ANY(%(statuses)s) AND NOT t.trashed),
    array(SELECT (SELECT count(*) FROM {board_cards} AS t
            WHERE t.project_id = %(project)s AND t.status = ANY(%(statuses)s) AND NOT t.trashed
                AND l.lane = ANY(t.lanes))
        FROM unnest(%(lanes)s::text[]) WITH ORDINALITY AS l(lane, n) ORDER BY l.n)
"""


class ViewBoardReader:
    """Implements commands.ports.BoardReader over the view of boards.

    `workspace_of` says to which workspace a project belongs, which never changes; None where
    there is no such project.
    """

    def __init__(
        self,
        pool: Pool,
        pointers: Pointers,
        waiter: ViewWaiter,
        workspace_of: Callable[[str], Awaitable[str | None]],
    ) -> None:
        self._reader = ViewReader(pool, pointers, BOARD_VIEW)
        self._waiter = waiter
        self._workspace_of = workspace_of

    async def neighbours(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        beside: str,
        after: bool,
        position: int,
    ) -> tuple[str | None, str | None]:
        row = await self._ask(
            project_id,
            position,
            _AFTER if after else _BEFORE,
            {
                "statuses": list(statuses),
                "task": task_id,
                "beside": beside,
                "project": project_id,
            },
        )
        _, own, other = row
        return (own, other) if after else (other, own)

    async def standing(
        self,
        project_id: str,
        statuses: Sequence[str],
        lanes: Sequence[str],
        guard: str,
        position: int,
    ) -> tuple[Standing, int]:
        params = {
            "guard": guard,
            "project": project_id,
            "statuses": list(statuses),
            "lanes": list(lanes),
        }
        wanted = position
        while True:
            seen, touched, cards, in_lanes = await self._ask(project_id, wanted, _STANDING, params)
            if (touched or 0) <= (seen or 0):
                return Standing(cards, dict(zip(lanes, in_lanes, strict=True))), seen or 0
            wanted = touched

    async def tasks_in_status(
        self, project_id: str, status: str, position: int, limit: int
    ) -> Sequence[str]:
        row = await self._ask(project_id, position, _IN_STATUS, (project_id, status, limit))
        found: list[str] = row[1]
        return found

    async def _ask(
        self, project_id: str, position: int, sql: str, params: Sequence[Any] | dict[str, Any]
    ) -> TupleRow:
        workspace_id = await self._workspace_of(project_id)

        async def ask() -> _Seen:
            scope = () if workspace_id is None else (workspace_id,)
            rows = await self._reader.fetch(scope, sql, params)
            return _Seen(rows[0][0] or 0, rows[0])

        return (await self._waiter.at_least(BOARD_VIEW, position, ask)).row


@dataclass(frozen=True, slots=True)
class _Seen:
    position: int
    row: TupleRow
