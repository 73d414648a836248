"""Lets no view remember somebody who was erased.

First what is made of their texts is taken out of the rows that answer, where that is little
against the whole: then nothing is given of it any more. Then every view that holds text is built
anew, since what a row once held stays in its file: where too much was to be taken out, by several
processes at once, for until then the old rows answer.
"""

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import psycopg
import structlog

from commands.custody.approve_erasure import CompleteErasure
from commands.custody.places import DUE_SCOPE
from commands.execution import Executor
from commands.scheduler import SCHEDULER
from domain.custody.state import CUSTODY, Custody, Erasure, ErasureState
from domain.errors import Refused
from domain.values.frozen import dataclass
from infra.erasure.apart import NotBuilt, build_apart
from infra.erasure.eraser import Eraser
from infra.erasure.redaction import Redaction
from infra.erasure.traces import Traces
from infra.keys.forgotten import HEARD_WITHIN_S
from infra.nats.connection import NatsConnection
from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.backoff import Backoff
from infra.processes.build import BuildRunning
from infra.processes.generations import Standing
from infra.processes.log import Log, head
from infra.processes.outages import Fenced, described, is_outage, starts_over
from infra.processes.rebuild import ProjectorStuck, Rebuild
from infra.processes.sessions import LeadershipLost, Sessions
from infra.tasks import cancelled
from projections.projection import Projection
from projections.search import SEARCH_VIEW

POLL_S: Final = 1.0
LOCK: Final = "eraser"

# What a page once held stays in it until something else is written there, so the few small tables
# that are changed in place are written anew; those of views are dropped whole.
_SCRUBBED: Final = (
    "keys.sealing_keys",
    "keys.imported_keys",
    "keys.field_keys",
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
_HEARD_WITHIN: Final = timedelta(seconds=HEARD_WITHIN_S)

# So many events are folded twice and their rows looked up, but no larger part of the log than a
# quarter, as far as that is more than a few.
_MOST_TOLD: Final = 50_000
_FEW: Final = 5_000
# Of a shorter log a view is built before another process has begun.
_SHORT_LOG: Final = 20_000
_MOST_PROCESSES: Final = 4

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Tools:
    """`owner_url`: of whoever may write tables of the catalogue anew, None where the process does
    not know them; then that is left to an operator. `environment`: of processes that build views
    beside this one."""

    views: Sequence[Projection]
    store: Log
    sessions: Sessions
    nats: NatsConnection | None
    eraser: Eraser
    open_executor: Callable[[], AbstractAsyncContextManager[Executor]]
    environment: Mapping[str, str]
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
        self._redacted = 0
        self._rebuilt = 0
        self._completed = 0

    @property
    def report(self) -> Mapping[str, int | str]:
        """What it says about itself: its state, and counts since the process began."""
        return {
            "state": self._state,
            "redacted": self._redacted,
            "rebuilt": self._rebuilt,
            "completed": self._completed,
        }

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
            except (BuildRunning, NotBuilt, ProjectorStuck, Fenced) as error:
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
        horizon = latest + _HEARD_WITHIN
        if now < horizon:
            return False
        is_urgent = not await self._out_of_sight(session, horizon)
        if not await self._rewritten(session, horizon, is_urgent=is_urgent):
            return False
        for custody, erasure in await self._due(session, executor):
            carried_out = erasure.steps.get(ErasureState.CARRIED_OUT)
            if carried_out is not None and carried_out.at < now:
                await self._complete(session, executor, custody, erasure)
        return True

    async def _out_of_sight(self, session: Connection, horizon: datetime) -> bool:
        """Whether no row that answers is made of what was erased; False where too many are."""
        tools, views = self._tools, self._texts
        due = [
            standing
            for standing in await generations.standings(session, list(views))
            if standing.answers
            and not views[standing.generation.name].keyed_by_text
            and standing.generation.version == views[standing.generation.name].version
            and _clear_since(standing) < horizon
        ]
        if not due:
            return True
        self._state = "taking texts out of views"
        upto = (await head(session)).position
        traces = await Traces.find(session, min(map(_clear_since, due)) - _HEARD_WITHIN, upto)
        texts, addresses = traces.texts(tools.store), traces.addresses(tools.store)
        most = min(_MOST_TOLD, max(_FEW, upto // 4))
        is_little = {each: await each.fits(session, upto, most) for each in (texts, addresses)}
        done = True
        for standing in due:
            view = views[standing.generation.name]
            telling = addresses if view.addresses else texts
            if not is_little[telling]:
                done = False
                continue
            try:
                await Redaction(view, standing.generation, traces, telling).run(tools.sessions)
                self._redacted += 1
            except Exception as error:
                if is_outage(error):
                    raise
                # Building it anew does without what could not be folded here.
                log.warning("view_not_redacted", view=view.name, error=described(error))
                done = False
        return done

    async def _rewritten(self, session: Connection, horizon: datetime, *, is_urgent: bool) -> bool:
        """Whether nothing is kept that was begun before; of what is, as much as can be goes."""
        views = self._texts
        stale = {}
        for standing in await generations.standings(session, list(views)):
            if standing.created_at >= horizon or standing.state == "retired":
                continue
            name, version = standing.generation.name, standing.generation.version
            if version < views[name].version:
                # Of former code: whoever still runs it builds it anew.
                await generations.discard(session, standing.generation)
            elif version == views[name].version:
                # What was begun and left unfinished goes with it.
                stale[name] = views[name]
        # What could not be taken out of its rows goes first.
        stale = dict(sorted(stale.items(), key=lambda each: not each[1].keyed_by_text))
        if is_urgent and (await head(session)).position > _SHORT_LOG:
            await self._rebuild_beside(list(stale.values()), horizon)
        else:
            for view in stale.values():
                await self._rebuild(view, horizon)
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

    async def _rebuild_beside(self, views: Sequence[Projection], horizon: datetime) -> None:
        """As many at once as there are processors; those of most kinds of events take longest, and
        go first."""
        self._state = "building views anew by several processes"
        waiting = iter(sorted(views, key=lambda view: (view.every is None, -len(view.folds))))

        async def build() -> None:
            async with aclosing(build_apart(waiting, horizon, self._tools.environment)) as built:
                async for _ in built:
                    self._rebuilt += 1

        at_once = min(_MOST_PROCESSES, len(os.sched_getaffinity(0)))
        builders = [asyncio.create_task(build()) for _ in range(at_once)]
        try:
            await asyncio.gather(*builders)
        finally:
            await cancelled(*builders)

    @property
    def _texts(self) -> dict[str, Projection]:
        return {view.name: view for view in self._tools.views if view.holds_text}

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
        if await self._tools.eraser.destroy_left(session, erasure):
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


def _clear_since(standing: Standing) -> datetime:
    """Since when its rows hold nothing that had been erased until then."""
    return standing.redacted_at or standing.created_at


async def _one(session: Connection, sql: LiteralString, *params: object) -> Sequence[Any]:
    cursor = await session.execute(sql, params)
    row = await cursor.fetchone()
    assert row is not None
    return row
