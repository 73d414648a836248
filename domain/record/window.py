"""A part of a file read in order, through a buffer, with bounds on everything."""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from domain.record.encoding import HASH_BYTES, MOST

_u16 = struct.Struct(">H")
_u32 = struct.Struct(">I")
_u64 = struct.Struct(">Q")


class NotValid(Exception):
    """What is wrong with a bundle, and where: the offset in the file, and of an entry its count
    in the chain and its position in the log as it states them."""

    def __init__(
        self, what: str, offset: int, count: int | None = None, position: int | None = None
    ) -> None:
        super().__init__(what)
        self.what = what
        self.offset = offset
        self.count = count
        self.position = position


class Window:
    """Bytes `start` to `end` of a file that nobody else changes; others may read it meanwhile.

    Whatever is asked for beyond the end raises NotValid.
    """

    __slots__ = ("_ahead", "_at", "_base", "_buffer", "_file", "end")

    def __init__(self, file: BinaryIO, start: int, end: int, ahead: int = 1 << 16) -> None:
        self._file = file
        self._ahead = ahead
        self._buffer = b""
        self._base = start
        self._at = 0
        self.end = end

    @property
    def offset(self) -> int:
        """Of the next byte, in the file."""
        return self._base + self._at

    @property
    def left(self) -> int:
        return self.end - self._base - self._at

    def take(self, size: int) -> bytes:
        """The next bytes."""
        if len(self._buffer) - self._at < size:
            self._fill(size)
        found = self._buffer[self._at : self._at + size]
        self._at += size
        return found

    def u16(self) -> int:
        (number,) = _u16.unpack(self.take(2))
        return int(number)

    def u64(self) -> int:
        (number,) = _u64.unpack(self.take(8))
        if number > MOST:
            raise NotValid(f"the number {number} is too large", self.offset - 8)
        return int(number)

    def hash(self) -> bytes:
        return self.take(HASH_BYTES)

    def sized(self, most: int, least: int = 0) -> bytes:
        """What stands behind its length as u32."""
        (size,) = _u32.unpack(self.take(4))
        if not least <= size <= most:
            raise NotValid(f"a length of {size}, where {least} to {most} may be", self.offset - 4)
        return self.take(size)

    def name(self) -> str:
        """A text behind its length, of 1 to 1,024 bytes."""
        content = self.sized(MOST_NAME, 1)
        try:
            return content.decode()
        except UnicodeDecodeError:
            raise NotValid("a name that is not UTF-8", self.offset - len(content)) from None

    def hashes(self) -> Iterator[bytes]:
        """All that is left, as hashes."""
        while self.left:
            yield self.take(HASH_BYTES)

    def finished(self) -> None:
        """Nothing may be left."""
        if self.left:
            raise NotValid(f"{self.left} bytes too many", self.offset)

    def _fill(self, size: int) -> None:
        if size > self.left:
            raise NotValid(f"cut: {size} bytes should stand here", self.offset)
        kept = self._buffer[self._at :]
        self._base += self._at
        self._at = 0
        wanted = min(max(self._ahead, size), self.end - self._base) - len(kept)
        self._file.seek(self._base + len(kept))
        self._buffer = kept + self._file.read(wanted)
        if len(self._buffer) < size:
            raise NotValid("the file became shorter while it was read", self.offset)


MOST_NAME = 1024
