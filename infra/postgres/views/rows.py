"""Rows of a view on their way into the database and out of it, a column at a time.

Values travel in PostgreSQL's binary formats, made here: a batch's upsert takes one array a
column (`unnest`), a bulk load takes the same fields as a binary COPY stream.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from itertools import chain
from operator import attrgetter
from struct import Struct
from typing import Any

from psycopg import AsyncConnection, Connection

from infra.postgres.arrays import (
    NULL,
    BigintArray,
    BinaryArray,
    BooleanArray,
    ByteaArray,
    IntegerArray,
    TextArray,
    packed,
)
from infra.postgres.arrays import adapt as adapt_arrays
from projections.projection import Key, Projection, Table

from .ddl import relation

_LENGTH = Struct("!i")
_INT2 = Struct("!ih")
_INT4 = Struct("!ii")
_INT8 = Struct("!iq")
_FLOAT8 = Struct("!id")
_TSVECTOR = Struct("!ii")
_ONE_DIMENSION = Struct("!iiIii")
_ROW = Struct("!h")

_TEXT = TextArray.element_oid
# Each character of these texts is a byte.
_NULL_AS_TEXT = NULL.decode("latin-1")
_SHORT_LENGTHS = [_LENGTH.pack(length) for length in range(1_024)]
_SHORT_LENGTHS_AS_TEXT = [length.decode("latin-1") for length in _SHORT_LENGTHS]
_EMPTY_ARRAY = Struct("!iiI").pack(0, 0, _TEXT)
_TRUE = _LENGTH.pack(1) + b"\x01"
_FALSE = _LENGTH.pack(1) + b"\x00"
_NO_POSITIONS = "\0\0\0"
_EMPTY_TSVECTOR = _TSVECTOR.pack(4, 0)

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_DAY = 86_400_000_000
_SECOND = 1_000_000

COPY_HEADER = b"PGCOPY\n\xff\r\n\x00" + bytes(8)
COPY_TRAILER = b"\xff\xff"

Fields = list[bytes]


def _text(values: Sequence[str | None]) -> Fields:
    lengths = _SHORT_LENGTHS
    try:
        return [
            NULL if value is None else lengths[len(data := value.encode())] + data
            for value in values
        ]
    except IndexError:  # a long one
        return [NULL if value is None else packed(value.encode()) for value in values]


def _text_in_one(values: Sequence[str | None]) -> Fields:
    """As `_text`, in one piece where all of it is short and plain."""
    try:
        lengths, texts = _lengths(values)
    except IndexError:  # a long one
        return _text(values)
    if not "".join(texts).isascii():
        return _text(values)
    parts = [""] * (2 * len(values))
    parts[::2], parts[1::2] = lengths, texts
    return ["".join(parts).encode("latin-1")]


def _lengths(values: Sequence[Any]) -> tuple[list[str], Sequence[str]]:
    """What stands before each text, and the texts."""
    lengths = _SHORT_LENGTHS_AS_TEXT
    try:
        return list(map(lengths.__getitem__, map(len, values))), values
    except TypeError:  # None is among them
        given = [_NULL_AS_TEXT if value is None else lengths[len(value)] for value in values]
        return given, [value or "" for value in values]


def _bytea(values: Iterable[bytes | None]) -> Fields:
    pack = _LENGTH.pack
    return [NULL if value is None else pack(len(value)) + value for value in values]


def _jsonb(values: Iterable[bytes | None]) -> Fields:
    """JSON as bytes, behind the version of the format, which is 1."""
    pack = _LENGTH.pack
    return [NULL if value is None else pack(len(value) + 1) + b"\x01" + value for value in values]


def _float8(values: Iterable[float | None]) -> Fields:
    return [NULL if value is None else _FLOAT8.pack(8, value) for value in values]


def _bytea_parts(values: Iterable[bytes | None]) -> Fields:
    """As `_bytea`, but each length apart from its value, which is copied once less."""
    pack = _LENGTH.pack
    parts: Fields = []
    for value in values:
        if value is None:
            parts.append(NULL)
        else:
            parts += (pack(len(value)), value)
    return parts


def _boolean(values: Iterable[bool | None]) -> Fields:
    return [NULL if value is None else _TRUE if value else _FALSE for value in values]


def _integer(pack: Callable[[int, int], bytes], size: int) -> Callable[[Iterable[Any]], Fields]:
    def encode(values: Iterable[int | None]) -> Fields:
        return [NULL if value is None else pack(size, value) for value in values]

    return encode


def _timestamptz(values: Iterable[datetime | None]) -> Fields:
    return [NULL if value is None else _moment(value) for value in values]


@lru_cache(maxsize=1_024)
def _moment(value: datetime) -> bytes:
    """Many rows of a batch have the same."""
    past = value - _EPOCH
    return _INT8.pack(8, past.days * _DAY + past.seconds * _SECOND + past.microseconds)


def _tsvector(values: Iterable[Collection[str] | bytes | None]) -> Fields:
    """Lexemes in any order: distinct, without NUL, under 2 KiB each. With positions: as PostgreSQL
    takes all of it in binary format."""
    fields = []
    for value in values:
        if value is None:
            fields.append(NULL)
        elif isinstance(value, bytes):
            fields.append(packed(value))
        elif not value:
            fields.append(_EMPTY_TSVECTOR)
        else:
            lexemes = (_NO_POSITIONS.join(value) + _NO_POSITIONS).encode()
            fields.append(_TSVECTOR.pack(len(lexemes) + 4, len(value)) + lexemes)
    return fields


def _text_array(values: Iterable[Sequence[str] | None]) -> Fields:
    fields = []
    for value in values:
        if value is None:
            fields.append(NULL)
        else:
            items = b"".join(_text(value))
            dimensions = _ONE_DIMENSION.pack(1, 0, _TEXT, len(value), 1) if value else _EMPTY_ARRAY
            fields.append(packed(dimensions + items))
    return fields


def array_literal(items: Sequence[str]) -> str:
    """A text[] as PostgreSQL reads it, whatever the items hold."""
    if not items:
        return "{}"
    literal = '{"' + '","'.join(items) + '"}'
    if "\\" not in literal and literal.count('"') == 2 * len(items):
        return literal
    escaped = (item.replace("\\", "\\\\").replace('"', '\\"') for item in items)
    return '{"' + '","'.join(escaped) + '"}'


def _text_array_literals(values: Iterable[Sequence[str] | None]) -> Fields:
    return _text_in_one([None if value is None else array_literal(value) for value in values])


_ENCODE: dict[str, Callable[[Sequence[Any]], Fields]] = {
    "text": _text,
    "bytea": _bytea,
    "boolean": _boolean,
    "smallint": _integer(_INT2.pack, 2),
    "integer": _integer(_INT4.pack, 4),
    "bigint": _integer(_INT8.pack, 8),
    "double precision": _float8,
    "timestamptz": _timestamptz,
    "jsonb": _jsonb,
    "tsvector": _tsvector,
    "text[]": _text_array,
}

# An array of arrays would be taken apart by unnest, so an inner array travels as its literal.
_ENCODE_ELEMENTS: dict[str, Callable[[Sequence[Any]], Fields]] = {
    **_ENCODE,
    "text": _text_in_one,
    "bytea": _bytea_parts,
    "text[]": _text_array_literals,
}


class SmallintArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1005, 21


class TimestamptzArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1185, 1184


class TsvectorArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 3643, 3614


class Float8Array(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1022, 701


class JsonbArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 3807, 3802


_ARRAYS: dict[str, type[BinaryArray]] = {
    "text": TextArray,
    "text[]": TextArray,
    "bytea": ByteaArray,
    "boolean": BooleanArray,
    "smallint": SmallintArray,
    "integer": IntegerArray,
    "bigint": BigintArray,
    "double precision": Float8Array,
    "timestamptz": TimestamptzArray,
    "jsonb": JsonbArray,
    "tsvector": TsvectorArray,
}


def adapt(connection: AsyncConnection[Any] | Connection[Any]) -> None:
    """Teach a connection the array parameters of this module; needed once a connection."""
    adapt_arrays(
        connection, SmallintArray, Float8Array, TimestamptzArray, JsonbArray, TsvectorArray
    )


def array(kind: str, values: Sequence[Any]) -> BinaryArray:
    """Values as one array parameter of elements of `kind`; text[] elements as literals."""
    encode, count = _ENCODE_ELEMENTS[kind], len(values)
    if _is_constant(values):
        return _ARRAYS[kind]([b"".join(encode(values[:1])) * count], count)
    return _ARRAYS[kind](encode(values), count)


def _fields(kind: str, values: Sequence[Any]) -> Fields:
    """One a value."""
    encode = _ENCODE[kind]
    return encode(values[:1]) * len(values) if _is_constant(values) else encode(values)


def _is_constant(values: Sequence[Any]) -> bool:
    """Whether all are the same, as in every other column of a batch: nothing, most often."""
    return bool(values) and values[0] == values[-1] and values.count(values[0]) == len(values)


class TableCodec:
    """The statements of one table of one generation, and its rows as their parameters.

    Parameters are positional and come from `arrays` and `key_arrays`; connections must have been
    `adapt`ed. Rows are read by a binary cursor and made by `row`.
    """

    def __init__(self, projection: Projection, table: Table, generation: int) -> None:
        self.table = table
        self.relation = relation(projection, table, generation)
        self.key = _key_of(table)
        self._columns = [(kind, attrgetter(column)) for column, kind in table.types.items()]

    def row(self, record: Sequence[Any]) -> Any:
        """The row that was selected as `kept` columns."""
        return self.table.row(*record)

    @cached_property
    def insert(self) -> str:
        """Insert rows that are not there: one array a column."""
        values = (
            "unnest(%s::text[])::text[]" if kind == "text[]" else f"unnest(%s::{kind}[])"
            for kind in self.table.types.values()
        )
        names = ", ".join(self.table.columns)
        return f"INSERT INTO {self.relation} ({names}) SELECT {', '.join(values)}"

    @cached_property
    def upsert(self) -> str:
        """Insert or replace whole rows: one array a column. No key twice in one call."""
        rest = [column for column in self.table.columns if column not in self.table.key]
        changes = ", ".join(f"{column} = EXCLUDED.{column}" for column in rest)
        return f"{self.insert} ON CONFLICT ({', '.join(self.table.key)}) DO" + (
            f" UPDATE SET {changes}" if changes else " NOTHING"
        )

    @cached_property
    def select(self) -> str:
        """Rows by their keys: one array a key column. Rows that are not there are left out."""
        return f"SELECT t.* FROM {self._met(self._kept)}"

    @cached_property
    def delete(self) -> str:
        """Delete rows by their keys: one array a key column."""
        return (
            f"DELETE FROM {self.relation}"
            f" WHERE ctid = ANY (ARRAY(SELECT t.ctid FROM {self._met('t.ctid')}))"
        )

    def scan(self, column: str) -> str:
        """All rows where `column` has the one parameter's value, by key."""
        return (
            f"SELECT {self._kept} FROM {self.relation} AS t WHERE {column} = %s"
            f" ORDER BY {', '.join(self.table.key)}"
        )

    @cached_property
    def copy(self) -> str:
        """Bulk load: write COPY_HEADER, then `copied` rows, then COPY_TRAILER."""
        return f"COPY {self.relation} ({', '.join(self.table.columns)}) FROM STDIN (FORMAT BINARY)"

    def arrays(self, rows: Sequence[Any]) -> list[BinaryArray]:
        """The parameters of `upsert`."""
        return [array(kind, list(map(values, rows))) for kind, values in self._columns]

    def key_arrays(self, keys: Sequence[tuple[Any, ...]]) -> list[BinaryArray]:
        """The parameters of `select` and `delete`."""
        return [
            array(self.table.types[column], values)
            for column, values in zip(self.table.key, zip(*keys, strict=True), strict=True)
        ]

    def copied(self, rows: Sequence[Any]) -> bytes:
        """Rows as a part of a binary COPY stream."""
        fields = [_fields(kind, list(map(values, rows))) for kind, values in self._columns]
        heads = [_ROW.pack(len(fields))] * len(rows)
        return b"".join(chain.from_iterable(zip(heads, *fields, strict=True)))

    @cached_property
    def _kept(self) -> str:
        return ", ".join(f"t.{column}" for column in self.table.kept)

    def _met(self, columns: str) -> str:
        """The rows of the keys, one look-up a key. OFFSET 0 keeps it so: a plan made while the
        table was empty would else go through all of it, once it is full, for each key."""
        names = ", ".join(self.table.key)
        match = " AND ".join(f"t.{column} = k.{column}" for column in self.table.key)
        return (
            f"{self._unnest(self.table.key)} AS k({names}) CROSS JOIN LATERAL"
            f" (SELECT {columns} FROM {self.relation} AS t WHERE {match} OFFSET 0) AS t"
        )

    def _unnest(self, columns: Sequence[str]) -> str:
        parameters = (f"%s::{_element(self.table.types[column])}[]" for column in columns)
        return f"unnest({', '.join(parameters)})"


def _key_of(table: Table) -> Callable[[Any], Key]:
    """A row's primary key."""
    get = attrgetter(*table.key)
    return get if len(table.key) > 1 else lambda row: (get(row),)


def _element(kind: str) -> str:
    return "text" if kind == "text[]" else kind
