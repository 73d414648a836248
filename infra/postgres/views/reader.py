"""Queries to views: their tables by name whatever the generation, in a scope, many as one."""

import copy
from asyncio import Future
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any, Generic, Protocol, Self, TypeVar

from psycopg import errors
from psycopg.rows import TupleRow

from domain.values.frozen import dataclass
from infra.postgres.pool import Pool
from infra.postgres.scoped import fetch_scoped
from infra.tasks import drop
from projections.projection import Projection

from .ddl import relation
from .gather import Gather
from .pointers import Pointers, being_built
from .rows import array, array_literal

MOST_AT_ONCE = 64
# Short questions leave in one lane, so that many leave together; one that takes long must not
# keep all others of its kind waiting.
_LANES = 2
_MOST_FORMS = 500
_MOST_STALE = 50

A = TypeVar("A")


@dataclass(slots=True)
class Parameters:
    """Collects the parameters of a question while its SQL is written.

    `add` gives the SQL that stands for a value. All asks of one SQL text run as one statement,
    whatever their values.
    """

    kinds: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)

    def add(self, kind: str, value: Any) -> str:
        """`kind` is the PostgreSQL type: a plain one, or `text[]` or `smallint[]`."""
        name = f"k.p{len(self.kinds)}"
        if not kind.endswith("[]"):
            self.kinds.append(kind)
            self.values.append(value)
            return name
        # An array of arrays would be taken apart by unnest: inner ones travel as their text.
        self.kinds.append("text")
        self.values.append(_literal(value))
        return f"{name}::{kind}"


@dataclass(frozen=True, slots=True)
class Question:
    """SQL that gives one row, with its parameters; `scope`: the workspaces it may look into.

    `together`: with how many others it may be asked at most.
    """

    sql: str
    kinds: tuple[str, ...]
    values: tuple[Any, ...]
    scope: tuple[str, ...]
    together: int = MOST_AT_ONCE


class Reader(Protocol):
    """What questions to a view are asked of: the view as it is, or as it was."""

    @property
    def indexed(self) -> bool:
        """Whether there are indexes of words and fields beside the rows."""
        ...

    async def ask(self, question: Question) -> TupleRow: ...

    async def fetch(
        self, scope: Iterable[str], sql: str, params: Mapping[str, Any]
    ) -> list[TupleRow]: ...

    async def whole(self, scope: Iterable[str], doc: bytes) -> bytes:
        """A card as it is stored, or was."""
        ...

    async def stale(self, scope: Iterable[str]) -> tuple[str, ...]: ...


class Asked(Generic[A]):
    """A question that is out while something else is done: to be awaited, or else dropped."""

    __slots__ = ("_read", "_row")

    def __init__(self, row: Future[TupleRow | None], read: Callable[..., A]) -> None:
        """`read` makes the answer of the row's columns."""
        self._row = row
        self._read = read

    def __await__(self) -> Generator[Any, None, A]:
        row = yield from self._row.__await__()
        assert row is not None, "a question's SQL gives one row"
        return self._read(*row)

    def drop(self) -> None:
        """Nobody wants the answer any more, and a failure is no news."""
        drop(self._row)


class Asking:
    """Questions that may be asked of another reader than the one they were made for."""

    _reader: Reader
    _log_id: str

    def through(self, reader: Reader, log_id: str) -> Self:
        """The same questions, asked of that one. `log_id` tells its cursors from all others."""
        other = copy.copy(self)
        other._reader = reader
        other._log_id = log_id
        return other


