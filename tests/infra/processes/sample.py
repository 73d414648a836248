"""A small view over small events, and a log to put them in, for tests of the machinery alone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
import psycopg

from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from infra.event_store.rows import COLUMNS, StoredRow, moment
from infra.postgres.pool import Pool
from projections.projection import Projection, Rows, Scan, Table


@dataclass(frozen=True, slots=True)
class Added:
    """Adds to its stream's tally and to its workspace's."""

    amount: int


@dataclass(frozen=True, slots=True)
class Renamed:
    """Gives every tally of the workspace another label."""

    label: str


@dataclass(frozen=True, slots=True)
class Removed:
    """The stream's tally goes; a later Added begins a new one."""


@dataclass(frozen=True, slots=True)
class Broken:
    """Cannot be folded while BROKEN."""

    amount: int


@dataclass(frozen=True, slots=True)
class Unwritable:
    """Is folded, but PostgreSQL refuses the row while BROKEN."""


@dataclass(frozen=True, slots=True)
class Garbled:
    """Its stored bytes cannot be read as what they should be."""

    amount: str = "many"


@dataclass(frozen=True, slots=True)
class Unheard:
    """A type that this code does not know."""


@dataclass(slots=True)
class Tally:
    workspace_id: str
    stream: str
    label: str
    total: int
    events: int
    position: int
    doc: bytes = b""


@dataclass(slots=True)
class Total:
    workspace_id: str
    total: int
    label: str
    position: int


@dataclass(slots=True)
class Entry:
    workspace_id: str
    position: int
    stream: str
    total: int
    at: datetime


class Faults:
    """What the test wants to go wrong."""

    broken = True
    outage: Exception | None = None
    folded = 0


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    yield "tallies", recorded.stream
    yield "totals", recorded.stamp.workspace_id


def _change(recorded: Recorded, rows: Rows, amount: int) -> None:
    Faults.folded += 1
    if Faults.outage is not None:
        raise Faults.outage
    stamp = recorded.stamp
    tally = rows.get("tallies", stamp.stream)
    total = rows.get("totals", stamp.workspace_id)
    if total is None:
        total = Total(stamp.workspace_id, 0, "", 0)
    if tally is None:
        tally = Tally(stamp.workspace_id, stamp.stream, total.label, 0, 0, 0)
    tally.total += amount
    tally.events += 1
    tally.position = stamp.position
    total.total += amount
    total.position = stamp.position
    rows.put("tallies", tally)
    rows.put("totals", total)
    rows.put(
        "entries",
        Entry(stamp.workspace_id, stamp.position, stamp.stream, tally.total, stamp.recorded_at),
    )


def _added(recorded: Recorded, rows: Rows) -> None:
    _change(recorded, rows, recorded.event.amount)


def _renamed(recorded: Recorded, rows: Rows) -> None:
    label = recorded.event.label
    for tally in rows.scan("tallies", "workspace_id", recorded.stamp.workspace_id):
        tally.label = label
        rows.put("tallies", tally)
    total = rows.get("totals", recorded.stamp.workspace_id)
    if total is not None:
        total.label = label
        rows.put("totals", total)


def _removed(recorded: Recorded, rows: Rows) -> None:
    rows.delete("tallies", recorded.stream)


def _broken(recorded: Recorded, rows: Rows) -> None:
    if Faults.broken:
        raise ValueError("not to be folded")
    _change(recorded, rows, recorded.event.amount)


def _unwritable(recorded: Recorded, rows: Rows) -> None:
    _change(recorded, rows, 1)
    if Faults.broken:
        stamp = recorded.stamp
        rows.put("entries", Entry(stamp.workspace_id, 0, "no\x00text", 0, stamp.recorded_at))


def _finish(tally: Tally) -> None:
    tally.doc = msgspec.json.encode([tally.stream, tally.label, tally.total])


def sample(name: str = "sample", version: int = 1) -> Projection:
    return Projection(
        name=name,
        version=version,
        tables=(
            Table(
                name="tallies",
                row=Tally,
                types={
                    "workspace_id": "text",
                    "stream": "text",
                    "label": "text",
                    "total": "bigint",
                    "events": "integer",
                    "position": "bigint",
                    "doc": "bytea",
                },
                key=("stream",),
                indexes=("(workspace_id)",),
                computed=("doc",),
            ),
            Table(
                name="totals",
                row=Total,
                types={
                    "workspace_id": "text",
                    "total": "bigint",
                    "label": "text",
                    "position": "bigint",
                },
                key=("workspace_id",),
            ),
            Table(
                name="entries",
                row=Entry,
                types={
                    "workspace_id": "text",
                    "position": "bigint",
                    "stream": "text",
                    "total": "bigint",
                    "at": "timestamptz",
                },
                key=("workspace_id", "position"),
            ),
        ),
        folds={
            Added: _added,
            Renamed: _renamed,
            Removed: _removed,
            Broken: _broken,
            Unwritable: _unwritable,
        },
        reads=_reads,
        scans={
            Renamed: lambda recorded: (
                Scan("tallies", "workspace_id", recorded.stamp.workspace_id),
            )
        },
        finish={"tallies": _finish},
        by_workspace=True,
    )


