"""A view built by several processes at once, each from the events of one shard of the workspaces.

Only of views whose rows are each made from one workspace alone (`Projection.by_workspace`). Each
shard has a checkpoint of its own, and goes on from there where it was killed; once all stand at the
same position, so does the generation, and the shards are gone.
"""

from binascii import crc32
from collections import Counter
from collections.abc import Callable
from typing import Final, Protocol

import msgspec

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection
from infra.processes import dead_letters
from infra.processes.build_progress import Meter, Progress
from infra.processes.bulk_load import BuildLimits, BulkLoad
from infra.processes.checkpoints import OfShard
from infra.processes.generations import Generation
from infra.processes.log import Log
from infra.processes.outages import Fenced
from infra.processes.sessions import LOOK_UPS, Sessions
from projections.projection import Projection

# Of the log so many events are looked at to find out how it would be shared out.
_SAMPLE: Final = 20_000
# Where one process would have nearly all of it, it may as well have all.
_MOST_OF_IT: Final = 0.8

Told = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Shard:
    """The workspaces of one of `count`."""

    number: int
    count: int

    def has(self, workspace_id: str) -> bool:
        return _number(workspace_id, self.count) == self.number


def _number(workspace_id: str, count: int) -> int:
    return crc32(workspace_id.encode()) % count


class Order(msgspec.Struct, frozen=True):
    """Bring one shard of a generation to `target`, for whoever owns its checkpoint by `epoch`."""

    generation: Generation
    epoch: int
    log_id: str
    shard: Shard
    target: int
    limits: BuildLimits


class Builders(Protocol):
    """Who follows orders, one shard each: so many, where the log has so many events at least."""

    @property
    def count(self) -> int: ...

    @property
    def least_events(self) -> int: ...

    async def build(self, projection: Projection, order: Order, told: Told) -> None:
        """`told` hears of positions on the way. Raises Fenced where another process takes the
        generation over, and what is_outage says yes to where it may be tried again."""
        ...


async def build_shard(
    projection: Projection, order: Order, store: Log, sessions: Sessions, told: Told
) -> None:
    """As `Builders.build`, here and now."""

    def at(progress: Progress) -> None:
        told(progress.position)

    generation = order.generation
    async with (
        sessions.open("build-writer", statement_timeout_s=3600) as writer,
        sessions.open("build-reader", settings=LOOK_UPS) as reader,
    ):
        standing = await positions(writer, generation)
        if order.shard.number not in standing:
            raise Fenced(f"{generation} is not built in shards any more")
        loader = BulkLoad(
            projection,
            generation,
            store,
            sessions,
            order.limits,
            Meter(generation, at),
            writer,
            reader,
            standing[order.shard.number],
            OfShard(generation, order.epoch, order.log_id, order.shard.number),
            await dead_letters.parked(writer, generation),
            takes=order.shard.has,
        )
        await loader.load(order.target)


async def are_worthwhile(connection: Connection, events: int, count: int) -> bool:
    """Whether no shard of so many has nearly all of the log, which has so many events."""
    cursor = await connection.execute(
        "SELECT workspace_id, count(*) FROM log.events TABLESAMPLE SYSTEM (%s) REPEATABLE (1)"
        " GROUP BY workspace_id",
        (min(100.0, 100 * _SAMPLE / max(events, 1)),),
    )
    shares: Counter[int] = Counter()
    for workspace_id, found in await cursor.fetchall():
        shares[_number(workspace_id, count)] += found
    return max(shares.values(), default=1) < _MOST_OF_IT * shares.total()


async def positions(connection: Connection, generation: Generation) -> dict[int, int]:
    """Where each shard stands, by number; none where it is not built in shards."""
    cursor = await connection.execute(
        "SELECT shard, position FROM ops.build_shards"
        " WHERE name = %s AND version = %s AND generation = %s",
        (generation.name, generation.version, generation.number),
    )
    return {int(number): int(position) for number, position in await cursor.fetchall()}


async def end(connection: Connection, generation: Generation) -> None:
    """Within the transaction that moves the generation's own checkpoint to where all are."""
    await connection.execute(
        "DELETE FROM ops.build_shards WHERE name = %s AND version = %s AND generation = %s",
        (generation.name, generation.version, generation.number),
    )
