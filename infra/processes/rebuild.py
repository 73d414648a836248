"""Makes a view anew from the log beside the one that answers, and lets it answer instead."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any

import structlog

from domain.values.frozen import dataclass
from infra.nats.connection import NatsConnection
from infra.nats.wake import send_change
from infra.postgres.pool import Connection
from infra.postgres.views import ddl
from infra.processes import generations, shards
from infra.processes.build import Build, BuildRunning, build_lock
from infra.processes.build_progress import OnProgress
from infra.processes.bulk_load import BuildLimits
from infra.processes.generations import Generation, Standing, view_lock
from infra.processes.log import Head, Log, head
from infra.processes.outages import Fenced
from infra.processes.sessions import Leadership, Sessions
from infra.processes.shards import Builders
from projections.projection import Projection, Table

JOIN_POLL_S = 0.1
JOIN_WITHIN_S = 60.0
SHOWN_DIFFERENCES = 100
DOUBLED = "more than once in the old one"

log = structlog.get_logger()


class ProjectorStuck(Exception):
    """A projector leads the view, but does not take the new generation over."""


class Stage(StrEnum):
    BUILDING = "building"
    JOINING = "joining"
    COMPARING = "comparing"
    SWITCHED = "switched"


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not the same: `changed`, only in the old one, only in the new one, or more
    than once in the old one."""

    table: str
    key: tuple[Any, ...]
    kind: str


@dataclass(slots=True)
class Comparison:
    """`differences` are the first of all `count`. `position`: where both stood."""

    position: int
    count: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Outcome:
    """`resumed`: an earlier rebuild had been ended half way. `projector`: one was running and
    took the new generation over. `comparison`: None where none was asked for, or there was
    nothing to compare with."""

    generation: Generation
    position: int
    seconds: float
    resumed: bool
    projector: bool
    comparison: Comparison | None