Tables = dict[str, dict[tuple[Any, ...], Any]]

TYPES: dict[str, type] = {
    **{kind.__name__: kind for kind in (Added, Renamed, Removed, Broken, Unwritable)},
    "Garbled": Added,
}


class SampleLog:
    """Appends to and reads the real log tables, as simply as can be."""

    def __init__(self, connection: psycopg.Connection[Any], pool: Pool) -> None:
        self._connection = connection
        self._pool = pool

    def append(self, *events: tuple[str, str, object]) -> int:
        """(workspace, stream, event)s at the end of the log; the new head."""
        with self._connection.transaction(), self._connection.cursor() as cursor:
            cursor.execute("SELECT position FROM log.head FOR UPDATE")
            position = int(cursor.fetchall()[0][0])
            streams = [stream for _, stream, _ in events]
            cursor.execute(
                "SELECT stream, max(version) FROM log.events WHERE stream = ANY(%s) GROUP BY 1",
                (streams,),
            )
            versions = dict.fromkeys(streams, 0) | dict(cursor.fetchall())
            rows = []
            for workspace, stream, event in events:
                position += 1
                versions[stream] += 1
                payload = msgspec.msgpack.encode(event)
                rows.append(
                    (position, workspace, stream, versions[stream], type(event).__name__, payload)
                )
            cursor.executemany(
                "INSERT INTO log.events (position, workspace_id, stream, version, type, payload,"
                " metadata, recorded_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, '', clock_timestamp())",
                rows,
            )
            cursor.execute("UPDATE log.head SET position = %s", (position,))
        return position

    def head(self) -> int:
        return int(self.ask("SELECT position FROM log.head")[0][0])

    def log_id(self) -> str:
        return str(self.ask("SELECT log_id FROM log.head")[0][0])

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Any question to the database, as its superuser."""
        return self._connection.execute(query.encode(), values).fetchall()

    def do(self, statement: str, *values: object) -> None:
        self._connection.execute(statement.encode(), values)

    async def read_rows(self, first: int, last: int) -> Sequence[StoredRow]:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                f"SELECT {COLUMNS} FROM log.events WHERE position BETWEEN %s AND %s"
                " ORDER BY position",
                (first, last),
            )
            return [StoredRow(*row) for row in await cursor.fetchall()]

    async def decode(self, rows: Sequence[StoredRow], **_: Any) -> Sequence[Recorded]:
        return [decoded(row) for row in rows]

    async def decode_envelope(self, row: StoredRow, *, aliases: bool = False) -> Recorded:
        return _recorded(None, row)


def decoded(row: StoredRow) -> Recorded:
    kind = TYPES.get(row.type)
    return _recorded(None if kind is None else msgspec.msgpack.decode(row.payload, type=kind), row)


def _recorded(event: Any, row: StoredRow) -> Recorded:
    stamp = Stamp(
        row.workspace_id, row.stream, row.version, "user", moment(row.recorded_at), row.position
    )
    return Recorded(event, row.type, stamp, "", Origin("user"))


def replayed(rows: Iterable[Recorded]) -> Tables:
    """The rows of the sample view as a plain replay in memory makes them: the measure of all."""
    view = sample()
    tables: Tables = {table.name: {} for table in view.tables}

    class Plain:
        def get(self, table: str, *key: Any) -> Any:
            return tables[table].get(key)

        def put(self, table: str, row: Any) -> None:
            tables[table][tuple(getattr(row, part) for part in view.table(table).key)] = row

        def add(self, table: str, row: Any) -> None:
            self.put(table, row)

        def delete(self, table: str, *key: Any) -> None:
            tables[table].pop(key, None)

        def scan(self, table: str, column: str, value: Any) -> Sequence[Any]:
            return [row for row in tables[table].values() if getattr(row, column) == value]

    for recorded in rows:
        fold = view.folds.get(type(recorded.event), view.every)
        if fold is not None:
            fold(recorded, Plain())
    for tally in tables["tallies"].values():
        _finish(tally)
    return tables


def stored(log: SampleLog, generation: int = 1, version: int = 1, name: str = "sample") -> Tables:
    """The same from the database."""
    view = sample()
    tables: Tables = {}
    for table in view.tables:
        found = log.ask(
            f"SELECT {', '.join(table.columns)}"
            f" FROM views.{name}_{table.name}_v{version}_g{generation}"
        )
        made = [table.row(*row) for row in found]
        tables[table.name] = {tuple(getattr(row, part) for part in table.key): row for row in made}
    return tables
