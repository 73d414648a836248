"""Builds one generation of a view from the log, through every outage, until it may join."""

import asyncio
from collections.abc import Sequence

import structlog

from infra.postgres.pool import Connection
from infra.processes import dead_letters, generations, shards
from infra.processes.backoff import Backoff
from infra.processes.build_progress import Meter, OnProgress
from infra.processes.bulk_load import BuildLimits, BulkLoad
from infra.processes.checkpoints import OfGeneration
from infra.processes.generations import Generation, Standing
from infra.processes.log import Log, head
from infra.processes.outages import Fenced, described, is_fence, is_outage
from infra.processes.sessions import LOOK_UPS, Sessions
from infra.processes.shards import Builders, Order, Shard
from infra.tasks import cancelled
from projections.projection import Projection

JOIN_WITHIN = 2_000

log = structlog.get_logger()


class BuildRunning(Exception):
    """Another process builds or heals this view now."""


def build_lock(name: str, version: int) -> str:
    """The name under which only one process at a time builds or heals a view."""
    return f"build:{name}:{version}"


async def resumable(
    connection: Connection, projection: Projection, log_id: str, present: Sequence[Standing]
) -> Generation:
    """The generation that an earlier build by the same code left unfinished, else a new one;
    what other code left unfinished is dropped. The caller holds the build's lock."""
    code = generations.fingerprint()
    for standing in present:
        if standing.state == "building":
            if standing.fingerprint == code and standing.log_id == log_id:
                return standing.generation
            await generations.drop(connection, standing.generation)
    return await generations.create(connection, projection, log_id)


async def build_first(
    projection: Projection, store: Log, sessions: Sessions, log_id: str, limits: BuildLimits
) -> None:
    """Build the first generation of a version and let it join; nothing if another process is at
    it, or has done it meanwhile."""
    async with sessions.lead("build-locks") as leadership:
        if not await leadership.try_lead(build_lock(projection.name, projection.version)):
            return
        session = leadership.session
        present = await generations.standings_of(session, projection)
        if any(standing.answers or standing.state in ("joining", "live") for standing in present):
            return
        generation = await resumable(session, projection, log_id, present)
        await Build(projection, generation, store, sessions, log_id, limits=limits).run()
        await generations.set_state(session, generation, "joining")


async def catch_up(
    projection: Projection,
    generation: Generation,
    store: Log,
    sessions: Sessions,
    log_id: str,
    limits: BuildLimits,
) -> None:
    """Bring a generation near the head that had fallen far behind; its state stays."""
    async with sessions.lead("build-locks") as leadership:
        if await leadership.try_lead(build_lock(projection.name, projection.version)):
            await Build(projection, generation, store, sessions, log_id, limits=limits).run()


class Build:
    """Checkpointed: killed at any point, it goes on from its last flush. What was begun in shards
    is brought to where the log is by `builders` first."""

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        store: Log,
        sessions: Sessions,
        log_id: str,
        *,
        limits: BuildLimits | None = None,
        on_progress: OnProgress | None = None,
        builders: Builders | None = None,
    ) -> None:
        self._projection = projection
        self._generation = generation
        self._store = store
        self._sessions = sessions
        self._log_id = log_id
        self._limits = limits or BuildLimits()
        self._meter = Meter(generation, on_progress)
        self._builders = builders

    async def run(self, within: int = JOIN_WITHIN, upto: int | None = None) -> int:
        """Fold until at most `within` events are left to the log's head, or up to `upto` exactly
        where it is given and not behind; the position reached.

        Outages are waited out. Raises Fenced when another process takes the generation over.
        """
        backoff = Backoff()
        while True:
            before = self._meter.position
            try:
                async with (
                    self._sessions.open("build-writer", statement_timeout_s=3600) as writer,
                    self._sessions.open("build-reader", settings=LOOK_UPS) as reader,
                ):
                    return await self._live(writer, reader, within, upto)
            except Exception as error:
                if is_fence(error):
                    raise Fenced from error
                if not is_outage(error):
                    raise
                if self._meter.position > before:
                    backoff.reset()
                log.warning("build_waits", view=str(self._generation), error=described(error))
            await backoff.wait()

    async def _live(
        self, writer: Connection, reader: Connection, within: int, upto: int | None
    ) -> int:
        """One life, from claiming the generation to its end or the first outage."""
        claims = await generations.claim(writer, [self._generation], self._log_id)
        if self._generation not in claims:
            raise Fenced
        began, epoch = claims[self._generation]
        checkpoint = OfGeneration(self._generation, epoch, self._log_id)
        loader = BulkLoad(
            self._projection,
            self._generation,
            self._store,
            self._sessions,
            self._limits,
            self._meter,
            writer,
            reader,
            await self._built_in_shards(writer, checkpoint, began),
            checkpoint,
            await dead_letters.parked(writer, self._generation),
            began=began,
        )
        while True:
            here = await head(reader)
            if here.log_id != self._log_id:
                raise Fenced
            target = here.position if upto is None else min(upto, here.position)
            if loader.position < target:
                await self._force_policies(writer, force=False)  # new rows are copied
            await loader.load(target)
            await loader.finish()
            if upto is not None or (await head(reader)).position - loader.position <= within:
                await self._force_policies(writer)
                return loader.position

    async def _built_in_shards(
        self, writer: Connection, checkpoint: OfGeneration, position: int
    ) -> int:
        """Where the generation stands once all of its shards stand there, if it has any."""
        standing = await shards.positions(writer, self._generation)
        if not standing:
            return position
        assert self._builders is not None, "who begins in shards goes on in shards"
        target = (await head(writer)).position
        await self._force_policies(writer, force=False)
        self._meter.begin(sum(standing.values()) // len(standing), target)

        async def build(number: int) -> None:
            def told(at: int) -> None:
                standing[number] = at
                self._meter.at(sum(standing.values()) // len(standing))

            order = Order(
                self._generation,
                checkpoint.epoch,
                self._log_id,
                Shard(number, len(standing)),
                target,
                self._limits.shared_by(len(standing)),
            )
            assert self._builders is not None
            await self._builders.build(self._projection, order, told)

        builds = [asyncio.create_task(build(number)) for number in standing]
        try:
            await asyncio.gather(*builds)
        finally:
            await cancelled(*builds)
        async with writer.transaction():
            await checkpoint.move(writer, position, target)
            await shards.end(writer, self._generation)
        return target

    async def _force_policies(self, writer: Connection, *, force: bool = True) -> None:
        await generations.force_policies(writer, self._projection, self._generation, force=force)
