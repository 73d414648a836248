"""A store of rows in memory that keeps what a database would, and gives what a fold declared."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from domain.values.recorded import Recorded
from projections.projection import Climb, Key, Projection, Row, Table


class MemoryRows:
    """Implements projections.projection.Rows. Between batches only columns survive, and of those
    that are computed nothing is read back."""

    def __init__(self, projection: Projection) -> None:
        self._projection = projection
        self._tables = {table.name: table for table in projection.tables}
        self.stored: dict[str, dict[Key, dict[str, Any]]] = {name: {} for name in self._tables}
        self._rows: dict[tuple[str, Key], Row | None] = {}
        self._put: dict[tuple[str, Key], None] = {}
        self._scanned: set[tuple[str, str, Any]] = set()

    def fold(self, batch: Sequence[Recorded]) -> None:
        self._rows, self._put, self._scanned = {}, {}, set()
        for recorded in batch:
            self._prepare(recorded)
        for recorded in batch:
            further = self._projection.further.get(type(recorded.event))
            for name, *key in further(recorded, self) if further else ():
                self._load(name, tuple(key))
        for recorded in batch:
            fold = self._projection.folds.get(type(recorded.event), self._projection.every)
            if fold is not None:
                fold(recorded, self)
        for name, key in self._put:
            self._write(name, key)

    def get(self, table: str, *key: Any) -> Row | None:
        return self._rows[table, key]  # a KeyError: the fold did not say that it would read it

    def unseen(self, table: str, key: Any, among: AbstractSet[Any]) -> AbstractSet[Any]:
        stored = self.stored[table]
        return {
            each
            for each in among
            if (table, (key, each)) not in self._put and (key, each) not in stored
        }

    def put(self, table: str, row: Row) -> None:
        key = self._key(table, row)
        self._rows[table, key] = row
        self._put[table, key] = None

    def add(self, table: str, row: Row) -> None:
        key = self._key(table, row)
        assert key not in self.stored[table]
        assert self._rows.get((table, key)) is None
        self.put(table, row)

    def delete(self, table: str, *key: Any) -> None:
        self._rows[table, key] = None
        self._put[table, key] = None

    def scan(self, table: str, column: str, value: Any) -> Sequence[Row]:
        assert (table, column, value) in self._scanned
        return [
            row
            for (name, _), row in sorted(self._rows.items(), key=lambda item: item[0])
            if name == table and row is not None and getattr(row, column) == value
        ]

    def _prepare(self, recorded: Recorded) -> None:
        if type(recorded.event) not in self._projection.folds:
            return
        for name, *key in self._projection.reads(recorded):
            if key:
                self._load(name, tuple(key))
        scans = self._projection.scans.get(type(recorded.event))
        for scan in scans(recorded) if scans else ():
            assert scan.column in self._tables[scan.table].kept
            self._scanned.add((scan.table, scan.column, scan.value))
            for key, columns in self.stored[scan.table].items():
                if columns[scan.column] == scan.value:
                    self._load(scan.table, key)
                    if scan.climb is not None:
                        self._climb(Climb(scan.table, scan.climb, *key))
        climbs = self._projection.climbs.get(type(recorded.event))
        for climb in climbs(recorded) if climbs else ():
            self._climb(climb)

    def _climb(self, climb: Climb) -> None:
        assert climb.column in self._tables[climb.table].kept
        key, been = climb.key, set[Any]()
        while key is not None and key not in been:
            been.add(key)
            self._load(climb.table, (key,))
            row = self._rows[climb.table, (key,)]
            key = None if row is None else getattr(row, climb.column)

    def _load(self, name: str, key: Key) -> None:
        if (name, key) not in self._rows:
            columns = self.stored[name].get(key)
            table = self._tables[name]
            row = None if columns is None else table.row(*(columns[each] for each in table.kept))
            self._rows[name, key] = row

    def _write(self, name: str, key: Key) -> None:
        row, table = self._rows[name, key], self._tables[name]
        if row is None:
            self.stored[name].pop(key, None)
            return
        finish = self._projection.finish.get(name)
        if finish is not None:
            finish(row)
        self.stored[name][key] = {column: getattr(row, column) for column in table.columns}

    def _key(self, name: str, row: Row) -> Key:
        table: Table = self._tables[name]
        return tuple(getattr(row, column) for column in table.key)


def folded(projection: Projection, batches: Iterable[Sequence[Recorded]]) -> MemoryRows:
    rows = MemoryRows(projection)
    for batch in batches:
        rows.fold(batch)
    return rows
