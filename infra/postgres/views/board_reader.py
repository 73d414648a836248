"""What commands must know of a board: the neighbours of a card, how full a column is."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import msgspec
from psycopg.rows import TupleRow

from domain.task.wip import Standing
from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from projections.board import BOARD_VIEW

from .pointers import Pointers
from .reader import ViewReader
from .waiting import ViewWaiter

_json = msgspec.json.encode

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

# Each as "id rank", neither of which has a space in it; the card itself is the first after.
_STRETCH = """
SELECT {position},
    array(SELECT t.task_id || ' ' || t.rank FROM unnest(%(statuses)s::text[]) AS s(status)
        CROSS JOIN (VALUES (false), (true)) AS b(trashed)
        CROSS JOIN LATERAL (
            SELECT x.task_id, x.rank FROM {board_cards} AS x
            WHERE x.project_id = c.project_id AND x.status = s.status AND x.trashed = b.trashed
                AND (x.rank, x.task_id) < (c.rank, c.task_id)
            ORDER BY x.rank DESC, x.task_id DESC LIMIT %(reach)s
        ) AS t ORDER BY t.rank DESC, t.task_id DESC LIMIT %(reach)s),
    array(SELECT t.task_id || ' ' || t.rank FROM unnest(%(statuses)s::text[]) AS s(status)
        CROSS JOIN (VALUES (false), (true)) AS b(trashed)
        CROSS JOIN LATERAL (
            SELECT x.task_id, x.rank FROM {board_cards} AS x
            WHERE x.project_id = c.project_id AND x.status = s.status AND x.trashed = b.trashed
                AND (x.rank, x.task_id) >= (c.rank, c.task_id)
            ORDER BY x.rank, x.task_id LIMIT %(reach)s + 1
        ) AS t ORDER BY t.rank, t.task_id LIMIT %(reach)s + 1)
FROM (SELECT) AS one
LEFT JOIN {board_cards} AS c ON c.task_id = %(task)s AND c.project_id = %(project)s
    AND c.status = ANY(%(statuses)s)
"""

# What the view shows is as new as the guard where it has come to the guard's own position: who
# comes in later touches it.
_STANDING = """
SELECT {position}, (SELECT g.position FROM log.guards AS g WHERE g.name = %(guard)s),
    (SELECT count(*) FROM {board_cards} AS t
        WHERE t.project_id = %(project)s AND t.status = ANY(%(statuses)s) AND NOT t.trashed),
    array(SELECT (SELECT count(*) FROM {board_cards} AS t
            WHERE t.project_id = %(project)s AND t.status = ANY(%(statuses)s) AND NOT t.trashed
                AND t.lanes && ARRAY(SELECT jsonb_array_elements_text(l.held)))
        FROM jsonb_array_elements(%(lanes)s::jsonb) WITH ORDINALITY AS l(held, n) ORDER BY l.n)
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

    async def stretch(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        reach: int,
        position: int,
    ) -> Sequence[tuple[str, str]]:
        params = {
            "project": project_id,
            "statuses": list(statuses),
            "task": task_id,
            "reach": reach,
        }
        _, before, after = await self._ask(project_id, position, _STRETCH, params)
        cards = (card.partition(" ") for card in (*reversed(before), *after))
        return [(found, rank) for found, _, rank in cards]

    async def standing(
        self,
        project_id: str,
        statuses: Sequence[str],
        lanes: Mapping[str, Sequence[str]],
        guard: str,
        position: int,
    ) -> tuple[Standing, int]:
        params = {
            "guard": guard,
            "project": project_id,
            "statuses": list(statuses),
            "lanes": _json(list(lanes.values())).decode(),
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
