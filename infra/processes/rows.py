"""The rows of one generation of a view, as its folds see them and as batches of changes."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import field, fields
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import TupleRow

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.postgres.arrays import BinaryArray
from infra.postgres.pool import Connection
from infra.postgres.views.rows import COPY_HEADER, COPY_TRAILER, TableCodec
from infra.processes.generations import Generation
from projections.projection import Climb, Finish, Key, Projection, Row, Scan, Table

STATEMENT_BYTES = 16 * 1024 * 1024
COPY_ROWS = 1_000

_UNKNOWN: Any = object()
_LARGE = frozenset({"bytea", "tsvector"})


class UndeclaredRead(LookupError):
    """A fold asked for a row that its `reads` did not name: a fault of the projection."""


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How many rows to keep of each table: so many, or fewer where they are large. `bytes` are
    counted as rows are written; in memory they take a few times as much."""

    rows: int
    bytes: int


NO_LIMITS = RowLimits(sys.maxsize, sys.maxsize)


class _TableRows:
    """Rows of one table by key; None stands for a row that is known not to exist.

    `changed`: by the batch being folded. `leaving`: by the one being written. `recent` and
    `older`: as committed; what is not asked for while `recent` fills up is let go.
    `wanted`: some fold reads this table, or asks whether a row stands there already, so its rows
    are worth keeping.
    `complete`: a row that is not here is not in the table either.
    `added`: of the changed ones those that are new, as their fold says.
    """

    __slots__ = (
        "added",
        "changed",
        "codec",
        "complete",
        "computed",
        "finish",
        "leaving",
        "older",
        "recent",
        "row_bytes",
        "scanned",
        "wanted",
    )

    def __init__(self, codec: TableCodec, finish: Finish | None, complete: bool) -> None:
        self.codec = codec
        self.finish = finish
        self.complete = complete
        self.wanted = codec.table.only_grows
        self.row_bytes = 1.0
        self.changed: dict[Key, Row | None] = {}
        self.added: set[Key] = set()
        self.leaving: dict[Key, Row | None] = {}
        self.recent: dict[Key, Row | None] = {}
        self.older: dict[Key, Row | None] = {}
        self.scanned: dict[tuple[str, Any], list[Key]] = {}
        self.computed = _computed(codec.table)

    def find(self, key: Key) -> Row | None:
        """The row, None when it does not exist, _UNKNOWN when it is not at hand."""
        row = self.changed.get(key, _UNKNOWN)
        if row is _UNKNOWN:
            row = self.leaving.get(key, _UNKNOWN)
            if row is _UNKNOWN:
                row = self.recent.get(key, _UNKNOWN)
                if row is _UNKNOWN:
                    row = self.older.get(key, None if self.complete else _UNKNOWN)
        return row

    def at_hand(self, key: Key) -> bool:
        """Whether `find` will know it, now and until the next `age`."""
        if self.complete or key in self.recent or key in self.changed or key in self.leaving:
            return True
        row = self.older.get(key, _UNKNOWN)
        if row is _UNKNOWN:
            return False
        self.recent[key] = row
        return True

    def in_table(self, key: Key) -> bool:
        """Whether the row may be in the table by the time the changed rows are written."""
        if key in self.added:
            return False
        for rows in (self.leaving, self.recent, self.older):
            row = rows.get(key, _UNKNOWN)
            if row is not _UNKNOWN:
                return row is not None
        return not self.complete

    def room(self, limits: RowLimits) -> int:
        """How many rows may be kept."""
        return min(limits.rows, int(limits.bytes / self.row_bytes))

    def wrote(self, rows: int, size: int) -> None:
        """Learn how large rows are; large ones are forgotten slowly."""
        if rows:
            self.row_bytes = max(1.0, size / rows, self.row_bytes * 0.9)

    def age(self, limits: RowLimits) -> None:
        self.scanned.clear()
        if len(self.recent) > self.room(limits) and not self.complete:
            self.older = self.recent
            self.recent = {}

    def settle(self) -> None:
        """What was leaving has arrived."""
        for column, default in self.computed:
            for row in self.leaving.values():
                if row is not None:
                    setattr(row, column, default)
        if self.wanted:
            self.recent.update(self.leaving)
        elif self.leaving:
            self.complete = False
        self.leaving = {}

    def forget(self) -> None:
        self.complete = False
        self.added.clear()
        for rows in (self.changed, self.leaving, self.recent, self.older, self.scanned):
            rows.clear()


