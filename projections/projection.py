"""A projection is a value: its name, its version, its tables, and how events change their rows."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import field
from typing import Any, NamedTuple, Protocol

from domain.values.frozen import dataclass
from domain.values.recorded import Recorded

Key = tuple[Any, ...]
Row = Any  # an instance of the table's row class


@dataclass(frozen=True, slots=True)
class Table:
    """`row` is a dataclass (slots) whose fields are the columns, in order; `types` gives each
    its PostgreSQL type. `key` names the primary key's columns. `indexes` are the text after
    `CREATE INDEX ON <table>`, built after a bulk load. Every table that holds a tenant's data
    has a `workspace_id` column, which row-level security uses; `shared` says that it has none.

    `computed` names the last columns, those that the projection's `finish` makes anew from the
    ones before them: they are written but never read back, and have defaults in the row class.
    After its columns a row class may have further fields with defaults, which are not stored.

    `only_grows`: its rows are their keys, and none ever goes. A fold asks `Rows.unseen` before it
    puts them, so that what stands there is not written again.
    """

    name: str
    row: type
    types: Mapping[str, str]
    key: tuple[str, ...]
    indexes: tuple[str, ...] = ()
    shared: bool = False
    fillfactor: int = 100
    computed: tuple[str, ...] = ()
    only_grows: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(self.types)

    @property
    def kept(self) -> tuple[str, ...]:
        """The columns that a row is made from when it is read back: the first ones."""
        return tuple(column for column in self.types if column not in self.computed)


class Climb(NamedTuple):
    """A row, and as long as its `column` holds the key of another row of the same table, that one
    too: from a task up to the one at the top. The table's key is one column."""

    table: str
    column: str
    key: Any


@dataclass(frozen=True, slots=True)
class Scan:
    """All rows of a table where one indexed column has this value; for the rare events that
    change many rows at once. `climb` names a column by which rows above each of them are got too,
    as in a `Climb`."""

    table: str
    column: str
    value: Any
    climb: str | None = None


class Rows(Protocol):
    """The rows as a fold sees them: those it asked for by `reads`, `scans` and `climbs`, with every
    change that earlier events of the batch made to them. A fold may change a row in place, and
    `put`s it then; who gives up a batch forgets its rows and reads them again."""

    def get(self, table: str, *key: Any) -> Row | None: ...

    def unseen(self, table: str, key: Any, among: AbstractSet[Any]) -> AbstractSet[Any]:
        """Of a table that only grows and has two columns of key: which of `among` were not given
        here for this first one before, as far as anybody remembers. The fold puts those of them
        that shall stand there."""
        ...

    def put(self, table: str, row: Row) -> None: ...

    def add(self, table: str, row: Row) -> None:
        """As `put`, of a row whose key no row can have had before, since this event's position is
        in it, or the event begins the stream that it is of: written without looking for one."""
        ...

    def delete(self, table: str, *key: Any) -> None: ...

    def scan(self, table: str, column: str, value: Any) -> Sequence[Row]: ...


def drawn_by(recorded: Recorded) -> int | None:
    """The number that a task drew from its project's sequence by this event."""
    number: int | None = recorded.stamp.number
    return recorded.event.number if number is None else number


Fold = Callable[[Recorded, Rows], None]
Finish = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Projection:
    """`folds`: event class -> function that puts rows; events of other classes are skipped.

    `reads(recorded)` names the rows (table, key...) that the fold will `get`; the runtime has
    them ready. A table without a key, (table,), is one to which the fold adds a row that folds of
    later events will read: its rows are worth keeping. `scans` does the same for sets of rows,
    `climbs` for rows that only other rows name, each for the few event classes that need it.
    A fold tolerates a missing neighbour: `get` may give None for any key.
    `finish`: table name -> function that completes a row in place just before it is written,
    once a batch for each row that was put, so that an answer is rendered once however many
    events changed it. It looks at nothing but the row.
    `every` folds the events of all other classes, those too that this code does not know or cannot
    read (their `event` is then none of the domain's): of them the envelope is all that it looks at.
    `opens`: of which workspaces `every` looks at the events themselves, None: of all. Of others
    they need not be read to build the view, and are None then.
    `unread`: sealed fields of an event that no fold looks at, so that they need not be opened to
    build the view. The fold of an event that is opened for other views finds them all the same.
    `by_workspace`: no row is looked at or written for events of two workspaces, so that those of
    several may be built by as many processes at once. Said where folding takes longer than reading,
    which each of them does for all.
    `addresses`: its folds look at `Origin.ip`, where an alias stands for each address.
    `holds_text`: some row may hold what somebody wrote or is called, so that it is built anew after
    an erasure.
    `keyed_by_text`: a text may stand in a key of a row, so that after an erasure none can be found
    by what is left: only building the view anew takes it out.
    Bump `version` whenever rows of the same log would come out differently.
    """

    name: str
    version: int
    tables: tuple[Table, ...]
    folds: Mapping[type, Fold]
    reads: Callable[[Recorded], Iterable[tuple[Any, ...]]]
    scans: Mapping[type, Callable[[Recorded], Iterable[Scan]]] = field(default_factory=dict)
    climbs: Mapping[type, Callable[[Recorded], Iterable[Climb]]] = field(default_factory=dict)
    further: Mapping[type, Callable[[Recorded, Rows], Iterable[tuple[Any, ...]]]] = field(
        default_factory=dict
    )
    finish: Mapping[str, Finish] = field(default_factory=dict)
    every: Fold | None = None
    opens: frozenset[str] | None = None
    unread: Mapping[type, frozenset[str]] = field(default_factory=dict)
    by_workspace: bool = False
    addresses: bool = False
    holds_text: bool = True
    keyed_by_text: bool = False

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)
