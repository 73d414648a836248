"""The rows of one generation of a view, as its folds see them and as batches of changes."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import Any

from psycopg.rows import TupleRow

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded
from infra.postgres.pool import Connection
from infra.postgres.trip import Statement, together
from infra.postgres.views.rows import TableCodec
from infra.processes.changes import Changes
from infra.processes.generations import Generation
from infra.processes.kept_rows import UNKNOWN, RowLimits, TableRows
from projections.projection import Climb, Key, Projection, Row, Scan


class UndeclaredRead(LookupError):
    """A fold asked for a row that its `reads` did not name: a fault of the projection."""


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


class RowStore:
    """Implements projections.projection.Rows, with one writer and a bounded memory.

    A batch goes: `asked`, `load` (or `questions`, `hear` and `beyond`, until nothing is asked any
    more), the folds, `changes`, `leave`, written, `committed`. The next may be folded, and its
    changes encoded, while the one before is written, but leaves after that one is committed. After
    a failure: `forget`.
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
            table.name: TableRows(
                TableCodec(projection, table, generation.number),
                projection.finish.get(table.name),
                empty,
            )
            for table in projection.tables
        }

    # What a fold sees.

    def get(self, table: str, *key: Any) -> Row | None:
        row = self._tables[table].find(key)
        if row is UNKNOWN:
            raise UndeclaredRead(f"{self.projection.name}: a row of {table}")
        return row

    def unseen(self, table: str, key: Any, among: AbstractSet[Any]) -> AbstractSet[Any]:
        return self._tables[table].seen.new(key, among)

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
                if key and not rows.at_hand(key):
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

    def questions(self, asked: Asked) -> list[Statement]:
        """One a table and one a scan, in the order in which `hear` is told the answers."""
        by_key = [
            (rows.codec.select, rows.codec.key_arrays(list(keys)))
            for rows, keys in self._by_table(asked)
        ]
        by_scan = [
            (self._tables[scan.table].codec.scan(scan.column), (scan.value,))
            for scan in asked.scans
        ]
        return [*by_key, *by_scan]

    def hear(self, asked: Asked, answers: Iterator[Sequence[TupleRow]]) -> None:
        """Keep what was answered."""
        for rows, keys in self._by_table(asked):
            rows.recent.update(dict.fromkeys(keys))
            for record in next(answers):
                row = rows.codec.row(record)
                rows.recent[rows.codec.key(row)] = row
        for scan in asked.scans:
            rows = self._tables[scan.table]
            found = [rows.codec.row(record) for record in next(answers)]
            rows.scanned[scan.column, scan.value] = [rows.codec.key(row) for row in found]
            for row in found:
                # A row that is at hand is at least as new as the one just read.
                if not rows.at_hand(key := rows.codec.key(row)):
                    rows.recent[key] = row

    def _by_table(self, asked: Asked) -> Iterator[tuple[TableRows, set[Key]]]:
        return ((self._tables[name], keys) for name, keys in asked.keys.items())

    async def load(self, connection: Connection, asked: Asked) -> None:
        """Ask and hear all of it: in one round trip, but where rows name further ones."""
        while asked:
            self.hear(asked, iter(await together(connection, self.questions(asked))))
            asked = self.beyond(asked)

    def changes(self, *, bulk: bool = False) -> Changes:
        """Complete the changed rows and encode them."""
        changes = Changes(bulk)
        for rows in self._tables.values():
            put, new, gone = [], [], []
            added = rows.added
            for key, row in rows.changed.items():
                if row is None:
                    gone.append(key)
                elif key in added or not rows.in_table(key):
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

    @property
    def changed_bytes(self) -> float:
        """What these will take as they are written, by those that were written before them."""
        return sum(len(rows.changed) * rows.row_bytes for rows in self._tables.values())

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
