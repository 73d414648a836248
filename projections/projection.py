"""A projection is a value: its name, its version, its tables, and how events change their rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.values.recorded import Recorded

Key = tuple[Any, ...]
Row = Any  # an instance of the table's row class


@dataclass(frozen=True, slots=True)
class Table:
    """`row` is a dataclass (slots) whose fields are the columns, in order; `types` gives each
    its PostgreSQL type. `key` names the primary key's columns. `indexes` are the text after
    `CREATE INDEX ON <table>`, built after a bulk load. Every table that holds a tenant's data
    has a `workspace_id` column, which row-level security uses; `shared` says that it has none.
    """

    name: str
    row: type
    types: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    shared: bool = False
    fillfactor: int = 100

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.types)


@dataclass(frozen=True, slots=True)
class Scan:
    """All rows of a table where one indexed column has this value; for the rare events that
    change many rows at once."""

    table: str
    column: str
    value: Any


class Rows(Protocol):
    """The rows as a fold sees them: those it asked for by `reads` and `scans`, with every change
    that earlier events of the batch made to them."""

    def get(self, table: str, *key: Any) -> Row | None: ...

    def put(self, table: str, row: Row) -> None: ...

    def delete(self, table: str, *key: Any) -> None: ...

    def scan(self, table: str, column: str, value: Any) -> Sequence[Row]: ...


Fold = Callable[[Recorded, Rows], None]


@dataclass(frozen=True, slots=True)
class Projection:
    """`folds`: event class -> function that puts rows; events of other classes are skipped.

    `reads(recorded)` names the rows (table, key...) that the fold will `get`; the runtime has
    them ready. `scans` does the same for sets of rows, for the few event classes that need it.
    A fold tolerates a missing neighbour: `get` may give None for any key.
    Bump `version` whenever rows of the same log would come out differently.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    folds: Mapping[type, Fold]
    reads: Callable[[Recorded], Iterable[tuple[Any, ...]]]
    scans: Mapping[type, Callable[[Recorded], Iterable[Scan]]] = field(default_factory=dict)

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)