class Rebuild:
    """Reads never stop, and what answers is never harmed: killed at any point, it can be run
    again, and goes on where it was if the code is the same, and it was not begun before `since`.

    A view whose rows are each made from one workspace alone is built by all of the `builders` at
    once, where the log is long."""

    def __init__(
        self,
        projection: Projection,
        store: Log,
        sessions: Sessions,
        nats: NatsConnection | None = None,
        *,
        since: datetime | None = None,
        limits: BuildLimits | None = None,
        on_progress: OnProgress | None = None,
        on_stage: Callable[[Stage], None] | None = None,
        builders: Builders | None = None,
    ) -> None:
        self._projection = projection
        self._store = store
        self._sessions = sessions
        self._nats = nats
        self._since = since
        self._limits = limits
        self._on_progress = on_progress
        self._on_stage = on_stage or (lambda _stage: None)
        self._builders = builders

    async def run(self, *, compare: bool = False) -> Outcome:
        """Raises BuildRunning where another process builds or heals this view, ProjectorStuck,
        and psycopg.Error before and after the build; during it, outages are waited out."""
        projection = self._projection
        began = time.monotonic()
        async with self._sessions.lead("rebuild") as leadership:
            if not await leadership.try_lead(build_lock(projection.name, projection.version)):
                raise BuildRunning(f"{projection.name} is being rebuilt or healed already")
            here = await head(leadership.session)
            log_id = here.log_id
            generation, resumed = await self._begin(leadership.session, here)
            self._on_stage(Stage.BUILDING)
            if (await self._standing(leadership.session, generation)).state == "building":
                await self._build(generation, log_id).run()
                await generations.set_state(leadership.session, generation, "joining")
            self._on_stage(Stage.JOINING)
            alone = await self._join(leadership, generation, log_id)
            comparison = None
            if compare:
                self._on_stage(Stage.COMPARING)
                comparison = await self._compare(leadership.session, generation, log_id, alone)
            await self._switch(leadership.session, generation, log_id, alone)
            self._on_stage(Stage.SWITCHED)
            return Outcome(
                generation,
                (await self._standing(leadership.session, generation)).position,
                time.monotonic() - began,
                resumed,
                not alone,
                comparison,
            )

    async def _begin(self, session: Connection, here: Head) -> tuple[Generation, bool]:
        """The generation to go on with, whether an earlier run began it."""
        in_shards = await self._shards(session, here)
        code = generations.fingerprint(in_shards)
        unfinished: Standing | None = None
        present = await generations.standings_of(session, self._projection)
        for standing in present:
            if standing.answers or standing.state == "retired":
                continue
            fits = standing.fingerprint == code and standing.log_id == here.log_id
            is_late = self._since is not None and standing.created_at < self._since
            if fits and not is_late and not unfinished:
                unfinished = standing
            else:
                await generations.discard(session, standing.generation)
        if unfinished is not None:
            begun = await shards.positions(session, unfinished.generation)
            return unfinished.generation, unfinished.position > 0 or any(begun.values())
        created = await generations.create(session, self._projection, here.log_id, in_shards)
        return created, False

    async def _shards(self, session: Connection, here: Head) -> int:
        """In how many the log is folded."""
        builders = self._builders
        if (
            builders is None
            or not self._projection.by_workspace
            or here.position < builders.least_events
            or not await shards.are_worthwhile(session, here.position, builders.count)
        ):
            return 1
        return builders.count

    async def _join(self, leadership: Leadership, generation: Generation, log_id: str) -> bool:
        """Until the generation is kept up to date: by a projector, else (True) by us."""
        lock = view_lock(generation.name, generation.version)
        deadline = time.monotonic() + JOIN_WITHIN_S
        await self._notify(log_id)
        while True:
            if (await self._standing(leadership.session, generation)).state == "live":
                return False
            if await leadership.try_lead(lock):
                await self._build(generation, log_id).run(within=0)
                await generations.set_state(leadership.session, generation, "live")
                return True
            if time.monotonic() > deadline:
                raise ProjectorStuck(
                    f"a projector leads {generation.view}, but did not take {generation} over"
                    f" within {JOIN_WITHIN_S:.0f} s; see its log, then run this again"
                )
            await asyncio.sleep(JOIN_POLL_S)

    async def _compare(
        self, session: Connection, generation: Generation, log_id: str, alone: bool
    ) -> Comparison | None:
        """Of the generation that answers with the new one, both at the same position."""
        present = await generations.standings_of(session, self._projection)
        old = next((one.generation for one in present if one.answers), None)
        if old is None or old == generation:
            return None
        if alone:
            upto = (await self._standing(session, generation)).position
            await self._build(old, log_id).run(upto=upto)
        async with self._sessions.open("rebuild-compare", statement_timeout_s=3600) as reader:
            while True:
                async with reader.transaction():
                    await reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                    positions = {
                        one.generation: one.position
                        for one in await generations.standings_of(reader, self._projection)
                    }
                    if positions[old] == positions[generation]:
                        comparison = Comparison(positions[old])
                        for table in self._projection.tables:
                            await _compare_table(
                                reader, self._projection, table, old, generation, comparison
                            )
                        return comparison
                await asyncio.sleep(JOIN_POLL_S)

    async def _switch(
        self, session: Connection, generation: Generation, log_id: str, alone: bool
    ) -> None:
        """Point to the generation, as soon as it is not behind the one that answers."""
        while not await generations.point(session, generation):
            if alone:
                await self._build(generation, log_id).run(within=0)
            await asyncio.sleep(JOIN_POLL_S)
        log.info("view_switched", view=str(generation))
        await self._notify(log_id)

    async def _standing(self, session: Connection, generation: Generation) -> Standing:
        """Raises Fenced when the generation has gone."""
        for standing in await generations.standings_of(session, self._projection):
            if standing.generation == generation:
                return standing
        raise Fenced(f"{generation} has been dropped by somebody else")

    def _build(self, generation: Generation, log_id: str) -> Build:
        return Build(
            self._projection,
            generation,
            self._store,
            self._sessions,
            log_id,
            limits=self._limits,
            on_progress=self._on_progress,
            builders=self._builders,
        )

    async def _notify(self, log_id: str) -> None:
        if self._nats is not None:
            await send_change(self._nats, log_id)


async def _compare_table(
    connection: Connection,
    projection: Projection,
    table: Table,
    old: Generation,
    new: Generation,
    comparison: Comparison,
) -> None:
    keys = ", ".join(table.key)
    cursor = await connection.execute(
        f"SELECT count(*) OVER (), o.{table.key[0]} IS NULL, n.{table.key[0]} IS NULL, {keys}"
        f" FROM {ddl.relation(projection, table, old.number)} o"
        f" FULL JOIN {ddl.relation(projection, table, new.number)} n USING ({keys})"
        f" WHERE ROW({_of('o', table.columns)}) IS DISTINCT FROM ROW({_of('n', table.columns)})"
        f" ORDER BY {keys} LIMIT {SHOWN_DIFFERENCES}"
    )
    rows = await cursor.fetchall()
    if rows:
        comparison.count += int(rows[0][0])
    for _, added, lost, *key in rows:
        kind = "only in the new one" if added else "only in the old one" if lost else "changed"
        comparison.differences.append(Difference(table.name, tuple(key), kind))
    # Nobody who may not take away the primary key can bring that about.
    cursor = await connection.execute(
        f"SELECT count(*) OVER (), {keys} FROM {ddl.relation(projection, table, old.number)}"
        f" GROUP BY {keys} HAVING count(*) > 1 ORDER BY {keys} LIMIT {SHOWN_DIFFERENCES}"
    )
    doubled = await cursor.fetchall()
    if doubled:
        comparison.count += int(doubled[0][0])
    for _, *key in doubled:
        comparison.differences.append(Difference(table.name, tuple(key), DOUBLED))


def _of(alias: str, columns: Sequence[str]) -> str:
    return ", ".join(f"{alias}.{column}" for column in columns)
