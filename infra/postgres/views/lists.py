"""Pages of ordered rows, the same for every list: keyset conditions, SQL, and what came of it."""

from collections.abc import Sequence
from typing import Any, Protocol

from psycopg.rows import TupleRow

from domain.errors import Invalid, invalid
from domain.values.frozen import dataclass
from projections.questions import MOST_ROWS_DEEP, Listing, Page

from .cursors import CursorCodec
from .reader import MOST_AT_ONCE, Parameters, Question, Reader

COUNTED_EXACTLY = 10_000

DOCS_TOGETHER = 5_000


@dataclass(frozen=True, slots=True)
class Order:
    """`columns`: SQL and PostgreSQL type of each, the row's id last, which makes places unique.
    `nullable` says that the first may be null: then nulls come last, both ways."""

    columns: tuple[tuple[str, str], ...]
    descending: bool
    cursors: CursorCodec
    nullable: bool = False

    @property
    def sql(self) -> str:
        way = " DESC" if self.descending else ""
        first, *rest = (f"{column}{way}" for column, _ in self.columns)
        # Said only where it matters: an index read backwards has its nulls first.
        return ", ".join([f"{first} NULLS LAST" if self.nullable else first, *rest])

    def after(self, place: Sequence[Any], params: Parameters) -> str:
        """The condition for rows that come after `place`."""
        sign = "<" if self.descending else ">"
        names = [column for column, _ in self.columns]
        if not self.nullable:
            values = self._add(place, params)
            return f"({', '.join(names)}) {sign} ({', '.join(values)})"
        first, rest = names[0], ", ".join(names[1:])
        if place[0] is None:
            values = self._add(place, params, start=1)
            return f"({first} IS NULL AND ({rest}) {sign} ({', '.join(values)}))"
        values = self._add(place, params)
        tie = f"({first} = {values[0]} AND ({rest}) {sign} ({', '.join(values[1:])}))"
        return f"({first} {sign} {values[0]} OR {tie} OR {first} IS NULL)"

    def _add(self, place: Sequence[Any], params: Parameters, start: int = 0) -> list[str]:
        kinds = [kind for _, kind in self.columns]
        return [
            params.add(kind, value)
            for kind, value in zip(kinds[start:], place[start:], strict=True)
        ]


class Ordering(Protocol):
    """What pages need of an order: `columns` as `Order` has them."""

    @property
    def columns(self) -> tuple[tuple[str, str], ...]: ...

    @property
    def cursors(self) -> CursorCodec: ...

    @property
    def sql(self) -> str: ...

    def after(self, place: Sequence[Any], params: Parameters) -> str: ...


@dataclass(slots=True)
class ListQuery:
    """A list as SQL: `doc` of each row of `table` (aliased `t`) that the asker may see
    (`visible`) and that is asked for (all `conditions` hold).

    `id_column` finds the row that a page begins after when it is named by its id. `position` is
    SQL: what the list shows, where that is not its view's own. `counted` is the table that a total
    is of, where `table` has no more of it than this page needs.
    """

    table: str
    id_column: str
    doc: str
    params: Parameters
    visible: str
    conditions: list[str]
    order: Ordering
    position: str = "{position}"
    counted: str | None = None

    @property
    def where(self) -> str:
        return " AND ".join([self.visible, *self.conditions])


async def read_page(
    reader: Reader, log_id: str, scope: Sequence[str], query: ListQuery, page: Page
) -> Listing:
    """One page. Raises Invalid for a cursor that is not of this list in this order, for a row to
    begin after that is not in it, and for a place too deep."""
    if page.skip > MOST_ROWS_DEEP:
        raise invalid("/query/skip", f"At most {MOST_ROWS_DEEP} rows deep; go on with a cursor.")
    total = _total(query) if page.total else "NULL::bigint"
    place = await _place(reader, log_id, scope, query, page)
    where = query.where
    if place is not None:
        where += f" AND {query.order.after(place, query.params)}"
    limit = query.params.add("integer", page.limit)
    skip = f" OFFSET {query.params.add('integer', page.skip)}" if page.skip else ""
    columns = query.order.columns
    keys = ", ".join(f"{column} AS o{number}" for number, (column, _) in enumerate(columns))
    last = ", ".join(
        f"(array_agg(r.o{number}) FILTER (WHERE r.n = {limit}))[1]"
        for number in range(len(columns))
    )
    sql = (
        f"SELECT string_agg(r.doc, ','::bytea ORDER BY r.n) FILTER (WHERE r.n <= {limit}),"
        f" count(*), {total}, {query.position}, {{parked}}, {last} FROM ("
        "SELECT p.*, row_number() OVER () AS n FROM ("
        f"SELECT {query.doc} AS doc, {keys} FROM {query.table} AS t"
        f" WHERE {where} ORDER BY {query.order.sql}"
        f" LIMIT {limit} + 1{skip}) AS p) AS r"
    )
    row = await reader.ask(
        Question(
            sql,
            tuple(query.params.kinds),
            tuple(query.params.values),
            tuple(scope),
            max(1, min(MOST_AT_ONCE, DOCS_TOGETHER // page.limit)),
        )
    )
    stale = await reader.stale(scope) if row[4] else ()
    return listing_of(row, log_id, query.order, page.limit, stale)


def listing_of(
    row: TupleRow, log_id: str, order: Ordering, limit: int, stale: tuple[str, ...]
) -> Listing:
    docs, found, total, position, parked, *last = row
    more = found > limit
    return Listing(
        docs=bytes(docs) if docs is not None else b"",
        count=min(found, limit),
        has_more=more,
        next_cursor=order.cursors.encode(log_id, last) if more else None,
        position=position or 0,
        total=None if total is None else min(total, COUNTED_EXACTLY),
        total_is_exact=total is None or total <= COUNTED_EXACTLY,
        stale=stale,
        parked=bool(parked),
    )


def _total(query: ListQuery) -> str:
    return (
        f"(SELECT count(*) FROM (SELECT FROM {query.counted or query.table} AS t"
        f" WHERE {query.where} LIMIT {COUNTED_EXACTLY + 1}) AS counted)"
    )


async def _place(
    reader: Reader, log_id: str, scope: Sequence[str], query: ListQuery, page: Page
) -> Sequence[Any] | None:
    if page.cursor is not None:
        return query.order.cursors.decode(log_id, page.cursor)
    if page.after_id is None:
        return None
    params = Parameters(list(query.params.kinds), list(query.params.values))
    columns = ", ".join(column for column, _ in query.order.columns)
    sql = (
        f"SELECT found.* FROM (SELECT) AS one LEFT JOIN (SELECT true, {columns}"
        f" FROM {query.table} AS t WHERE {query.visible}"
        f" AND {query.id_column} = {params.add('text', page.after_id)}) AS found ON true"
    )
    there, *values = await reader.ask(
        Question(sql, tuple(params.kinds), tuple(params.values), tuple(scope))
    )
    if not there:
        raise _unknown_row()
    return values


def _unknown_row() -> Invalid:
    return invalid("/query/last_id", "There is no such row, or you may not see it.", "not-found")
