"""Brings a workspace's events from a bundle into the log, as they are: all of them, or none."""

import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final, LiteralString, TypeVar

from commands.commit import Commit, NewEvent
from domain.record.disclosure import NotReadable, SealBroken
from domain.user.decisions import import_person
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.limits import Limits
from domain.values.recorded import Origin
from domain.workspace.decisions import take_over
from domain.workspace.events import WorkspaceImported
from domain.workspace.state import WORKSPACE
from infra.event_store.batch import append_within
from infra.event_store.codec import Codec, Unreadable
from infra.event_store.decoder import RowDecoder
from infra.event_store.encoder import COMMAND_ID_BYTES, MAX_EVENT_BYTES, CommitEncoder
from infra.event_store.metadata import decode_metadata
from infra.event_store.rows import StoredRow, microseconds, moment
from infra.imports.bundle_file import BundleFile, NotImportable, Progress
from infra.imports.bundle_history import History
from infra.imports.bundle_keys import BundleKeys
from infra.keys.destruction import DestroyedKeys
from infra.keys.master import MasterKeys
from infra.postgres.pool import Connection

_AT_ONCE: Final = 500
_PEOPLE_AT_ONCE: Final = 1_000
# One import at a time: two may bring the same person's keys.
_BEFORE: Final = (
    "SET LOCAL synchronous_commit = on",
    "SET LOCAL statement_timeout = 0",
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SELECT pg_advisory_xact_lock(hashtext('taskledger import bundle'))",
    "SET LOCAL lock_timeout = '30s'",
)

_STAGE: Final = """
CREATE TEMP TABLE bundle_events (
    nth bigint PRIMARY KEY, recorded_at timestamptz NOT NULL, number bigint,
    version bigint NOT NULL, stream text COLLATE "C" NOT NULL, type text NOT NULL,
    payload bytea NOT NULL, metadata bytea NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE bundle_numbers (
    nth bigint NOT NULL, name text COLLATE "C" NOT NULL, number bigint NOT NULL
) ON COMMIT DROP;
CREATE TEMP TABLE bundle_guards (
    name text COLLATE "C" PRIMARY KEY, nth bigint NOT NULL
) ON COMMIT DROP;
"""
_COPY_EVENTS: Final = (
    "COPY bundle_events (nth, recorded_at, number, version, stream, type, payload, metadata)"
    " FROM STDIN (FORMAT binary)"
)
_EVENT_TYPES: Final = ("int8", "timestamptz", "int8", "int8", "text", "text", "bytea", "bytea")
_ADD_NUMBERS: Final = (
    "INSERT INTO bundle_numbers SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])"
)
_ADD_GUARDS: Final = """
INSERT INTO bundle_guards SELECT * FROM unnest(%s::text[], %s::bigint[])
ON CONFLICT (name) DO UPDATE SET nth = excluded.nth
"""
# Each names the first stream or sequence that is not as a log makes it.
_BROKEN_STREAM: Final = """
SELECT stream FROM (
    SELECT nth, stream, version, row_number() OVER (PARTITION BY stream ORDER BY nth) AS due
    FROM bundle_events
) numbered WHERE version <> due ORDER BY nth LIMIT 1
"""
_BROKEN_NUMBERS: Final = """
SELECT name FROM (
    SELECT nth, name, number, row_number() OVER (PARTITION BY name ORDER BY nth) AS due
    FROM bundle_numbers
) numbered WHERE number <> due ORDER BY nth LIMIT 1
"""
_KNOWN_STREAM: Final = """
SELECT h.stream FROM log.stream_heads h
WHERE h.stream IN (SELECT stream FROM bundle_events WHERE version = 1) ORDER BY h.stream LIMIT 1
"""
_KNOWN_NUMBERS: Final = """
SELECT s.name FROM log.sequences s
WHERE s.name IN (SELECT name FROM bundle_numbers) ORDER BY s.name LIMIT 1
"""
_IMPORTED: Final = """
SELECT i.last_position - i.first_position + 1, i.log_id, i.link, i.last_position
FROM log.imports i WHERE i.workspace_id = %s
"""
_NOW: Final = "SELECT clock_timestamp()"
_HEAD: Final = "SELECT h.log_id, h.position FROM log.head h FOR NO KEY UPDATE"
_APPEND: Final = (
    """
INSERT INTO log.events (position, recorded_at, number, version, workspace_id, stream, type,
    payload, metadata)
SELECT %(base)s + nth, recorded_at, number, version, %(workspace)s, stream, type, payload, metadata
FROM bundle_events ORDER BY nth
""",
    """
INSERT INTO log.stream_heads (stream, workspace_id, version, position)
SELECT stream, %(workspace)s, max(version), %(base)s + max(nth) FROM bundle_events GROUP BY stream
""",
    """
INSERT INTO log.guards AS g (name, position) SELECT name, %(base)s + nth FROM bundle_guards
ON CONFLICT (name) DO UPDATE SET position = excluded.position
""",
    """
INSERT INTO log.sequences (name, value)
SELECT name, max(number) FROM bundle_numbers GROUP BY name
""",
    """
UPDATE log.head SET position = %(base)s + %(events)s,
    recorded_at = greatest(recorded_at, %(last)s)
""",
)
_ADD_IMPORT: Final = """
INSERT INTO log.imports (workspace_id, first_position, last_position, came_at, log_id, link)
VALUES (%s, %s, %s, %s, %s, %s)
"""
_MISSING_PEOPLE: Final = """
SELECT p.id FROM unnest(%s::text[]) AS p (id)
WHERE NOT EXISTS (SELECT FROM log.stream_heads h WHERE h.stream = p.id) ORDER BY p.id
"""

