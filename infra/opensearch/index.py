"""The index of words in OpenSearch, as searches ask it."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
import structlog
from opensearchpy import AsyncOpenSearch

from infra.postgres.pool import Pool
from projections.questions import Scope
from projections.search_query import AskedText
from projections.search_questions import MOST_HITS, MOST_RANKED, Hits, IndexAway

from . import standing
from .client import FAILURES, TIMEOUT_S, described, open_client
from .documents import question

BACKEND: Final = "opensearch"

# After a failure nobody tries for so long, so that an outage costs a few requests their patience.
_CLOSED_FOR_S: Final = 1.0

log = structlog.get_logger()


class _Hit(msgspec.Struct, frozen=True):
    id: str = msgspec.field(name="_id")
    score: float | None = msgspec.field(name="_score", default=None)


class _Total(msgspec.Struct, frozen=True):
    value: int


class _Found(msgspec.Struct, frozen=True):
    total: _Total
    hits: tuple[_Hit, ...] = ()


class _Answer(msgspec.Struct, frozen=True):
    hits: _Found


class OpenSearchIndex:
    """Implements projections.search_questions.SearchIndex."""

    def __init__(
        self,
        url: str,
        pool: Pool,
        log_id: str,
        *,
        verify_tls: bool = True,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._client: AsyncOpenSearch = open_client(url, verify_tls=verify_tls, timeout_s=timeout_s)
        self._timeout_s = timeout_s
        self._pool = pool
        self._log_id = log_id
        self._closed_until = 0.0
        self._why = ""

    async def close(self) -> None:
        await self._client.close()

    async def hits(
        self,
        scope: Scope,
        asked: AskedText,
        *,
        project_ids: Sequence[str] = (),
        among: Sequence[str] | None = None,
        position: int | None = None,
    ) -> Hits:
        """Of more than MOST_HITS tasks the best ones."""
        index = await self._usable(position)
        if not asked.clauses or not scope.tenants:
            return Hits((), (), True, index.position, BACKEND)
        found = await self._search(
            index.name, question(scope, asked, project_ids, among, MOST_RANKED)
        )
        total = found.total.value
        if MOST_RANKED < total <= MOST_HITS:
            found = await self._search(
                index.name, question(scope, asked, project_ids, among, MOST_HITS)
            )
        return Hits(
            [hit.id for hit in found.hits],
            [hit.score or 0.0 for hit in found.hits],
            total <= MOST_HITS,
            index.position,
            BACKEND,
        )

    async def problem(self) -> str | None:
        """Why questions are answered by PostgreSQL; None where they need not be."""
        try:
            index = await self._usable(None)
            await self._search(index.name, {"size": 0, "terminate_after": 1})
        except IndexAway as away:
            return str(away)
        return None

    async def _usable(self, position: int | None) -> standing.Standing:
        """The index, if it may be asked. Raises IndexAway."""
        self._require_open()
        async with self._pool.connection() as connection:
            index = await standing.answering(connection, self._log_id)
        if index is None:
            raise IndexAway("no index is made yet")
        if not index.is_level:
            raise IndexAway(index.problem or "the index is behind")
        if position is not None and index.position < position:
            raise IndexAway("the index does not show that position yet")
        return index

    def _require_open(self) -> None:
        """Raises IndexAway for a while after a failure."""
        if asyncio.get_running_loop().time() < self._closed_until:
            raise IndexAway(self._why)

    async def _search(self, name: str, body: Mapping[str, Any]) -> _Found:
        """After a failure one asks and all others are turned away until that one was answered."""
        self._require_open()
        now = asyncio.get_running_loop().time
        if self._why:
            self._closed_until = now() + self._timeout_s
        try:
            answer = await self._client.search(
                index=name,
                body=body,
                params={"filter_path": "hits.total.value,hits.hits._id,hits.hits._score"},
            )
            found = msgspec.convert(answer, _Answer).hits
        except FAILURES as error:
            self._why = described(error)
            self._closed_until = now() + _CLOSED_FOR_S
            log.warning("opensearch_away", error=self._why)
            raise IndexAway(self._why) from error
        self._why, self._closed_until = "", 0.0
        return found