@dataclass(slots=True)
class Asked:
    """What has to be read before a batch can be folded.

    `climbs`: where ways up go on once these rows are here. `climbed`: where they have been.
    `waiting`: events whose folds look at rows that only these rows will name.
    """

    keys: dict[str, set[Key]] = field(default_factory=dict)
    scans: set[Scan] = field(default_factory=set)
    climbs: set[Climb] = field(default_factory=set)
    climbed: set[Climb] = field(default_factory=set)
    waiting: list[Recorded] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.keys or self.scans)


@dataclass(slots=True)
class Answers:
    """Questions that were sent, and where their answers will be."""

    by_key: list[tuple[str, list[Key], AsyncCursor[TupleRow]]] = field(default_factory=list)
    by_scan: list[tuple[Scan, AsyncCursor[TupleRow]]] = field(default_factory=list)


@dataclass(slots=True)
class Changes:
    """The last state of each row that a batch changed, encoded, ready to be sent.

    `bulk`: rows that are known to be new are copied, which nothing else can be sent along with.
    """

    bulk: bool = False
    rows: int = 0
    size: int = 0
    statements: list[tuple[str, list[BinaryArray]]] = field(default_factory=list)
    copies: list[tuple[str, list[bytes]]] = field(default_factory=list)

    def add(self, rows: _TableRows, new: list[Row], put: list[Row], gone: list[Key]) -> None:
        """Rows of one table that are new, to upsert, and keys to delete."""
        if rows.finish is not None:
            for row in new:
                rows.finish(row)
            for row in put:
                rows.finish(row)
        self.rows += len(new) + len(put) + len(gone)
        size = 0
        if new and self.bulk:
            pieces = _copied(rows.codec, new)
            size += sum(map(len, pieces))
            self.copies.append((rows.codec.copy, pieces))
        elif new:
            size += self._given(rows.codec, rows.codec.insert, new)
        if put:
            size += self._given(rows.codec, rows.codec.upsert, put)
        rows.wrote(len(new) + len(put), size)
        self.size += size
        if gone:
            self.statements.append((rows.codec.delete, rows.codec.key_arrays(gone)))

    def _given(self, codec: TableCodec, statement: str, rows: list[Row]) -> int:
        """In statements of a bounded size, however large single rows are; their size."""
        arrays = codec.arrays(rows)
        size = sum(array.size for array in arrays)
        if len(rows) > 1 and size > STATEMENT_BYTES:
            middle = len(rows) // 2
            return self._given(codec, statement, rows[:middle]) + self._given(
                codec, statement, rows[middle:]
            )
        self.statements.append((statement, arrays))
        return size

    async def write(self, connection: Connection) -> None:
        """To be called within a transaction; may be within a pipeline when nothing is copied."""
        for statement, pieces in self.copies:
            async with connection.cursor().copy(statement) as copy:
                for piece in pieces:
                    await copy.write(piece)
        for statement, arrays in self.statements:
            await connection.execute(statement, arrays, prepare=True)


