"""Questions to the view of boards: a whole board at once, and one column on."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from domain.project.lanes import lane_key, lane_value
from domain.values.limits import Limits
from domain.values.priority import BANDS
from infra.postgres.pool import Pool
from projections.board import BOARD_VIEW, title_of
from projections.people import NameMark, name_of
from projections.questions import Listing, Page

from .board_reads import BoardRead, ColumnRead, LanesRead, counted
from .cursors import CursorCodec
from .lists import ListQuery, Order, read_page
from .pointers import Pointers
from .reader import Asking, Parameters, Question, Reader, ViewReader

_json = msgspec.json.encode

# A board without a card says nothing of where its lanes are.
_ANY_POSITION = 2**63 - 1

_ORDER = Order((("t.rank", "text"), ("t.task_id", "text")), False, CursorCodec("cards", str, str))

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
    SELECT least(k.p1, k.p2 / greatest(1, count(*)))::integer AS cards
    FROM {board_columns} AS each WHERE each.project_id = b.project_id
) AS most ON true
LEFT JOIN LATERAL (
    SELECT string_agg(r.doc, ','::bytea ORDER BY r.n) FILTER (WHERE r.n <= most.cards) AS docs,
        (array_agg(r.rank) FILTER (WHERE r.n = most.cards AND r.more))[1] AS ranks,
        (array_agg(r.task_id) FILTER (WHERE r.n = most.cards AND r.more))[1] AS ids,
        (SELECT count(*) FROM {board_cards} AS x
            WHERE x.project_id = c.project_id AND x.status = ANY(c.statuses) AND NOT x.trashed
        ) AS count
    FROM (
        SELECT m.*, row_number() OVER () AS n, count(*) OVER () > most.cards AS more FROM (
            SELECT t.doc, t.rank, t.task_id
            FROM unnest(c.statuses) AS s(status)
            CROSS JOIN LATERAL (
                SELECT x.doc, x.rank, x.task_id FROM {board_cards} AS x
                WHERE x.project_id = c.project_id AND x.status = s.status AND NOT x.trashed
                ORDER BY x.rank, x.task_id LIMIT most.cards + 1
            ) AS t
            ORDER BY t.rank, t.task_id LIMIT most.cards + 1
        ) AS m
    ) AS r
) AS cards ON true
GROUP BY b.workspace_id, b.doc
"""

# A card stands in several lanes where it has several labels or assignees, in that of none where all
# its labels are deleted. Those lanes are shown that have the most cards.
_LANES = """
WITH found AS MATERIALIZED (
    SELECT c.place, l.lane, x.task_id, x.rank
    FROM {board_columns} AS c
    JOIN {board_cards} AS x
        ON x.project_id = c.project_id AND x.status = ANY(c.statuses) AND NOT x.trashed
    CROSS JOIN LATERAL (
        SELECT unnest(coalesce(
            array_agg(DISTINCT CASE WHEN m.held IS NULL THEN h.lane ELSE m.shown END)
                FILTER (WHERE m.held IS NULL OR m.shown IS NOT NULL),
            ARRAY[%(swimlane)s::text])) AS lane
        FROM unnest(x.lanes) AS h(lane)
        LEFT JOIN unnest(%(held)s::text[], %(shown)s::text[]) AS m(held, shown) ON m.held = h.lane
        WHERE starts_with(h.lane, %(swimlane)s)
    ) AS l
    WHERE c.project_id = %(project)s
), largest AS (
    SELECT f.lane, row_number() OVER (ORDER BY count(*) DESC, f.lane) AS nth,
        count(*) OVER () AS lanes
    FROM found AS f GROUP BY f.lane
), placed AS (
    SELECT f.*, l.lanes, row_number() OVER w AS n, count(*) OVER cell AS count,
        least(%(cards)s, %(most_cards)s / count(*) FILTER (WHERE f.first) OVER ()) AS shown
    FROM (SELECT g.*, row_number() OVER (PARTITION BY g.place, g.lane) = 1 AS first
        FROM found AS g) AS f
    JOIN largest AS l ON l.lane = f.lane AND l.nth <= %(most_lanes)s
    WINDOW cell AS (PARTITION BY f.place, f.lane),
        w AS (PARTITION BY f.place, f.lane ORDER BY f.rank, f.task_id)
)
SELECT p.place, p.lane, max(p.count), max(p.lanes), {position},
    string_agg(x.doc, ','::bytea ORDER BY p.n),
    (array_agg(p.rank ORDER BY p.n DESC) FILTER (WHERE p.n = p.shown AND p.count > p.n))[1],
    (array_agg(p.task_id ORDER BY p.n DESC) FILTER (WHERE p.n = p.shown AND p.count > p.n))[1]
FROM placed AS p
LEFT JOIN {board_cards} AS x ON x.task_id = p.task_id AND p.n <= p.shown
WHERE p.n <= greatest(p.shown, 1)
GROUP BY p.place, p.lane
"""

_PARENTS = """
SELECT x.task_id, x.doc FROM {board_cards} AS x
WHERE x.task_id = ANY(%(tasks)s) AND x.project_id = %(project)s
"""

_COLUMN = """
SELECT c.workspace_id, c.doc, c.statuses,
    (SELECT count(*) FROM {board_cards} AS x
        WHERE x.project_id = c.project_id AND x.status = ANY(c.statuses) AND NOT x.trashed
            AND (%(lanes)s::text[] IS NULL OR x.lanes && %(lanes)s::text[]))
FROM {board_columns} AS c WHERE c.project_id = %(project)s AND c.column_id = %(column)s
"""


