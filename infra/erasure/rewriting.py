"""Lets no view remember somebody who was erased: all that hold text are built anew without them."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import psycopg
import structlog

from commands.custody.approve_erasure import CompleteErasure
from commands.custody.places import DUE_SCOPE
from commands.execution import Executor
from commands.recurrence.make_occurrence import SCHEDULER
from domain.custody.state import CUSTODY, Custody, Erasure, ErasureState
from domain.errors import Refused
from infra.erasure.eraser import Eraser
from infra.keys.forgotten import HEARD_WITHIN_S
from infra.nats.connection import NatsConnection
from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.backoff import Backoff
from infra.processes.build import BuildRunning
from infra.processes.log import Log
from infra.processes.outages import Fenced, starts_over
from infra.processes.rebuild import ProjectorStuck, Rebuild
from infra.processes.sessions import LeadershipLost, Sessions
from projections.projection import Projection
from projections.search import SEARCH_VIEW

POLL_S: Final = 1.0
LOCK: Final = "eraser"

# What a page once held stays in it until something else is written there, so the few small tables
# that are changed in place are written anew; those of views are dropped whole.
_SCRUBBED: Final = (
    "keys.sealing_keys",
    "people.credentials",
    "people.sessions",
    "people.outbox",
    "people.identities",
    "people.kept_answers",
    "pg_catalog.pg_statistic",
    "pg_catalog.pg_statistic_ext_data",
)
_LATEST: Final = "SELECT max(destroyed_at), clock_timestamp() FROM keys.destroyed"
_DUE: Final = "SELECT DISTINCT owner FROM log.claims WHERE scope = %s ORDER BY owner LIMIT 100"
_OLD_INDEXES: Final = """
SELECT count(*) FROM ops.search_indexes AS i WHERE NOT EXISTS (
    SELECT FROM ops.projection_generations AS g
    WHERE (g.name, g.version, g.generation) = (%s, i.version, i.generation))
"""
# Whoever approves carries it out at once; what is left after so long was left by one that died.
_LEFT_AFTER: Final = timedelta(seconds=10)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """`owner_url`: of whoever may write tables of the catalogue anew, None where the process does
    not know them; then that is left to an operator."""

    views: Sequence[Projection]
    store: Log
    sessions: Sessions
    nats: NatsConnection | None
    eraser: Eraser
    open_executor: Callable[[], AbstractAsyncContextManager[Executor]]
    owner_url: str | None = None


class Rewriter:
    """One leads, by an advisory lock; any other stands by.

    What has to be done follows from what is there: a generation of a view that was begun before
    the last key was destroyed may hold what that key sealed. So whatever dies half way, and
    whatever a restore brings back, is dealt with alike.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._state = "starting"
        self._rebuilt = 0
        self._completed = 0

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        return {"state": self._state, "rebuilt": self._rebuilt, "completed": self._completed}

    async def run(self) -> None:
        """Until cancelled, through every outage."""
        backoff = Backoff()
        while True:
            try:
                async with self._tools.sessions.lead("eraser-lock") as leadership:
                    self._state = "standing by"
                    await leadership.lead(LOCK)
                    async with self._tools.open_executor() as executor:
                        while True:
                            leadership.check()
                            self._state = "running"
                            await self.turn(leadership.session, executor)
                            backoff.reset()
                            await asyncio.sleep(POLL_S)
            except (BuildRunning, ProjectorStuck, Fenced) as error:
                log.info("eraser_waits", error=str(error))
            except Exception as error:
                self._state = starts_over("eraser", error, Refused, LeadershipLost)
            await backoff.wait()

    async def turn(self, session: Connection, executor: Executor) -> bool:
        """Do what there is to do; False where something has to be waited for."""
        (now,) = await _one(session, "SELECT clock_timestamp()")
        for custody, erasure in await self._due(session, executor):
            approved = erasure.steps[ErasureState.APPROVED].at
            if erasure.stage is ErasureState.APPROVED and now - approved > _LEFT_AFTER:
                await self._tools.eraser.carry_out(executor, custody.workspace_id, erasure)
        latest, now = await _one(session, _LATEST)
        if latest is None:
            return True
        horizon = latest + timedelta(seconds=HEARD_WITHIN_S)
        if now < horizon:
            return False
        if not await self._rewritten(session, horizon):
            return False
        for custody, erasure in await self._due(session, executor):
            carried_out = erasure.steps.get(ErasureState.CARRIED_OUT)
            if carried_out is not None and carried_out.at < now:
                await self._complete(session, executor, custody, erasure)
        return True

    async def _rewritten(self, session: Connection, horizon: datetime) -> bool:
        """Whether nothing is kept that was begun before; of what is, as much as can be goes."""
        views = {view.name: view for view in self._tools.views if view.holds_text}
        rebuilt = set()
        for standing in await generations.standings(session, list(views)):
            if standing.created_at >= horizon or standing.state == "retired":
                continue
            name, version = standing.generation.name, standing.generation.version
            if version < views[name].version:
                # Of former code: whoever still runs it builds it anew.
                await generations.discard(session, standing.generation)
            elif version == views[name].version and name not in rebuilt:
                # What was begun and left unfinished goes with it.
                await self._rebuild(views[name], horizon)
                rebuilt.add(name)
        left = await generations.standings(session, list(views))
        if any(standing.created_at < horizon for standing in left):
            return False
        (indexes,) = await _one(session, _OLD_INDEXES, SEARCH_VIEW.name)
        return not indexes

    async def _rebuild(self, view: Projection, horizon: datetime) -> None:
        tools = self._tools
        self._state = f"building {view.name} anew"
        rebuild = Rebuild(view, tools.store, tools.sessions, tools.nats, since=horizon)
        outcome = await rebuild.run()
        self._rebuilt += 1
        log.info("view_rewritten", view=view.name, seconds=round(outcome.seconds, 3))

    async def _due(self, session: Connection, executor: Executor) -> list[tuple[Custody, Erasure]]:
        """What was approved and is not completed, as the log has it now."""
        cursor = await session.execute(_DUE, (DUE_SCOPE,))
        found = []
        for (stream,) in await cursor.fetchall():
            custody = await executor.states.read(CUSTODY, stream)
            if custody is not None:
                found += [
                    (custody, erasure)
                    for erasure in custody.erasures.values()
                    if erasure.stage in (ErasureState.APPROVED, ErasureState.CARRIED_OUT)
                ]
        return found

    async def _complete(
        self, session: Connection, executor: Executor, custody: Custody, erasure: Erasure
    ) -> None:
        if await self._tools.eraser.destroy(session, erasure):
            return  # a command that had begun before made one more key: everything once more
        await self._scrub()
        views = {
            standing.generation.name: standing.position
            for standing in await generations.standings(session)
            if standing.answers
        }
        command = CompleteErasure(
            workspace_id=custody.workspace_id, erasure_id=erasure.erasure_id, views=views
        )
        await executor.execute([command], SCHEDULER)
        self._completed += 1
        log.info("erasure_completed", erasure=erasure.erasure_id)

    async def _scrub(self) -> None:
        url = self._tools.owner_url
        if url is None:
            return
        connection = await psycopg.AsyncConnection.connect(url, autocommit=True)
        async with connection:
            await connection.execute("SET lock_timeout = '5s'")
            for table in _SCRUBBED:
                await connection.execute(f"VACUUM (FULL) {table}".encode())


async def _one(session: Connection, sql: LiteralString, *params: object) -> Sequence[Any]:
    cursor = await session.execute(sql, params)
    row = await cursor.fetchone()
    assert row is not None
    return row