class RowStore:
    """Implements projections.projection.Rows, with one writer and a bounded memory.

    A batch goes: `asked`, `load` (or `ask`, `hear` and `beyond`, until nothing is asked any more),
    the folds, `changes`, `leave`, written, `committed`. The next may be folded, and its changes
    encoded, while the one before is written, but leaves after that one is committed. After a
    failure: `forget`.
    `empty`: the tables are empty, so that nothing is read for as long as all their rows fit in
    memory.
    """

    def __init__(
        self,
        projection: Projection,
        generation: Generation,
        limits: RowLimits,
        *,
        empty: bool = False,
    ) -> None:
        self.projection = projection
        self._limits = limits
        self._tables = {
            table.name: _TableRows(
                TableCodec(projection, table, generation.number),
                projection.finish.get(table.name),
                empty,
            )
            for table in projection.tables
        }

    # What a fold sees.

    def get(self, table: str, *key: Any) -> Row | None:
        row = self._tables[table].find(key)
        if row is _UNKNOWN:
            raise UndeclaredRead(f"{self.projection.name}: a row of {table}")
        return row

    def has(self, table: str, *key: Any) -> bool:
        rows = self._tables[table]
        return (
            rows.recent.get(key) is not None
            or rows.changed.get(key) is not None
            or (rows.at_hand(key) and rows.find(key) is not None)
        )

    def put(self, table: str, row: Row) -> None:
        rows = self._tables[table]
        rows.changed[rows.codec.key(row)] = row

    def add(self, table: str, row: Row) -> None:
        rows = self._tables[table]
        key = rows.codec.key(row)
        rows.changed[key] = row
        rows.added.add(key)

    def delete(self, table: str, *key: Any) -> None:
        self._tables[table].changed[key] = None

    def scan(self, table: str, column: str, value: Any) -> Sequence[Row]:
        rows = self._tables[table]
        layers = [rows.changed, rows.leaving]
        if rows.complete:
            keys: set[Key] = set()
            layers += [rows.recent, rows.older]
        elif (column, value) in rows.scanned:
            keys = set(rows.scanned[column, value])
        else:
            raise UndeclaredRead(f"{self.projection.name}: a scan of {table}")
        # Few of many fit: those are asked what they are now.
        for layer in layers:
            keys.update(
                key
                for key, row in layer.items()
                if row is not None and getattr(row, column) == value
            )
        found = []
        for key in sorted(keys):
            row = rows.find(key)
            if row is not None and getattr(row, column) == value:
                found.append(row)
        return found

    # What the runtime does around it.

    def asked(self, events: Iterable[Recorded]) -> Asked:
        """What these events' folds will look at and is not at hand."""
        for rows in self._tables.values():
            rows.age(self._limits)
        asked = Asked()
        folds, scans = self.projection.folds, self.projection.scans
        reads, climbs, tables = self.projection.reads, self.projection.climbs, self._tables
        further = self.projection.further
        for recorded in events:
            kind = type(recorded.event)
            if kind not in folds:
                continue
            for name, *parts in reads(recorded):
                rows, key = tables[name], tuple(parts)
                rows.wanted = True
                if not rows.at_hand(key):
                    asked.keys.setdefault(name, set()).add(key)
            if kind in further:
                asked.waiting.append(recorded)
            if kind in scans:
                for scan in scans[kind](recorded):
                    rows = tables[scan.table]
                    rows.wanted = True
                    if not rows.complete:
                        asked.scans.add(scan)
            if kind in climbs:
                for climb in climbs[kind](recorded):
                    self._climb(climb, asked)
        if not asked:
            self._look_further(asked)
        return asked

    def beyond(self, asked: Asked) -> Asked:
        """What is to be read next, now that what was asked has been heard: the rows that these
        rows name, where a fold looks at them and they are not at hand."""
        further = Asked(climbed=asked.climbed, waiting=asked.waiting)
        for climb in asked.climbs:
            further.climbed.discard(climb)
            self._climb(climb, further)
        for scan in asked.scans:
            if scan.climb is not None:
                rows = self._tables[scan.table]
                for (key,) in rows.scanned[scan.column, scan.value]:
                    self._climb(Climb(scan.table, scan.climb, key), further)
        if not further:
            self._look_further(further)
        return further

    def _look_further(self, asked: Asked) -> None:
        """All that the events name themselves is at hand: ask for what those rows name."""
        waiting, asked.waiting = asked.waiting, []
        for recorded in waiting:
            for name, *parts in self.projection.further[type(recorded.event)](recorded, self):
                rows, key = self._tables[name], tuple(parts)
                rows.wanted = True
                if not rows.at_hand(key):
                    asked.keys.setdefault(name, set()).add(key)

    def _climb(self, climb: Climb, asked: Asked) -> None:
        """Up to the top, or to the first row that is not at hand. A way that was gone is not gone
        again: rows may stand in a ring where events of a parked stream are missing."""
        rows = self._tables[climb.table]
        if rows.complete:
            return
        while climb not in asked.climbed:
            asked.climbed.add(climb)
            key = (climb.key,)
            if not rows.at_hand(key):
                rows.wanted = True
                asked.keys.setdefault(climb.table, set()).add(key)
                asked.climbs.add(climb)
                return
            row = rows.find(key)
            above = None if row is None else getattr(row, climb.column)
            if above is None:
                return
            climb = Climb(climb.table, climb.column, above)

    async def ask(self, connection: Connection, asked: Asked) -> Answers:
        """Send the questions, one a table and one a scan; may be within a pipeline."""
        answers = Answers()
        for name, wanted in asked.keys.items():
            rows, keys = self._tables[name], list(wanted)
            cursor = connection.cursor(binary=True)
            await cursor.execute(rows.codec.select, rows.codec.key_arrays(keys), prepare=True)
            answers.by_key.append((name, keys, cursor))
        for scan in asked.scans:
            rows = self._tables[scan.table]
            cursor = connection.cursor(binary=True)
            await cursor.execute(rows.codec.scan(scan.column), (scan.value,))
            answers.by_scan.append((scan, cursor))
        return answers

    async def hear(self, answers: Answers) -> None:
        """Keep what was answered; after the pipeline in which it was asked."""
        for name, keys, cursor in answers.by_key:
            rows = self._tables[name]
            rows.recent.update(dict.fromkeys(keys))
            for record in await cursor.fetchall():
                row = rows.codec.row(record)
                rows.recent[rows.codec.key(row)] = row
        for scan, cursor in answers.by_scan:
            rows = self._tables[scan.table]
            found = [rows.codec.row(record) for record in await cursor.fetchall()]
            rows.scanned[scan.column, scan.value] = [rows.codec.key(row) for row in found]
            for row in found:
                # A row that is at hand is at least as new as the one just read.
                if not rows.at_hand(key := rows.codec.key(row)):
                    rows.recent[key] = row

    async def load(self, connection: Connection, asked: Asked) -> None:
        """Ask and hear all of it: in one round trip, but where rows name further ones."""
        while asked:
            async with connection.pipeline():
                answers = await self.ask(connection, asked)
            await self.hear(answers)
            asked = self.beyond(asked)

    def changes(self, *, bulk: bool = False) -> Changes:
        """Complete the changed rows and encode them."""
        changes = Changes(bulk)
        for rows in self._tables.values():
            put = []
            new = []
            gone = []
            for key, row in rows.changed.items():
                if row is None:
                    gone.append(key)
                elif not rows.in_table(key):
                    new.append(row)
                else:
                    put.append(row)
            changes.add(rows, new, put, gone)
        return changes

    def picked(self, keys: Iterable[tuple[str, Key]]) -> Changes:
        """As `changes`, but of these (table, key) alone; a row that was not put is deleted."""
        changes = Changes()
        for name, rows in self._tables.items():
            found = {key: rows.changed.get(key) for table, key in keys if table == name}
            put = [row for row in found.values() if row is not None]
            gone = [key for key, row in found.items() if row is None]
            changes.add(rows, [], put, gone)
        return changes

    def differing(self, other: "RowStore") -> set[tuple[str, Key]]:
        """The (table, key) of changed rows that `other` has otherwise, or not at all."""
        return {
            (name, key)
            for name, rows in self._tables.items()
            for key in {*rows.changed, *other._tables[name].changed}
            if rows.changed.get(key) != other._tables[name].changed.get(key)
        }

    @property
    def changed(self) -> int:
        """Rows that the folds changed since the last `leave`."""
        return sum(len(rows.changed) for rows in self._tables.values())

    def leave(self) -> None:
        """The changed rows are about to be written; the batch before them was committed."""
        for rows in self._tables.values():
            rows.leaving, rows.changed = rows.changed, {}
            rows.added.clear()

    def committed(self) -> None:
        """What left last is in the database."""
        for rows in self._tables.values():
            rows.settle()
            if len(rows.recent) + len(rows.older) > rows.room(self._limits):
                rows.complete = False

    def forget(self) -> None:
        """Drop all that is at hand, whatever was on its way."""
        for rows in self._tables.values():
            rows.forget()


def _copied(codec: TableCodec, rows: list[Row]) -> list[bytes]:
    pieces = [
        codec.copied(rows[start : start + COPY_ROWS]) for start in range(0, len(rows), COPY_ROWS)
    ]
    return [COPY_HEADER, *pieces, COPY_TRAILER]


def _computed(table: Table) -> tuple[tuple[str, Any], ...]:
    """The computed columns that are large, and what they hold while nobody needs them."""
    defaults = {column.name: column.default for column in fields(table.row)}
    return tuple(
        (column, defaults[column]) for column in table.computed if table.types[column] in _LARGE
    )
