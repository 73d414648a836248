"""Arrays as query parameters in PostgreSQL's binary format, made in one pass.

psycopg's own list dumpers look at each element several times, which for a batch of small values
costs more than the rest of the call.
"""

from collections.abc import Iterable
from struct import Struct
from typing import Any, ClassVar

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct("!iiIii")
_LENGTH = Struct("!i")
_INT4 = Struct("!ii")
_INT8 = Struct("!iq")

_NULL = _LENGTH.pack(-1)
_UUID_LENGTH = _LENGTH.pack(16)
_TRUE = _LENGTH.pack(1) + b"\x01"
_FALSE = _LENGTH.pack(1) + b"\x00"


class BinaryArray:
    """A one-dimensional array whose elements are encoded already, each behind its length."""

    __slots__ = ("fields",)
    oid: ClassVar[int]
    element_oid: ClassVar[int]

    def __init__(self, fields: list[bytes]) -> None:
        self.fields = fields


class TextArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1009, 25

    @classmethod
    def of(cls, values: Iterable[str | None]) -> "TextArray":
        return cls([_NULL if value is None else packed(value.encode()) for value in values])


class ByteaArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1001, 17

    @classmethod
    def of(cls, values: Iterable[bytes | None]) -> "ByteaArray":
        return cls([_NULL if value is None else packed(value) for value in values])


class UuidArray(BinaryArray):
    """Each value as its 16 bytes."""

    __slots__ = ()
    oid, element_oid = 2951, 2950

    @classmethod
    def of(cls, values: Iterable[bytes]) -> "UuidArray":
        return cls([_UUID_LENGTH + value for value in values])


class IntegerArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1007, 23

    @classmethod
    def of(cls, values: Iterable[int]) -> "IntegerArray":
        pack = _INT4.pack
        return cls([pack(4, value) for value in values])


class BigintArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1016, 20

    @classmethod
    def of(cls, values: Iterable[int]) -> "BigintArray":
        pack = _INT8.pack
        return cls([pack(8, value) for value in values])


class BooleanArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1000, 16

    @classmethod
    def of(cls, values: Iterable[bool]) -> "BooleanArray":
        return cls([_TRUE if value else _FALSE for value in values])


def packed(data: bytes) -> bytes:
    """One element behind its length."""
    return _LENGTH.pack(len(data)) + data


def adapt(context: AdaptContext) -> None:
    """Teach a connection these parameters."""
    adapters = context.adapters
    assert adapters is not None
    for kind in (TextArray, ByteaArray, UuidArray, IntegerArray, BigintArray, BooleanArray):
        adapters.register_dumper(kind, _dumper(kind))


def _dumper(kind: type[BinaryArray]) -> type[Dumper]:
    empty = _HEADER.pack(0, 0, kind.element_oid, 0, 1)[:12]

    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: Any) -> bytes:
            fields: list[bytes] = obj.fields
            if not fields:
                return empty
            return _HEADER.pack(1, 1, kind.element_oid, len(fields), 1) + b"".join(fields)

    return ArrayDumper
