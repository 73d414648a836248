"""A made past, written into the views of a real database."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domain.values.recorded import Recorded
from infra.postgres.pool import Connection
from infra.postgres.prepared import PreparedConnection
from infra.postgres.views.rows import adapt
from infra.processes import generations
from infra.processes.generations import Generation, Move
from infra.processes.kept_rows import NO_LIMITS
from infra.processes.rows import RowStore
from projections.projection import Projection
from projections.registry import VIEWS
from tests.projections.history import History
from tests.real import Database


@dataclass(slots=True)
class _View:
    projection: Projection
    generation: Generation
    rows: RowStore
    position: int
    epoch: int


class Written:
    """Views that were written by hand, batch by batch; the log has the heads of the streams.

    `connection` acts as the worker, `owner` as who may write to the log's tables. `limits`: of the
    rows that stay in memory between batches.
    """

    limits = NO_LIMITS

    def __init__(self, connection: Connection, owner: Connection, log_id: str) -> None:
        self.log_id = log_id
        self.connection = connection
        self._owner = owner
        self._views: dict[str, _View] = {}

    async def begin(self, views: Sequence[Projection] = VIEWS) -> None:
        """Empty views that answer."""
        for projection in views:
            await self.answer_with(await self.another(projection), projection)

    async def another(self, projection: Projection) -> Generation:
        """A further generation of a view, empty, that does not answer yet."""
        generation = await generations.create(self.connection, projection, self.log_id)
        await generations.create_indexes(projection, generation, self.connection)
        await generations.force_policies(self.connection, projection, generation)
        return generation

    async def answer_with(self, generation: Generation, projection: Projection) -> None:
        claimed = await generations.claim(self.connection, [generation], self.log_id)
        position, epoch = claimed[generation]
        rows = RowStore(projection, generation, self.limits)
        self._views[projection.name] = _View(projection, generation, rows, position, epoch)
        assert await generations.point(self.connection, generation)

    async def write(self, past: History, *, log: bool = True) -> None:
        """All of the past that is not written yet; `log` False: only into the views."""
        if log:
            await self.log(past.events)
        for name in self._views:
            await self.write_to(name, past)

    async def write_to(self, name: str, past: History) -> None:
        view = self._views[name]
        events = [each for each in past.events if each.position > view.position]
        if not events:
            return
        asked = view.rows.asked(events)
        if asked:
            await view.rows.load(self.connection, asked)
        for recorded in events:
            fold = view.projection.folds.get(type(recorded.event), view.projection.every)
            if fold is not None:
                fold(recorded, view.rows)
        changes = view.rows.changes()
        view.rows.leave()
        move = Move(view.generation, view.epoch, view.position, events[-1].position)
        async with self.connection.transaction():
            await generations.move(self.connection, [move], self.log_id)
            await changes.write(self.connection)
        view.rows.committed()
        view.position = move.new

    async def log(self, events: Sequence[Recorded]) -> None:
        """The heads of the streams, as the log has them after these events."""
        for recorded in events:
            await self._owner.execute(
                "INSERT INTO log.stream_heads VALUES (%s, %s, %s, %s)"
                " ON CONFLICT (stream) DO UPDATE"
                " SET version = EXCLUDED.version, position = EXCLUDED.position",
                (
                    recorded.stream,
                    recorded.stamp.workspace_id,
                    recorded.stamp.version,
                    recorded.position,
                ),
            )

    async def guard(self, name: str, position: int) -> None:
        await self._owner.execute("INSERT INTO log.guards VALUES (%s, %s)", (name, position))


@asynccontextmanager
async def opened(database: Database, views: Sequence[Projection] = VIEWS) -> AsyncIterator[Written]:
    """Empty views that answer; whatever was written there before answers no more."""
    connect = PreparedConnection.connect
    async with (
        await connect(database.worker_url, autocommit=True) as worker,
        await connect(database.superuser_url, autocommit=True) as owner,
    ):
        adapt(worker)
        found = await (await owner.execute("SELECT log_id::text FROM log.head")).fetchone()
        assert found is not None
        await owner.execute("DELETE FROM ops.projection_pointers")
        written = Written(worker, owner, found[0])
        await written.begin(views)
        yield written
