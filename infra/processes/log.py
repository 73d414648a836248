"""What background processes need of the event log."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from domain.values.recorded import Recorded
from infra.event_store.rows import StoredRow
from infra.postgres.pool import Connection


class Log(Protocol):
    """Both methods raise psycopg errors or Refused(DEPENDENCY_DOWN) while the log is away."""

    async def read_rows(self, first: int, last: int) -> Sequence[StoredRow]:
        """The rows from `first` to `last`, both included, in order, as far as the log goes."""
        ...

    async def decode(self, rows: Sequence[StoredRow]) -> Sequence[Recorded]:
        """One for each row. A type that this code does not know has `event` None."""
        ...


@dataclass(frozen=True, slots=True)
class Head:
    log_id: str
    position: int


async def head(connection: Connection) -> Head:
    """The log's incarnation and its last position, asked of the database itself."""
    cursor = await connection.execute("SELECT log_id::text, position FROM log.head")
    row = await cursor.fetchone()
    assert row is not None, "a migrated database has a head row"
    return Head(str(row[0]), int(row[1]))
