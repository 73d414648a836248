"""The rows of one table that are at hand: as committed, on their way there, and just changed."""

import sys
from collections.abc import Set as AbstractSet
from dataclasses import fields
from typing import Any

from domain.values.frozen import dataclass
from infra.postgres.views.rows import TableCodec
from projections.projection import Finish, Key, Row, Table

UNKNOWN: Any = object()
"""In place of a row that is not at hand."""

_LARGE = frozenset({"bytea", "tsvector"})


@dataclass(frozen=True, slots=True)
class RowLimits:
    """How many rows to keep of each table: so many, or fewer where they are large. `bytes` are
    counted as rows are written; in memory they take a few times as much."""

    rows: int
    bytes: int


NO_LIMITS = RowLimits(sys.maxsize, sys.maxsize)


class Seen:
    """The second columns of keys by their first one; what was not met while many others were is
    forgotten."""

    __slots__ = ("_older", "_recent", "_size")

    def __init__(self) -> None:
        self._recent: dict[Any, set[Any]] = {}
        self._older: dict[Any, set[Any]] = {}
        self._size = 0

    def new(self, key: Any, among: AbstractSet[Any]) -> AbstractSet[Any]:
        """Those that were not seen; from now on they are."""
        recent = self._recent.get(key)
        if recent is None:
            recent = self._recent[key] = set()
        found = among - recent
        if found:
            recent |= found
            self._size += len(found)
            if key in self._older:
                found -= self._older[key]
        return found

    def age(self, most: int) -> bool:
        """Whether some were forgotten, for there were more than so many."""
        if self._size <= most:
            return False
        forgets = bool(self._older)
        self._older, self._recent, self._size = self._recent, {}, 0
        return forgets

    def forget(self) -> None:
        self._recent, self._older, self._size = {}, {}, 0


class TableRows:
    """Rows of one table by key; None stands for a row that is known not to exist.

    `changed`: by the batch being folded. `leaving`: by the one being written. `recent` and
    `older`: as committed; what is not asked for while `recent` fills up is let go.
    `seen`: of a table that only grows, what was put there; its rows themselves are not kept.
    `wanted`: some fold reads this table, so its rows are worth keeping.
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
        "seen",
        "wanted",
    )

    def __init__(self, codec: TableCodec, finish: Finish | None, complete: bool) -> None:
        self.codec = codec
        self.finish = finish
        self.complete = complete
        self.seen = Seen()
        self.wanted = False
        self.row_bytes = 1.0
        self.changed: dict[Key, Row | None] = {}
        self.added: set[Key] = set()
        self.leaving: dict[Key, Row | None] = {}
        self.recent: dict[Key, Row | None] = {}
        self.older: dict[Key, Row | None] = {}
        self.scanned: dict[tuple[str, Any], list[Key]] = {}
        self.computed = _computed(codec.table)

    def find(self, key: Key) -> Row | None:
        """The row, None when it does not exist, UNKNOWN when it is not at hand."""
        row = self.changed.get(key, UNKNOWN)
        if row is UNKNOWN:
            row = self.leaving.get(key, UNKNOWN)
            if row is UNKNOWN:
                row = self.recent.get(key, UNKNOWN)
                if row is UNKNOWN:
                    row = self.older.get(key, None if self.complete else UNKNOWN)
        return row

    def at_hand(self, key: Key) -> bool:
        """Whether `find` will know it, now and until the next `age`."""
        if self.complete or key in self.recent or key in self.changed or key in self.leaving:
            return True
        row = self.older.get(key, UNKNOWN)
        if row is UNKNOWN:
            return False
        self.recent[key] = row
        return True

    def in_table(self, key: Key) -> bool:
        """Whether a row that is not `added` may be in the table by the time the changed rows are
        written."""
        for rows in (self.leaving, self.recent, self.older):
            row = rows.get(key, UNKNOWN)
            if row is not UNKNOWN:
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
        if self.seen.age(self.room(limits)):
            self.complete = False
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
        elif self.leaving and not self.codec.table.only_grows:
            self.complete = False
        self.leaving = {}

    def forget(self) -> None:
        self.complete = False
        self.added.clear()
        self.seen.forget()
        for rows in (self.changed, self.leaving, self.recent, self.older, self.scanned):
            rows.clear()


def _computed(table: Table) -> tuple[tuple[str, Any], ...]:
    """The computed columns that are large, and what they hold while nobody needs them."""
    defaults = {column.name: column.default for column in fields(table.row)}
    return tuple(
        (column, defaults[column]) for column in table.computed if table.types[column] in _LARGE
    )
