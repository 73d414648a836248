"""The event store on PostgreSQL, for asyncio."""

import contextlib
import uuid
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests

from commands.commit import Commit, Receipt
from domain.errors import Refused
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.recorded import Recorded
from infra.event_store.batch import replay
from infra.event_store.codec import ALL_READ, Codec, Fields
from infra.event_store.committer import Committer, CommitterStats, OnCommit, OnWrongLog
from infra.event_store.decoder import RowDecoder
from infra.event_store.encoder import CommitEncoder, EncodedCommit
from infra.event_store.metadata import Said, decode_metadata
from infra.event_store.refusals import down, unreachable
from infra.event_store.rows import COLUMNS, StoredRow
from infra.keys.aliases import Aliases
from infra.keys.content_keys import KeyRing
from infra.keys.master import MasterKeys
from infra.postgres.arrays import IntegerArray, TextArray
from infra.postgres.pool import Pool
from infra.postgres.prepared import fetch_prepared
from infra.postgres.scoped import fetch_scoped
from infra.postgres.views.gather import Gather

_READ_AT_ONCE = 500
_BEGINNING = 50
_STREAMS_AT_ONCE = 64
_LANES = 2
_BYTES_AT_ONCE = 8 * 1024 * 1024
_LAST_VERSION = 2**31 - 1
_LAST_POSITION = 2**63 - 1
_NEAR = 32
_WIDER = 16

_READ_STREAM: LiteralString = f"SELECT {COLUMNS} FROM log.read_stream(%s, %s, %s, %s)"
# The beginnings of many streams at once; what goes on from there is read stream by stream.
_READ_STREAMS: LiteralString = f"""
SELECT asked.nth, {COLUMNS}
FROM unnest(%s::integer[], %s::text[], %s::integer[], %s::integer[])
    AS asked (nth, name, past, last)
CROSS JOIN LATERAL log.read_stream(asked.name, asked.past, asked.last, {_BEGINNING})
ORDER BY asked.nth, version
"""
_READ_RANGE: LiteralString = (
    f"SELECT {COLUMNS} FROM log.events WHERE position BETWEEN %s AND %s ORDER BY position"
)
# At most so many rows, and of those no more than so many bytes, but always one.
_READ_ON: LiteralString = f"""
SELECT {COLUMNS} FROM (
    SELECT *, sum(octet_length(payload) + octet_length(metadata)) OVER (ORDER BY position) AS upto,
        row_number() OVER (ORDER BY position) AS nth
    FROM (
        SELECT * FROM log.events WHERE position > %s AND position <= %s
        ORDER BY position LIMIT %s
    ) rows
) summed WHERE nth = 1 OR upto <= %s ORDER BY position
"""
_READ_NEAR: LiteralString = f"""
SELECT {COLUMNS} FROM log.events
WHERE position BETWEEN %s AND %s AND workspace_id IN (%s, '{SYSTEM_WORKSPACE}') ORDER BY position
"""
# Of these positions those of one workspace, and of them no more than so many bytes, but always one.
_READ_AT: LiteralString = f"""
SELECT {COLUMNS}, found FROM (
    SELECT *, sum(octet_length(payload) + octet_length(metadata)) OVER (ORDER BY position) AS upto,
        row_number() OVER (ORDER BY position) AS nth, count(*) OVER () AS found
    FROM log.events WHERE position = ANY (%s::bigint[]) AND workspace_id = ANY (%s::text[])
) summed WHERE nth = 1 OR upto <= %s ORDER BY position
"""
_CAUSED_BY: LiteralString = "SELECT * FROM log.caused_by(%s, %s)"
_STREAMS_SINCE: LiteralString = """
SELECT (SELECT position FROM log.head), array(
    SELECT DISTINCT e.stream FROM log.events AS e
    WHERE e.position > %s AND e.workspace_id = %s AND e.type = ANY (%s::text[])
)
"""
_UNREACHABLE = (psycopg.OperationalError, PoolTimeout, PoolClosed, TooManyRequests)


class LogIncomplete(Exception):
    """Positions that must be there were not to be seen: the log is damaged, or the reader's role
    may see only a part of it."""


