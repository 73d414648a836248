"""Where in the log something stands that destroyed keys had sealed, and what is told about it."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Final, LiteralString

import msgspec

from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from infra.event_store.rows import COLUMNS, StoredRow
from infra.postgres.pool import Connection
from infra.processes import careful
from infra.processes.log import Log

# So many positions are looked through by one statement.
_RANGE: Final = 20_000
_DECODED: Final = 500

# The address that was invited, under a key of the invitation's own, is kept by no view.
_KEYS: LiteralString = """
SELECT key_id, kind FROM keys.destroyed
WHERE destroyed_at >= %s AND kind IN ('content', 'identity') AND owner NOT LIKE 'inv\\_%%'
ORDER BY key_id
"""
# A reason is sealed by who wrote, in the metadata; an address by who they are.
_STREAMS: LiteralString = """
SELECT e.workspace_id, e.stream, CASE WHEN e.stream NOT LIKE 'task\\_%%' THEN e.payload END
FROM log.events AS e
WHERE e.position BETWEEN %(first)s AND %(last)s AND EXISTS (
    SELECT FROM unnest(%(all)s::bytea[], %(content)s::boolean[]) AS k (id, content)
    WHERE position(k.id IN e.payload) > 0 OR (k.content AND position(k.id IN e.metadata) > 0))
"""
# Tasks and comments are nearly all there is; of tasks those alone that are asked for.
_UNITS: LiteralString = """
FROM log.events WHERE position BETWEEN %(first)s AND %(last)s
AND workspace_id = ANY (%(workspaces)s)
AND (stream NOT LIKE 'task\\_%%' OR stream = ANY (%(streams)s))
"""
_ADDRESSES: LiteralString = """
FROM log.events AS e WHERE e.position BETWEEN %(first)s AND %(last)s AND EXISTS (
    SELECT FROM unnest(%(all)s::bytea[]) AS k (id) WHERE position(k.id IN e.metadata) > 0)
"""


class _About(msgspec.Struct):
    """What a payload says of the task that it is about."""

    task_id: str | None = None


_about = msgspec.msgpack.Decoder(_About)


def _task_in(payload: bytes) -> str | None:
    """None where it names no task, or cannot be read."""
    try:
        return _about.decode(payload).task_id
    except msgspec.MsgspecError:
        return None


class Traces:
    """The streams in which destroyed keys had sealed a text, and the tasks that such a stream is
    about: of these all is told, since their rows are made of both."""

    def __init__(self, keys: Sequence[tuple[bytes, bool]]) -> None:
        """Keys by their ids, and whether each is one of content."""
        self._keys = keys
        self.streams: set[str] = set()
        self.workspaces: set[str] = set()

    @classmethod
    async def find(cls, session: Connection, since: datetime, upto: int) -> "Traces":
        """Of the keys that were destroyed since then, in the log up to a position."""
        cursor = await session.execute(_KEYS, (since,))
        keys = [(key_id.bytes, kind == "content") for key_id, kind in await cursor.fetchall()]
        found = cls(keys)
        for first in range(1, upto + 1, _RANGE):
            cursor = await session.execute(
                _STREAMS, found.sought(first, min(first + _RANGE - 1, upto))
            )
            for workspace_id, stream, payload in await cursor.fetchall():
                found.workspaces.add(workspace_id)
                found.streams.add(stream)
                if payload is not None and (task_id := _task_in(payload)) is not None:
                    found.streams.add(task_id)
        return found

    def texts(self, store: Log) -> "Telling":
        """All that can be told in their workspaces but for tasks that have no trace, and comments
        on these: whatever a view makes of the texts follows from that."""
        return Telling(self, store, addresses=False)

    def addresses(self, store: Log) -> "Telling":
        """The events that came from an address that was sealed, each of which stands for itself."""
        return Telling(self, store, addresses=True)

    def sought(self, first: int, last: int) -> dict[str, object]:
        """The parameters of every question to the log."""
        return {
            "first": first,
            "last": last,
            "all": [key_id for key_id, _ in self._keys],
            "content": [is_content for _, is_content in self._keys],
            "workspaces": [*{SYSTEM_WORKSPACE, *self.workspaces}],
            "streams": [*self.streams],
        }

    def concern(self, row: StoredRow) -> bool:
        """Whether it is told: a comment is where its task is."""
        return not row.stream.startswith("cmt_") or _task_in(row.payload) in self.streams


class Telling:
    """Events, as far as they were asked for, kept for every view that folds them."""

    def __init__(self, traces: Traces, store: Log, *, addresses: bool) -> None:
        self._traces = traces
        self._store = store
        self._addresses = addresses
        self._sql = _ADDRESSES if addresses else _UNITS
        self._events: list[Recorded] = []
        self._upto = 0

    async def fits(self, session: Connection, position: int, most: int) -> bool:
        """Whether there are no more than so many up to a position, comments on other tasks among
        them."""
        for first in range(1, position + 1, _RANGE):
            last = min(first + _RANGE - 1, position)
            cursor = await session.execute(
                f"SELECT count(*) {self._sql}", self._traces.sought(first, last)
            )
            row = await cursor.fetchone()
            assert row is not None
            most -= row[0]
            if most < 0:
                return False
        return True

    async def upto(self, session: Connection, position: int) -> Sequence[Recorded]:
        """All of them up to a position, in order."""
        while self._upto < position:
            last = min(self._upto + _RANGE, position)
            cursor = await session.execute(
                f"SELECT {COLUMNS} {self._sql} ORDER BY position",
                self._traces.sought(self._upto + 1, last),
            )
            rows = [StoredRow(*row) for row in await cursor.fetchall()]
            rows = [row for row in rows if self._addresses or self._traces.concern(row)]
            for start in range(0, len(rows), _DECODED):
                self._events += await careful.decode(
                    self._store, rows[start : start + _DECODED], aliases=self._addresses
                )
                await asyncio.sleep(0)
            self._upto = last
        return self._events