class BoardQueries(Asking):
    def __init__(
        self, pool: Pool, pointers: Pointers, log_id: str, limits: Limits | None = None
    ) -> None:
        self._reader: Reader = ViewReader(pool, pointers, BOARD_VIEW)
        self._log_id = log_id
        self._limits = limits or Limits()

    async def board(
        self,
        workspaces: Sequence[str],
        project_id: str,
        cards: int = 25,
        swimlane: str | None = None,
        shown: Mapping[str, str | None] | None = None,
    ) -> BoardRead | None:
        """The board with the first `cards` of each column, and of each lane where `swimlane` says
        by what they are told apart: fewer where there would be too many in all. `shown`: tags that
        are not shown as they are, as `domain.labels.state.shown_otherwise`. None where these
        workspaces have no such project (or its board is not there yet). Who may see it is for the
        door to say."""
        question = Question(
            _BOARD,
            ("text", "integer", "integer"),
            (project_id, cards, self._limits.cards_of_board),
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
            cursor = self._cursor(rank, task_id)
            read.append(ColumnRead(doc, count, docs or b"", cursor, position or 0))
        stale = await self._reader.stale((workspace_id,)) if parked else ()
        lanes = None
        if swimlane is not None:
            lanes = await self._lanes(workspace_id, project_id, cards, swimlane, shown or {})
            position = min(position or 0, lanes.position)
        return BoardRead(
            workspace_id, project_id, head, tuple(read), position or 0, stale, lanes, parked
        )

    async def _lanes(
        self,
        workspace_id: str,
        project_id: str,
        cards: int,
        swimlane: str,
        shown: Mapping[str, str | None],
    ) -> LanesRead:
        params = {
            "project": project_id,
            "swimlane": lane_key(swimlane, None),
            "held": [lane_key(swimlane, tag) for tag in shown],
            "shown": [
                None if name is None else lane_key(swimlane, name) for name in shown.values()
            ],
            "cards": cards,
            "most_cards": self._limits.cards_of_board,
            "most_lanes": self._limits.lanes,
        }
        rows = await self._reader.fetch((workspace_id,), _LANES, params)
        cells: dict[str, list[tuple[int, int, bytes]]] = {}
        for place, lane, count, _, _, docs, rank, task_id in rows:
            cursor = self._cursor(rank, task_id)
            cells.setdefault(lane, []).append((place, count, counted(count, docs or b"", cursor)))
        names = await self._names(workspace_id, project_id, swimlane, cells)
        ordered = sorted(cells, key=_lane_order)
        columns: dict[int, list[bytes]] = {}
        heads = []
        for lane in ordered:
            said = b'"lane":%b,"name":%b' % (_json(lane_value(lane)), _json(names[lane]))
            heads.append(b'{%b,"count":%d}' % (said, sum(count for _, count, _ in cells[lane])))
            for place, _, cards_there in cells[lane]:
                columns.setdefault(place, []).append(b"{%b,%b}" % (said, cards_there))
        more = bool(rows) and rows[0][3] > len(cells)
        return LanesRead(
            b',"swimlane":%b,"lanes":[%b],"more_lanes":%b'
            % (_json(swimlane), b",".join(heads), _json(more)),
            {place: b",".join(each) for place, each in columns.items()},
            (rows[0][4] or 0) if rows else _ANY_POSITION,
        )

    async def _names(
        self, workspace_id: str, project_id: str, swimlane: str, lanes: Iterable[str]
    ) -> Mapping[str, str | NameMark | None]:
        """What people call each lane; a task of another project has no name here."""
        values = {lane: lane_value(lane) for lane in lanes}
        match swimlane:
            case "assignee":
                return {lane: value and name_of(value) for lane, value in values.items()}
            case "parent":
                ids = [value for value in values.values() if value is not None]
                asked = {"tasks": ids, "project": project_id}
                found = await self._reader.fetch((workspace_id,), _PARENTS, asked)
                titles = {
                    task_id: title_of(await self._reader.whole((workspace_id,), doc))
                    for task_id, doc in found
                }
                return {lane: value and titles.get(value) for lane, value in values.items()}
            case _:
                return values

    def _cursor(self, rank: str | None, task_id: str) -> str | None:
        return None if rank is None else _ORDER.cursors.encode(self._log_id, (rank, task_id))

    async def column(
        self,
        workspaces: Sequence[str],
        project_id: str,
        column_id: str,
        page: Page,
        lanes: Sequence[str] | None = None,
    ) -> ColumnRead | None:
        """A page of one column's cards, or of one lane of it by all the ways in which cards hold
        it (`domain.project.lanes.lane_key`); None where there is no such column. Raises as
        `read_page`."""
        held = None if lanes is None else list(lanes)
        params = {"lanes": held, "project": project_id, "column": column_id}
        found = await self._reader.fetch(workspaces, _COLUMN, params)
        if not found:
            return None
        _, head, statuses, count = found[0]
        listing = await self.cards(workspaces, project_id, statuses, page, lanes)
        return ColumnRead(
            head, count, listing.docs, listing.next_cursor, listing.position, listing.stale
        )

    async def cards(
        self,
        workspaces: Sequence[str],
        project_id: str,
        statuses: Sequence[str],
        page: Page,
        lanes: Sequence[str] | None = None,
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
        if lanes is not None:
            query.conditions.append(f"t.lanes && {params.add('text[]', lanes)}")
        return await read_page(self._reader, self._log_id, workspaces, query, page)


def _lane_order(lane: str) -> tuple[bool, int, str]:
    """Bands by urgency, everything else by its own word; what belongs to no lane comes last."""
    value = lane_value(lane)
    band = BANDS.index(value) if value in BANDS and lane == lane_key("priority", value) else 0
    return value is None, band, value or ""