class PostgresEventStore:
    """`commands.ports.EventStore`, and what relays, projectors and tools need beside it.

    For one event loop. `pool` is for reading, as the api or the worker; `url` and `role` are for
    the committer's own session, which must not pass through a transaction pooler. Without
    `addresses` nobody's is told: `Origin.ip` is None in what is decoded.
    """

    def __init__(
        self,
        pool: Pool,
        master: MasterKeys,
        url: str,
        *,
        role: str | None = None,
        codec: Codec | None = None,
        ring: KeyRing | None = None,
        on_commit: OnCommit | None = None,
        on_wrong_log: OnWrongLog | None = None,
        addresses: bool = True,
    ) -> None:
        self._pool = pool
        self._master = master
        self._codec = codec or Codec()
        self.ring = ring or KeyRing(pool, master)
        self._committer = Committer(url, role=role, on_commit=on_commit, on_wrong_log=on_wrong_log)
        self._decoder = RowDecoder(self._codec, self.ring)
        self._aliases = Aliases(master)
        self._addresses = addresses
        self._encoder: CommitEncoder | None = None
        self._streams: Gather[tuple[str, int, int], list[StoredRow]] = Gather(
            self._read_beginnings, lanes=_LANES, batch=_STREAMS_AT_ONCE
        )

    async def start(self) -> None:
        """Connect, learn which log this is, read its root secret.

        Raises SessionLost or Refused(DEPENDENCY_DOWN) while PostgreSQL is away, KeyUnusable for a
        wrong master key.
        """
        async with _reachable(), self._pool.connection() as connection:
            await self._master.unlock(connection)
        self._encoder = CommitEncoder(self._codec, self.ring, self._master.derive("claims"))
        await self._committer.start()

    async def close(self) -> None:
        """Append what is waiting, then stop. The pool stays with whoever made it."""
        await self._committer.close()

    @property
    def log_id(self) -> uuid.UUID:
        """The incarnation of the log that this process works with."""
        return self._committer.log_id

    @property
    def stats(self) -> CommitterStats:
        return self._committer.stats

    @property
    def waiting(self) -> int:
        """Commits that wait for the next batch."""
        return self._committer.waiting

    @property
    def problem(self) -> str | None:
        """Why nothing can be appended now, for people to read; None when all is well."""
        return self._committer.problem

    async def append(self, commit: Commit) -> Receipt:
        """Append whole or not at all; see `commands.ports.EventStore`.

        Besides, Invalid for an event over 256 KiB and for what cannot be stored; ValueError or
        TypeError for a commit that is not well formed. `Refused.fields` of DEPENDENCY_DOWN has
        `retry_after` where nothing was appended for certain, else `in_doubt`.
        """
        try:
            encoded = await self.encoding.encode(commit)
        except _UNREACHABLE as error:
            raise down() from error
        return await self._committer.append(encoded)

    async def append_encoded(self, commit: EncodedCommit) -> Receipt:
        """The same for a commit that was encoded before."""
        return await self._committer.append(commit)

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        """Events of one stream, versions `after` < v <= `upto`, in order."""
        last = _LAST_VERSION if upto is None else upto
        beginning = await self._streams.get((stream, after, last)) or []
        events = await self.decode(beginning)
        if len(beginning) < _BEGINNING:
            return events
        after = beginning[-1].version
        while True:
            rows = await self._rows(_READ_STREAM, (stream, after, last, _READ_AT_ONCE))
            events += await self.decode(rows)
            if len(rows) < _READ_AT_ONCE:
                return events
            after = rows[-1].version

    async def read_rows_of(self, stream: str) -> AsyncIterator[list[StoredRow]]:
        """All rows of one stream, still sealed, in batches."""
        after = 0
        while rows := await self._rows(_READ_STREAM, (stream, after, _LAST_VERSION, _READ_AT_ONCE)):
            yield rows
            after = rows[-1].version

    async def read_log(
        self, after: int, upto: int | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        """Events by position, in batches, each from a short transaction of its own.

        Without `upto` it ends where the log ends when it gets there. For the worker's role.
        Raises LogIncomplete.
        """
        async for rows in self.read_batches(after, upto):
            yield await self.decode(rows)

    async def read_batches(
        self, after: int, upto: int | None = None
    ) -> AsyncIterator[list[StoredRow]]:
        """The same, still sealed."""
        last = upto if upto is not None else await self.head()
        while after < last:
            rows = await self._rows(_READ_ON, (after, last, _READ_AT_ONCE, _BYTES_AT_ONCE))
            if not rows:
                raise LogIncomplete(f"position {after + 1} is not to be seen")
            _contiguous(rows, after + 1)
            yield rows
            after = rows[-1].position
            if upto is None and after == last:
                last = await self.head()

    async def read_rows(self, first: int, last: int) -> list[StoredRow]:
        """Positions `first` to `last`, both included, in one short transaction; fewer only where
        the log ends before. Raises LogIncomplete."""
        rows = await self._rows(_READ_RANGE, (first, last))
        _contiguous(rows, first)
        return rows

    async def read_command(self, workspace_id: str, position: int) -> Sequence[Recorded]:
        """All events of the command that recorded this position, in order, those of other
        tenants left out; none where the position itself is not of the workspace."""
        if not 0 < position <= _LAST_POSITION:
            return []
        reach = _NEAR
        while True:
            first, last = max(1, position - reach), min(position + reach, _LAST_POSITION)
            rows = await self._near(workspace_id, first, last)
            found = _same_command(rows, workspace_id, position)
            # The events of a command stand side by side.
            whole = not found or (
                (found[0].position > first or first == 1) and found[-1].position < last
            )
            if whole:
                return await self.decode(found)
            reach *= _WIDER

    async def streams_since(
        self, workspace_id: str, events: Sequence[type], position: int
    ) -> tuple[int, Sequence[str]]:
        """The streams of a workspace on which an event of one of these classes stands after a
        position; and the log's last position, both as of one moment."""
        names = [self._codec.named(event) for event in events]
        async with _reachable(), self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection, (workspace_id,), _STREAMS_SINCE, (position, workspace_id, names)
            )
        head, streams = rows[0]
        return head, streams

    async def read_at(
        self, workspaces: Sequence[str], positions: Sequence[int], most_bytes: int
    ) -> tuple[list[StoredRow], bool]:
        """The rows of these workspaces at these positions, in order, of at most so many bytes
        together, but one at least; and whether these are all. What stands there of other tenants
        is left out."""
        async with _reachable(), self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection,
                workspaces,
                _READ_AT,
                (list(positions), list(workspaces), most_bytes),
            )
        return [StoredRow(*row[:-1]) for row in rows], not rows or rows[0][-1] == len(rows)

    async def commits_caused(self, job_id: str, since: datetime) -> list[tuple[str, int]]:
        """The commits that a job caused, of whatever workspaces: workspace and last position of
        each, in order. Reads all that was recorded from `since` on."""
        async with _reachable(), self._pool.connection() as connection:
            rows = await (await connection.execute(_CAUSED_BY, (job_id, since))).fetchall()
        commits: dict[bytes, tuple[str, int]] = {}
        for workspace_id, position, stored in rows:
            metadata = decode_metadata(stored)
            if metadata.causation_id == job_id:
                commits[metadata.command] = (workspace_id, position)
        return list(commits.values())

    async def _near(self, workspace_id: str, first: int, last: int) -> list[StoredRow]:
        async with _reachable(), self._pool.connection() as connection:
            rows = await fetch_scoped(
                connection, (workspace_id,), _READ_NEAR, (first, last, workspace_id)
            )
        return [StoredRow(*row) for row in rows]

    async def decode(
        self,
        rows: Sequence[StoredRow],
        *,
        aliases: bool = False,
        opens: Collection[str] | None = None,
        unread: Fields = ALL_READ,
    ) -> list[Recorded]:
        """Rows as events; one of a type that this code does not know has the event None, and so
        has one of a workspace that is not among `opens`. With `aliases` that is what `Origin.ip`
        is, whatever else this store tells of addresses. Sealed fields that are `unread` are not
        opened.

        Raises Unreadable or SealBroken for a row that does not hold what was once written.
        """
        async with _reachable():
            told = self._told(aliases=aliases)
            return await self._decoder.decode(rows, addresses=told, opens=opens, unread=unread)

    async def decode_envelope(self, row: StoredRow, *, aliases: bool = False) -> Recorded:
        """What is beside an event that cannot be read, which is None. Raises Unreadable where that
        cannot be read either."""
        async with _reachable():
            return await self._decoder.decode_envelope(row, addresses=self._told(aliases=aliases))

    async def find_command(self, command_id: bytes, digest: bytes | None) -> Receipt | None:
        """The receipt of a command that is in the log already (`replayed` True), else None.

        Raises Refused(IDEMPOTENCY_KEY_REUSED) when it was another request.
        """
        rows = await self._fetch(
            "SELECT request_digest, position, recorded_at, main_stream, main_version"
            " FROM log.commits WHERE command_id = %s",
            (uuid.UUID(bytes=command_id),),
        )
        if not rows:
            return None
        found = replay(digest, *rows[0])
        if isinstance(found, Refused):
            raise found
        return found

    async def claimed_by(self, scope: str, value: str) -> str | None:
        """The stream that holds this unique value, else None."""
        rows = await self._fetch(
            "SELECT owner FROM log.claims WHERE scope = %s AND value_hmac = %s",
            (scope, self.encoding.claim_hmac(scope, value)),
        )
        return rows[0][0] if rows else None

    async def existing(self, streams: Collection[str]) -> set[str]:
        """Those of these streams that have any event, asked at once for all."""
        rows = await self._fetch(
            "SELECT stream FROM log.stream_heads WHERE stream = ANY (%s)", (list(streams),)
        )
        return {stream for (stream,) in rows}

    async def version_of(self, stream: str) -> int:
        """How many events a stream has, without reading them."""
        rows = await self._fetch(
            "SELECT version FROM log.stream_heads WHERE stream = %s", (stream,)
        )
        return rows[0][0] if rows else 0

    async def head(self) -> int:
        """The last position, 0 for an empty log."""
        rows = await self._fetch("SELECT position FROM log.head", ())
        position: int = rows[0][0]
        return position

    async def touched(self, guard: str) -> int:
        """The position of the last event that touched a guard, 0 where there is none."""
        rows = await self._fetch("SELECT position FROM log.guards WHERE name = %s", (guard,))
        return rows[0][0] if rows else 0

    @property
    def encoding(self) -> CommitEncoder:
        """Encodes commits for `append_encoded`."""
        if self._encoder is None:
            raise RuntimeError("the event store has not been started")
        return self._encoder

    async def _read_beginnings(
        self, asked: Sequence[tuple[str, int, int]]
    ) -> dict[tuple[str, int, int], list[StoredRow]]:
        """What `read_stream` begins with, for many who ask at the same time."""
        streams, afters, lasts = zip(*asked, strict=True)
        numbers = IntegerArray.of(range(len(asked)))
        columns = (TextArray.of(streams), IntegerArray.of(afters), IntegerArray.of(lasts))
        rows = await self._fetch(_READ_STREAMS, (numbers, *columns))
        found: dict[tuple[str, int, int], list[StoredRow]] = {}
        for nth, *row in rows:
            found.setdefault(asked[nth], []).append(StoredRow(*row))
        return found

    def _told(self, *, aliases: bool) -> Said | None:
        if aliases:
            return self._aliases.of
        return str if self._addresses else None

    async def _rows(self, sql: LiteralString, params: Sequence[object]) -> list[StoredRow]:
        return [StoredRow(*row) for row in await self._fetch(sql, params)]

    async def _fetch(self, sql: LiteralString, params: Sequence[object]) -> list[Any]:
        async with _reachable(), self._pool.connection() as connection:
            return await fetch_prepared(connection, sql, params)


@contextlib.asynccontextmanager
async def _reachable() -> AsyncIterator[None]:
    """PostgreSQL being away is a refusal, not a failure."""
    try:
        yield
    except _UNREACHABLE as error:
        raise unreachable() from error


def _same_command(rows: Sequence[StoredRow], workspace_id: str, position: int) -> list[StoredRow]:
    for row in rows:
        if row.position == position and row.workspace_id == workspace_id:
            command = decode_metadata(row.metadata).command
            return [each for each in rows if decode_metadata(each.metadata).command == command]
    return []


def _contiguous(rows: Iterable[StoredRow], first: int) -> None:
    for expected, row in enumerate(rows, first):
        if row.position != expected:
            raise LogIncomplete(f"position {expected} is not to be seen")
