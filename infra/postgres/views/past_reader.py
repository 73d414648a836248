"""Questions that were made for the present, asked of the past."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg.rows import TupleRow

from .past_docs import PastDocs
from .past_rows import PastRows
from .reader import Parameters, Question, ViewReader


class PastReader:
    """Implements `Reader` for one asker at one moment, over the view of the past.

    In the SQL it is asked with, the tables of tasks and boards are those of then; the `doc` of a
    row is a place for its task's answer, which `PastDocs` fills. The position is that of the
    moment; by the world's clock, which looks at the whole log, that of the view.
    """

    indexed = False

    def __init__(self, reader: ViewReader, rows: PastRows, docs: PastDocs) -> None:
        self._reader = reader
        self._rows = rows
        self._docs = docs

    async def ask(self, question: Question) -> TupleRow:
        params = Parameters(list(question.kinds), list(question.values))
        sql = self._rows.placed(question.sql, params)
        return await self._reader.ask(
            Question(
                sql,
                tuple(params.kinds),
                tuple(params.values),
                question.scope,
                question.together,
            )
        )

    async def fetch(
        self, scope: Iterable[str], sql: str, params: Mapping[str, Any]
    ) -> list[TupleRow]:
        named = NamedParameters()
        placed = self._rows.placed(sql, named)
        return await self._reader.fetch(scope, placed, {**params, **named.named})

    async def whole(self, scope: Iterable[str], doc: bytes) -> bytes:
        return await self._docs.with_cards(scope, doc)

    async def stale(self, scope: Iterable[str]) -> tuple[str, ...]:
        return await self._reader.stale(scope)


class NamedParameters(Parameters):
    """Parameters beside others that have names of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.named: dict[str, Any] = {}

    def add(self, kind: str, value: Any) -> str:
        name = f"past{len(self.named)}"
        self.named[name] = list(value) if kind.endswith("[]") else value
        return f"%({name})s::{kind}"
