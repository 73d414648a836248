"""Query parameters in PostgreSQL's binary format, arrays above all, made in one pass.

psycopg's own list dumpers look at each element several times, which for a batch of small values
costs more than the rest of the call.
"""

import sys
from array import array
from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from typing import Self
from uuid import UUID

from psycopg.abc import AdaptContext
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = Struct("!iiIii")
_LENGTH = Struct("!i")
_INT4 = Struct("!ii")
_INT8 = Struct("!iq")

NULL = _LENGTH.pack(-1)
_UUID_LENGTH = _LENGTH.pack(16)
_FOUR_BYTES = 4 << 32
_TRUE = _LENGTH.pack(1) + b"\x01"
_FALSE = _LENGTH.pack(1) + b"\x00"


class Binary:
    """A parameter in PostgreSQL's binary format."""

    __slots__ = ()
    oid: int

    def dumped(self) -> bytes | None:
        """The parameter as it is sent; None is NULL."""
        raise NotImplementedError


class Null(Binary):
    """NULL of the type that `kind` has."""

    __slots__ = ("oid",)

    def __init__(self, kind: type[Binary]) -> None:
        self.oid = kind.oid

    def dumped(self) -> None:
        return None


class Uuid(Binary):
    __slots__ = ("_value",)
    oid = 2950

    def __init__(self, value: UUID) -> None:
        self._value = value

    def dumped(self) -> bytes:
        return self._value.bytes


class BinaryArray(Binary):
    """A one-dimensional array: its elements, each behind its length, in pieces of any size."""

    __slots__ = ("count", "pieces")
    element_oid: int

    def __init__(self, pieces: list[bytes], count: int) -> None:
        self.pieces = pieces
        self.count = count

    @property
    def size(self) -> int:
        """Bytes of all elements with their lengths."""
        return sum(map(len, self.pieces))

    def dumped(self) -> bytes:
        if not self.count:
            return _HEADER.pack(0, 0, self.element_oid, 0, 1)[:12]
        return _HEADER.pack(1, 1, self.element_oid, self.count, 1) + b"".join(self.pieces)


class TextArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1009, 25

    @classmethod
    def of(cls, values: Sequence[str | None]) -> Self:
        return cls(
            [NULL if value is None else packed(value.encode()) for value in values], len(values)
        )


class ByteaArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1001, 17

    @classmethod
    def of(cls, values: Sequence[bytes | None]) -> Self:
        return cls([NULL if value is None else packed(value) for value in values], len(values))


class UuidArray(BinaryArray):
    """Each value as its 16 bytes."""

    __slots__ = ()
    oid, element_oid = 2951, 2950

    @classmethod
    def of(cls, values: Sequence[bytes]) -> Self:
        return cls([_UUID_LENGTH + value for value in values], len(values))


class IntegerArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1007, 23

    @classmethod
    def of(cls, values: Sequence[int]) -> Self:
        """Each length and value are one number of eight bytes."""
        fields = array("q", [_FOUR_BYTES | value & 0xFFFFFFFF for value in values])
        if sys.byteorder == "little":
            fields.byteswap()
        return cls([fields.tobytes()], len(values))


class BigintArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1016, 20

    @classmethod
    def of(cls, values: Sequence[int]) -> Self:
        pack = _INT8.pack
        return cls([pack(8, value) for value in values], len(values))


class BooleanArray(BinaryArray):
    __slots__ = ()
    oid, element_oid = 1000, 16

    @classmethod
    def of(cls, values: Sequence[bool]) -> Self:
        return cls([_TRUE if value else _FALSE for value in values], len(values))


def packed(data: bytes) -> bytes:
    """One element behind its length."""
    return _LENGTH.pack(len(data)) + data


@lru_cache(maxsize=4_096)
def packed_name(text: str) -> bytes:
    """`packed` of a text that comes again with many elements, such as the name of a type."""
    return packed(text.encode())


def packed_integer(value: int) -> bytes:
    return _INT4.pack(4, value)


def adapt(context: AdaptContext, *others: type[BinaryArray]) -> None:
    """Teach a connection these parameters, and `others`."""
    adapters = context.adapters
    assert adapters is not None
    for kind in (*_KINDS, *others):
        adapters.register_dumper(kind, _dumper(kind))


_KINDS: tuple[type[BinaryArray], ...] = (
    TextArray,
    ByteaArray,
    UuidArray,
    IntegerArray,
    BigintArray,
    BooleanArray,
)


def _dumper(kind: type[BinaryArray]) -> type[Dumper]:
    class ArrayDumper(Dumper):
        format = Format.BINARY
        oid = kind.oid

        def dump(self, obj: BinaryArray) -> bytes:
            return obj.dumped()

    return ArrayDumper