T = TypeVar("T")

OwnerOf = Callable[[str], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Imported:
    """`events` of the bundle were added, none where they had been before; `position` is that of the
    last event that views have to show. `people` are those who are known from now on."""

    tasks: int
    events: int
    fields: int
    people: int
    position: int


class BundleImport:
    """`connection` is the owner's, of a pool."""

    def __init__(
        self,
        connection: Connection,
        master: MasterKeys,
        destroyed: DestroyedKeys,
        encoding: CommitEncoder,
        limits: Limits,
    ) -> None:
        self._connection = connection
        self._master = master
        self._destroyed = destroyed
        self._encoding = encoding
        self._limits = limits
        self._codec = Codec()

    async def bring_in(
        self, bundle: BundleFile, owner: OwnerOf, progress: Progress = lambda done: None
    ) -> Imported:
        """In one transaction. `owner` says who owns the workspace from now on, given who did.
        Raises NotImportable, NotValid, Refused."""
        connection = self._connection
        try:
            async with connection.transaction():
                for statement in _BEFORE:
                    await connection.execute(statement)
                known = await self._imported(bundle)
                if known is not None:
                    return known
                history, fields = await self._stage(bundle, progress)
                return await self._append(bundle, history, fields, owner)
        except (Unreadable, SealBroken, NotReadable) as error:
            raise NotImportable(f"It holds what this version cannot read: {error}.") from error

    async def _imported(self, bundle: BundleFile) -> Imported | None:
        """What is to be said where the very same was imported before."""
        found = bundle.found
        row = await self._row(_IMPORTED, (found.workspace_id,))
        if row is None:
            return None
        events, log_id, link, position = row
        if (events, log_id, bytes(link)) != (found.head_count, found.log_id, found.head_link):
            raise NotImportable(
                f"{found.workspace_id} was imported before, and has gone on here since: what "
                "happened to it elsewhere cannot be added to it."
            )
        return Imported(0, 0, 0, 0, position)

    async def _stage(self, bundle: BundleFile, progress: Progress) -> tuple[History, int]:
        """Everything into tables of this transaction alone, looked through on its way. So nobody
        waits for it but at the end."""
        connection, codec = self._connection, self._codec
        keys = BundleKeys(connection, codec, self._master, self._destroyed.ids())
        decoder = RowDecoder(codec, keys)
        history = History(bundle.found.workspace_id)
        await connection.execute(_STAGE)
        now = await self._row(_NOW)
        assert now is not None
        latest = microseconds(now[0])
        for events in _some(bundle.events(progress), _AT_ONCE):
            rows = [event.row for event in events]
            if rows[-1].recorded_at > latest:
                raise NotImportable(
                    "It has events of a time that has not come by the clock here: set the clocks "
                    "right, and import it then."
                )
            for row in rows:
                self._require_known(row)
            await keys.take(events)
            history.follow(await decoder.decode(rows, addresses=lambda said: said))
            await self._copy(rows)
            history.last_recorded_at = rows[-1].recorded_at
        for sql, what in (
            (_BROKEN_STREAM, "The versions of {} in it are not 1, 2, 3 and so on"),
            (_BROKEN_NUMBERS, "The numbers that {} gave in it are not 1, 2, 3 and so on"),
        ):
            if (wrong := await self._row(sql)) is not None:
                raise NotImportable(f"{what.format(wrong[0])}: no log was ever so.")
        return history, keys.fields

    def _require_known(self, row: StoredRow) -> None:
        if self._codec.parse(row) is None:
            raise NotImportable(
                f"It has an event of the kind {row.type[:60]!r}, which this version does not know: "
                "bring this installation to the version of the other one first."
            )
        if len(row.payload) + len(row.metadata) > MAX_EVENT_BYTES:
            raise NotImportable(f"Its event {row.position:,} is larger than an event may be.")

    async def _copy(self, rows: Sequence[StoredRow]) -> None:
        async with self._connection.cursor() as cursor, cursor.copy(_COPY_EVENTS) as copy:
            copy.set_types(_EVENT_TYPES)
            for row in rows:
                await copy.write_row(
                    (
                        row.position,
                        moment(row.recorded_at),
                        row.number,
                        row.version,
                        row.stream,
                        row.type,
                        row.payload,
                        row.metadata,
                    )
                )
        numbers, guards = [], {}
        for row in rows:
            metadata = decode_metadata(row.metadata)
            if (metadata.draws is None) != (row.number is None):
                raise NotImportable(f"Its event {row.position:,} has a number and no sequence.")
            if metadata.draws is not None:
                numbers.append((row.position, metadata.draws, row.number))
            guards.update(dict.fromkeys(metadata.touches, row.position))
        if numbers:
            await self._connection.execute(
                _ADD_NUMBERS, [list(each) for each in zip(*numbers, strict=True)]
            )
        if guards:
            await self._connection.execute(_ADD_GUARDS, (list(guards), list(guards.values())))

    async def _append(
        self, bundle: BundleFile, history: History, fields: int, owner: OwnerOf
    ) -> Imported:
        connection, found = self._connection, bundle.found
        workspace, last = history.workspace, moment(history.last_recorded_at)
        owner_id = await owner(workspace.owner_id)
        head = await self._row(_HEAD)
        assert head is not None
        log_id, base = head
        for sql in (_KNOWN_STREAM, _KNOWN_NUMBERS):
            if (known := await self._row(sql)) is not None:
                raise NotImportable(
                    f"This installation has {known[0]} already: a workspace is imported where it "
                    "has never been."
                )
        values = {
            "base": base,
            "workspace": found.workspace_id,
            "events": history.events,
            "last": last,
        }
        for sql in _APPEND:
            await connection.execute(sql, values)
        origin = Origin(actor=owner_id, via="import")
        says = await self._encoding.encode(_goes_on(bundle, history, origin))
        receipt = await append_within(connection, log_id, says)
        place = (base + 1, base + history.events)
        await connection.execute(
            _ADD_IMPORT,
            (found.workspace_id, *place, receipt.recorded_at, found.log_id, found.head_link),
        )
        position, people = receipt.position, await self._missing(history.people)
        for some in _some(people, _PEOPLE_AT_ONCE):
            arrived = await self._encoding.encode(self._arrived(some, bundle, origin))
            position = (await append_within(connection, log_id, arrived)).position
        return Imported(history.tasks, history.events, fields, len(people), position)

    async def _missing(self, people: Iterable[str]) -> list[str]:
        cursor = await self._connection.execute(_MISSING_PEOPLE, (sorted(people),))
        return [row[0] for row in await cursor.fetchall()]

    def _arrived(self, people: Sequence[str], bundle: BundleFile, origin: Origin) -> Commit:
        """A workspace's trail does not say what its people are called."""
        events = [
            NewEvent(SYSTEM_WORKSPACE, person, event, subject=person)
            for person in people
            for event in import_person(
                name=f"Person {person[-6:]}", source=bundle.path.name, limits=self._limits
            )
        ]
        return Commit(
            command_id=secrets.token_bytes(COMMAND_ID_BYTES),
            workspace_id=SYSTEM_WORKSPACE,
            main_stream=people[0],
            origin=origin,
            events=tuple(events),
            expected=dict.fromkeys(people, 0),
        )

    async def _row(self, sql: LiteralString, params: Sequence[Any] = ()) -> Sequence[Any] | None:
        return await (await self._connection.execute(sql, params)).fetchone()


def _goes_on(bundle: BundleFile, history: History, origin: Origin) -> Commit:
    """Where it came from, who owns it from now on, and the keys of its projects taken."""
    workspace, found = history.workspace, bundle.found
    says = WorkspaceImported(log_id=found.log_id, events=history.events, link=found.head_link.hex())
    home = workspace.workspace_id
    return Commit(
        command_id=secrets.token_bytes(COMMAND_ID_BYTES),
        workspace_id=home,
        main_stream=home,
        origin=origin,
        events=tuple(
            NewEvent(home, home, event, touches=WORKSPACE.touches(workspace, event, home))
            for event in (says, *take_over(workspace, origin.actor))
        ),
        expected={home: workspace.version},
        claims=history.claims,
    )


def _some(things: Iterable[T], most: int) -> Iterator[list[T]]:
    rest = iter(things)
    while some := list(islice(rest, most)):
        yield some
