"""A bundle as a file: its sections, written once and found again.

docs/record.md says what stands in each of them.
"""

import struct
from collections.abc import Callable, Iterable, Mapping
from enum import IntEnum
from hashlib import sha256
from typing import BinaryIO

from domain.record.encoding import HASH_BYTES
from domain.record.window import NotValid, Window

MAGIC = b"taskledger bundle 1\n"

_head = struct.Struct(">BQ")
_AT_ONCE = 1 << 20


class Kind(IntEnum):
    """In the order of the file."""

    MANIFEST = 1
    CHECKPOINT = 2
    KEYS = 3
    SUMMARY = 4
    PROOF = 5
    ENTRIES = 6


_KIB = 1024
_MOST = {
    Kind.MANIFEST: 64 * _KIB,
    Kind.CHECKPOINT: 256 * _KIB,
    Kind.KEYS: 256 * _KIB,
    Kind.SUMMARY: 4096 * _KIB,
}


class BundleWriter:
    """Writes the sections one after another by `put`, and hashes what goes by: what it writes to
    need not be read."""

    def __init__(self, put: Callable[[bytes], object]) -> None:
        self._to = put
        self._digest = sha256()
        self._written = 0
        self._put(MAGIC)

    def section(self, kind: Kind, size: int, content: Iterable[bytes]) -> None:
        """The next one, taken piece by piece. Raises ValueError for one that is not next, or that
        is not of `size` bytes."""
        if kind != self._written + 1:
            raise ValueError(f"{kind.name} is not the section that comes next")
        self._written = kind
        self._put(_head.pack(kind, size))
        for piece in content:
            size -= len(piece)
            self._put(piece)
        if size:
            raise ValueError(f"{kind.name} is not of the size that was told")

    def finish(self) -> bytes:
        """The digest, which is written last."""
        if self._written != Kind.ENTRIES:
            raise ValueError("sections are missing")
        digest = self._digest.digest()
        self._to(digest)
        return digest

    def _put(self, piece: bytes) -> None:
        self._digest.update(piece)
        self._to(piece)


def digest_of(file: BinaryIO, end: int) -> bytes:
    """SHA-256 of the file up to `end`, where the file then stands."""
    digest = sha256()
    file.seek(0)
    left = end
    while left and (piece := file.read(min(left, _AT_ONCE))):
        digest.update(piece)
        left -= len(piece)
    return digest.digest()


def sections_of(file: BinaryIO, length: int) -> Mapping[Kind, tuple[int, int]]:
    """Where each section's content begins and ends, in a file of this length. Raises NotValid."""
    file.seek(0)
    start = file.read(len(MAGIC))
    if start != MAGIC:
        pairs = enumerate(zip(start, MAGIC, strict=False))
        differs = next((at for at, (found, due) in pairs if found != due), len(start))
        raise NotValid("this is no bundle: it does not begin like one", differs)
    window = Window(file, len(MAGIC), length, ahead=_head.size)
    sections: dict[Kind, tuple[int, int]] = {}
    for kind in Kind:
        at = window.offset
        number, size = _head.unpack(window.take(_head.size))
        if number != kind:
            raise NotValid(f"section {kind} ({kind.name.lower()}) should stand here", at)
        begin = window.offset
        if size > length - HASH_BYTES - begin or size > _MOST.get(kind, size):
            raise NotValid(f"the section {kind.name.lower()} cannot be of {size} bytes", at + 1)
        sections[kind] = begin, begin + size
        window = Window(file, begin + size, length, ahead=_head.size)
    if window.left > HASH_BYTES:
        raise NotValid("something stands behind the digest", window.offset + HASH_BYTES)
    return sections
