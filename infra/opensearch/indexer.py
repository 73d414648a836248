"""Keeps an index in OpenSearch level with the view `search`, through every outage.

The view has the documents, so it is the view that is followed and not the log: rows are read in the
order of their last changes, and written with that position as their version, so that one that comes
twice, or late, changes nothing.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import uuid4

import msgspec
import structlog
from opensearchpy import AsyncOpenSearch
from psycopg import errors

from infra.nats.connection import NatsConnection
from infra.nats.wake import on_views
from infra.postgres.pool import Connection
from infra.postgres.views.ddl import relation
from infra.processes.backoff import Backoff
from infra.processes.log import head
from infra.processes.outages import starts_over
from infra.processes.sessions import LeadershipLost, Sessions
from projections.search import SEARCH_VIEW
from projections.search_texts import texts_of

from . import standing
from .client import CONFLICT, FAILURES, NOT_FOUND, open_client
from .client import described as refused
from .documents import INDEX, document
from .standing import Standing, ViewStanding

LOCK: Final = "search-index"
POLL_S: Final = 0.5
# Events gather for so long: making them found costs the same for one and for a hundred.
GATHER_S: Final = 0.1
_TIMEOUT_S: Final = 30.0
_ROWS: Final = 250
_BODY_BYTES: Final = 4 * 1024 * 1024

log = structlog.get_logger()
_encode = msgspec.json.Encoder().encode


class IndexLost(Exception):
    """The index is not there any more."""


class Troubled(Exception):
    """OpenSearch is there and does not take what it should: its disk is full or read-only."""


class _Why(msgspec.Struct, frozen=True):
    type: str


class _Said(msgspec.Struct, frozen=True):
    status: int
    error: _Why | None = None

    @property
    def why(self) -> str:
        return str(self.status) if self.error is None else self.error.type


class _Taken(msgspec.Struct, frozen=True):
    errors: bool
    items: tuple[dict[str, _Said], ...] = ()


class Indexer:
    """One leads, by an advisory lock; any other stands by."""

    def __init__(
        self,
        url: str,
        sessions: Sessions,
        nats: NatsConnection | None = None,
        *,
        verify_tls: bool = True,
    ) -> None:
        self._url = url
        self._verify_tls = verify_tls
        self._sessions = sessions
        self._nats = nats
        self._moved = asyncio.Event()
        self._state = "starting"
        self._written = 0

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and documents written since the process began."""
        return {"state": self._state, "documents": self._written}

    async def run(self) -> None:
        """Until cancelled."""
        backoff = Backoff()
        while True:
            try:
                async with self._sessions.lead("search-index-lock") as leadership:
                    self._state = "standing by"
                    await leadership.lead(LOCK)
                    client = open_client(
                        self._url, verify_tls=self._verify_tls, timeout_s=_TIMEOUT_S
                    )
                    try:
                        await self._lead(leadership.session, client, backoff)
                    finally:
                        await client.close()
            except Exception as error:
                self._state = starts_over("indexer", error, LeadershipLost)
            await backoff.wait()

    async def _lead(self, session: Connection, client: AsyncOpenSearch, backoff: Backoff) -> None:
        log_id = (await head(session)).log_id
        woken = None
        if self._nats is not None:
            woken = await on_views(self._nats, log_id, lambda _positions: self._moved.set())
        try:
            while (await head(session)).log_id == log_id:
                self._moved.clear()
                try:
                    more = await self.step(session, client, log_id)
                except (*FAILURES, Troubled) as error:
                    problem = str(error) if isinstance(error, Troubled) else refused(error)
                    self._state = problem
                    await standing.trouble(session, log_id, problem)
                    await backoff.wait()
                    continue
                backoff.reset()
                self._state = "running"
                if not more:
                    await self._rest()
        finally:
            if woken is not None:
                await woken.close()

    async def _rest(self) -> None:
        try:
            await asyncio.wait_for(self._moved.wait(), POLL_S)
        except TimeoutError:
            return
        await asyncio.sleep(GATHER_S)

    async def step(self, session: Connection, client: AsyncOpenSearch, log_id: str) -> bool:
        """Write some of what is new; whether there is more to write at once.

        Raises Troubled and what FAILURES names.
        """
        view = await standing.of_view(session, log_id)
        if view is None:
            return False
        index, others = await self._present(session, log_id, view)
        try:
            if index is None:
                index = await self._begin(session, client, log_id, view)
            index, more = await self._follow(session, client, index, view)
        except IndexLost:
            assert index is not None
            log.warning("search_index_lost", index=index.name)
            await self._delete(session, client, index)
            return True
        except errors.UndefinedTable:
            return True  # the view was rebuilt, and its former tables are gone
        if not more and not index.answers:
            index = await standing.answer(session, log_id, index)
            log.info("search_index_answers", index=index.name, position=index.position)
        if index.answers:
            for other in others:
                await self._delete(session, client, other)
        return more

    async def _delete(self, session: Connection, client: AsyncOpenSearch, index: Standing) -> None:
        """Whatever is left of it."""
        await client.indices.delete(
            index=_physical(index.name), params={"ignore_unavailable": "true"}
        )
        await standing.forget(session, index)

    async def _present(
        self, session: Connection, log_id: str, view: ViewStanding
    ) -> tuple[Standing | None, Sequence[Standing]]:
        """The index of the view as it is, and those that are not."""
        known = await standing.all_of(session, log_id)
        fit = [
            each
            for each in known
            if each.ours and each.generation == view.generation and each.parked <= view.parked
        ]
        chosen = max(fit, key=lambda each: (each.answers, each.read_upto), default=None)
        return chosen, [each for each in known if each is not chosen]

    async def _begin(
        self, session: Connection, client: AsyncOpenSearch, log_id: str, view: ViewStanding
    ) -> Standing:
        name = (
            f"taskledger-{log_id[:8]}-search-v{SEARCH_VIEW.version}-g{view.generation}"
            f"-{uuid4().hex[:8]}"
        )
        # Known before it is there: what is left half made is found and cleared away.
        index = await standing.begin(session, log_id, name, view)
        await client.indices.create(
            index=_physical(name), body={**INDEX, "aliases": {name: {"is_write_index": True}}}
        )
        log.info("search_index_begun", index=name)
        return index

    async def _follow(
        self, session: Connection, client: AsyncOpenSearch, index: Standing, view: ViewStanding
    ) -> tuple[Standing, bool]:
        """The index with more of the view in it, and whether there is more still."""
        docs = relation(SEARCH_VIEW, SEARCH_VIEW.table("docs"), view.generation)
        cursor = await session.execute(
            "SELECT task_id, workspace_id, project_id, changed, state"
            f" FROM {docs} WHERE changed > %s ORDER BY changed LIMIT {_ROWS}",
            (index.read_upto,),
        )
        rows = await cursor.fetchall()
        await self._write(client, index, rows)
        if len(rows) == _ROWS:
            return await standing.read(session, index, rows[-1][3]), True
        if rows:
            await client.indices.refresh(index=index.name)
        elif not await client.indices.exists_alias(name=index.name):
            raise IndexLost
        upto = max(view.position, index.position)
        return await standing.level(session, index, upto, view.parked), False

    async def _write(
        self, client: AsyncOpenSearch, index: Standing, rows: Sequence[Sequence[Any]]
    ) -> None:
        lines: list[bytes] = []
        size = 0
        for task_id, workspace_id, project_id, changed, state in rows:
            if state is None:
                continue
            doc = document(texts_of(bytes(state)), workspace_id, project_id, changed)
            action = {"_id": task_id, "version": changed, "version_type": "external_gte"}
            lines += [_encode({"index": action}), _encode(doc)]
            size += len(lines[-1])
            if size > _BODY_BYTES:
                await self._send(client, index, lines)
                lines, size = [], 0
        if lines:
            await self._send(client, index, lines)

    async def _send(self, client: AsyncOpenSearch, index: Standing, lines: list[bytes]) -> None:
        # An alias is asked for: a name that is lost must not be made again by whoever writes to it.
        answer = await client.bulk(
            body=b"\n".join(lines) + b"\n",
            index=index.name,
            params={"require_alias": "true", "filter_path": "errors,items.*.status,items.*.error"},
        )
        taken = msgspec.convert(answer, _Taken)
        self._written += len(lines) // 2
        if not taken.errors:
            return
        for item in taken.items:
            for said in item.values():
                if said.status == NOT_FOUND:
                    raise IndexLost
                if said.status >= 300 and said.status != CONFLICT:
                    raise Troubled(f"OpenSearch does not take documents ({said.why})")


def _physical(name: str) -> str:
    """An index is asked and written by an alias alone."""
    return f"{name}-of"
