"""What background processes need of the event log."""

from collections.abc import Collection, Sequence
from typing import Protocol

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.event_store.codec import ALL_READ, Fields
from infra.event_store.rows import StoredRow
from infra.postgres.pool import Connection

PORTION_BYTES = 8 * 1024 * 1024


class NewIncarnation(Exception):
    """The log has another log_id than when this work began: begin afresh."""


class Log(Protocol):
    """All methods raise psycopg errors or Refused(DEPENDENCY_DOWN) while the log is away."""

    async def read_rows(self, first: int, last: int) -> Sequence[StoredRow]:
        """The rows from `first` to `last`, both included, in order, as far as the log goes."""
        ...

    async def decode(
        self,
        rows: Sequence[StoredRow],
        *,
        aliases: bool = False,
        opens: Collection[str] | None = None,
        unread: Fields = ALL_READ,
    ) -> Sequence[Recorded]:
        """One for each row. A type that this code does not know has `event` None, and so has one
        of a workspace that is not among `opens`. With `aliases` `Origin.ip` is the alias of the
        address. Sealed fields that are `unread` need not be opened."""
        ...

    async def decode_envelope(self, row: StoredRow, *, aliases: bool = False) -> Recorded:
        """What is beside an event that cannot be read: `event` is None, as is an address that
        cannot be opened. Raises Unreadable where that cannot be read either."""
        ...


class Portion:
    """How many events to read at once: so many, or fewer while they are large."""

    def __init__(self, most: int) -> None:
        self._most = most
        self.events = most

    def learn(self, rows: Sequence[StoredRow]) -> None:
        """From what was read last."""
        if sum(len(row.payload) + len(row.metadata) for row in rows) > PORTION_BYTES:
            self.events = max(1, self.events // 2)
        else:
            self.events = min(self._most, self.events * 2)


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