class ViewReader:
    """Asks one view's tables (and those of `beside`, in the same statements).

    SQL names tables as `{<view>_<table>}` and the view's position as `{position}`, which is
    read in the same snapshot as the rows; `{least_position}` is that of the one that is furthest
    behind of all these views. So is `{parked}`: whether any of them leaves a stream
    of these workspaces alone, and `{parked_from}`, since which position. `stale` says which.
    """

    indexed = True

    def __init__(
        self, pool: Pool, pointers: Pointers, view: Projection, beside: Sequence[Projection] = ()
    ) -> None:
        self._pool = pool
        self._pointers = pointers
        self._view = view
        self._views = (view, *beside)
        self._statements: dict[tuple[str, tuple[int, ...]], str] = {}
        self._gathers: dict[tuple[str, int], Gather[Question, TupleRow]] = {}

    async def ask(self, question: Question) -> TupleRow:
        """The one row; asked together with others of the same SQL that wait."""
        row = await self.asked(question)
        assert row is not None, "a question's SQL gives one row"
        return row

    def asked(self, question: Question) -> Future[TupleRow | None]:
        """The same, to be waited for while something else is done."""
        form = question.sql, question.together
        gather = self._gathers.get(form)
        if gather is None:
            if len(self._gathers) >= _MOST_FORMS:
                self._gathers.clear()  # those who wait in one hold on to it themselves
            lanes = 1 if question.together == MOST_AT_ONCE else _LANES
            gather = Gather(self._ask_together, lanes=lanes, batch=question.together)
            self._gathers[form] = gather
        return gather.asked(question)

    async def whole(self, scope: Iterable[str], doc: bytes) -> bytes:
        return doc

    async def stale(self, scope: Iterable[str]) -> tuple[str, ...]:
        """Streams of these workspaces that the views have parked, some of them where it is many."""
        sql = f"SELECT stream FROM {{parked_streams}} AS d ORDER BY stream LIMIT {_MOST_STALE}"
        return tuple([stream for (stream,) in await self.fetch(scope, sql)])

    async def fetch(
        self, scope: Iterable[str], sql: str, params: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[TupleRow]:
        """The rows of a statement with psycopg's parameters, seen from these workspaces."""
        try:
            return await self._fetch(scope, sql, params)
        except errors.UndefinedTable:
            await self._pointers.read_again()
        try:
            return await self._fetch(scope, sql, params)
        except errors.UndefinedTable:  # it is gone indeed: the projector will build another
            raise being_built(self._view) from None

    async def relation(self, table: str) -> str:
        """A table's present name without its schema."""
        generation = await self._pointers.generation(self._view)
        return relation(self._view, self._view.table(table), generation).partition(".")[2]

    async def _fetch(
        self, scope: Iterable[str], sql: str, params: Sequence[Any] | Mapping[str, Any]
    ) -> list[TupleRow]:
        statement = await self._statement(sql)
        async with self._pool.connection() as connection:
            return await fetch_scoped(connection, scope, statement, params)

    async def _statement(self, sql: str) -> str:
        generations = tuple([await self._pointers.generation(view) for view in self._views])
        statement = self._statements.get((sql, generations))
        if statement is None:
            if len(self._statements) >= _MOST_FORMS:
                self._statements.clear()
            statement = sql.format_map(self._names(generations))
            self._statements[sql, generations] = statement
        return statement

    def _names(self, generations: Sequence[int]) -> dict[str, str]:
        view, generation = self._view, generations[0]
        names = {
            f"{each.name}_{table.name}": relation(each, table, number)
            for each, number in zip(self._views, generations, strict=True)
            for table in each.tables
        }
        own = _only(view, generation)
        names["position"] = f"(SELECT position FROM ops.checkpoints WHERE {own})"
        every = " OR ".join(
            f"({_only(each, number)})"
            for each, number in zip(self._views, generations, strict=True)
        )
        names["least_position"] = f"(SELECT min(position) FROM ops.checkpoints WHERE {every})"
        names["parked"] = f"EXISTS (SELECT FROM ops.dead_letters WHERE {every})"
        names["parked_from"] = f"(SELECT min(position) FROM ops.dead_letters WHERE {every})"
        names["parked_streams"] = f"(SELECT DISTINCT stream FROM ops.dead_letters WHERE {every})"
        return names

    async def _ask_together(self, questions: Sequence[Question]) -> dict[Question, TupleRow]:
        first = questions[0]
        arrays = [f"%s::{kind}[]" for kind in ("integer", *first.kinds)]
        names = ", ".join(["n", *(f"p{number}" for number in range(len(first.kinds)))])
        sql = (
            f"SELECT k.n, answer.* FROM unnest({', '.join(arrays)}) AS k({names})"
            f" CROSS JOIN LATERAL ({first.sql}) AS answer"
        )
        values = zip(*(question.values for question in questions), strict=True)
        columns = zip(first.kinds, values, strict=True)
        numbers = array("integer", range(len(questions)))
        scope = {workspace for question in questions for workspace in question.scope}
        rows = await self.fetch(
            sorted(scope), sql, [numbers, *(array(kind, column) for kind, column in columns)]
        )
        return {questions[row[0]]: row[1:] for row in rows}


def _only(view: Projection, generation: int) -> str:
    return f"name = '{view.name}' AND version = {view.version} AND generation = {generation}"


def _literal(values: Sequence[Any]) -> str:
    return array_literal([str(value) for value in values])
