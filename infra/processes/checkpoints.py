"""Where a load of rows stands: a generation's checkpoint, or that of one shard of its build."""

from typing import Final, Protocol

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection
from infra.processes import generations
from infra.processes.generations import Generation, Move

_MOVE_SHARD: Final = (
    "SELECT ops.move_build_shard(%s, %s::integer, %s::integer, %s, %s::uuid, %s::integer, %s, %s)"
)


class Checkpoint(Protocol):
    async def move(self, connection: Connection, old: int, new: int) -> None:
        """First statement of the transaction that writes the rows; SQLSTATE TL001 where it is not
        at `old` any more, or somebody else has taken the generation over."""
        ...


@dataclass(frozen=True, slots=True)
class OfGeneration:
    generation: Generation
    epoch: int
    log_id: str

    async def move(self, connection: Connection, old: int, new: int) -> None:
        step = Move(self.generation, self.epoch, old, new)
        await generations.move(connection, [step], self.log_id)


@dataclass(frozen=True, slots=True)
class OfShard:
    """`shard`: its number."""

    generation: Generation
    epoch: int
    log_id: str
    shard: int

    async def move(self, connection: Connection, old: int, new: int) -> None:
        of = self.generation
        await connection.execute(
            _MOVE_SHARD,
            (of.name, of.version, of.number, self.epoch, self.log_id, self.shard, old, new),
        )
