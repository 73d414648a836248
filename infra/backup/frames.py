"""The bytes of a backup (docs/backup.md): frames one after another, and two digests of them all."""

import hashlib
import hmac
import struct
import zlib
from collections.abc import Callable, Iterator
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, Final, TypeVar

import msgspec

T = TypeVar("T")

MAGIC: Final = b"taskledger backup 1\n"
PIECE_BYTES: Final = 1024 * 1024  # of rows, before they are packed

_HEAD: Final = struct.Struct(">BI")
_DIGESTS_BYTES: Final = 64
_MOST_BYTES: Final = 4 * PIECE_BYTES
_LEVEL: Final = 1


class Kind(IntEnum):
    MANIFEST = 1
    TABLE = 2
    ROWS = 3
    TABLE_END = 4
    END = 5


class NotABackup(Exception):
    """The file is none, was cut short, or is not as it was written."""


class Manifest(msgspec.Struct, frozen=True):
    """What a backup is of. `position` and `recorded_at` (microseconds since 1970) are the head of
    the log `log_id`; `migrations` are names and checksums, in order; `root` is the root secret as
    the master key `master_id` wraps it."""

    format: int
    product: str
    made_at: str
    log_id: str
    position: int
    recorded_at: int
    migrations: tuple[tuple[str, str], ...]
    master_id: str
    root: bytes


class TableBegin(msgspec.Struct, frozen=True):
    """What follows are rows of this table, these columns of them, as PostgreSQL's binary COPY
    writes them, packed by zlib (RFC 1950) in pieces cut anywhere."""

    schema: str
    name: str
    columns: tuple[str, ...]


class TableEnd(msgspec.Struct, frozen=True):
    rows: int


class End(msgspec.Struct, frozen=True):
    """How many rows the whole of it holds, and how many of them are events."""

    rows: int
    events: int


Piece = TableBegin | bytes | TableEnd | End


class FrameWriter:
    """`secret` is known only to who has the master key: nobody else makes a backup that is taken
    for one of ours."""

    def __init__(self, file: BinaryIO, manifest: Manifest, secret: bytes) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._mac = hmac.new(secret, digestmod=hashlib.sha256)
        self.size = 0
        self._write(MAGIC)
        self._frame(Kind.MANIFEST, msgspec.msgpack.encode(manifest))

    def begin(self, table: TableBegin) -> None:
        self._frame(Kind.TABLE, msgspec.msgpack.encode(table))

    def rows(self, piece: bytes) -> None:
        """At most PIECE_BYTES."""
        self._frame(Kind.ROWS, zlib.compress(piece, _LEVEL))

    def end_table(self, rows: int) -> None:
        self._frame(Kind.TABLE_END, msgspec.msgpack.encode(TableEnd(rows)))

    def end(self, rows: int, events: int) -> None:
        self._frame(Kind.END, msgspec.msgpack.encode(End(rows, events)))
        mac = self._mac.digest()
        self._digest.update(mac)
        self._file.write(mac + self._digest.digest())
        self.size += _DIGESTS_BYTES

    def _frame(self, kind: Kind, content: bytes) -> None:
        self._write(_HEAD.pack(kind, len(content)))
        self._write(content)

    def _write(self, data: bytes) -> None:
        self._digest.update(data)
        self._mac.update(data)
        self._file.write(data)
        self.size += len(data)


class BackupFile:
    """A backup that is whole and was made by who has the master key: looked through once, from its
    first byte to its last, before anybody uses it. Then it may be read as often as one likes."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        self._path = path
        self.manifest = manifest

    @classmethod
    def checked(
        cls,
        path: Path,
        secret_of: Callable[[Manifest], bytes],
        progress: Callable[[int], None] = lambda done: None,
    ) -> "BackupFile":
        """Raises NotABackup, OSError, and what `secret_of` raises."""
        _check_digest(path, progress)
        with path.open("rb") as file:
            reading = _Reading(file, path.stat().st_size - _DIGESTS_BYTES)
            manifest = reading.manifest()
            mac = hmac.new(secret_of(manifest), reading.read, hashlib.sha256)
            reading.on_read = mac.update
            _check_order(reading.pieces())
            if not hmac.compare_digest(mac.digest(), file.read(mac.digest_size)):
                raise NotABackup("it was not made by who has this master key")
        return cls(path, manifest)

    def pieces(self, progress: Callable[[int], None] = lambda done: None) -> Iterator[Piece]:
        """All that stands behind the manifest, rows unpacked."""
        with self._path.open("rb") as file:
            reading = _Reading(file, self._path.stat().st_size - _DIGESTS_BYTES)
            if reading.manifest() != self.manifest:
                raise NotABackup("it was changed while it was read")
            for piece in reading.pieces():
                progress(file.tell())
                yield piece


class _Reading:
    """`read` keeps what was read until somebody listens to it instead."""

    def __init__(self, file: BinaryIO, end: int) -> None:
        self._file = file
        self._end = end
        self.read = b""
        self.on_read: Callable[[bytes], None] | None = None

    def manifest(self) -> Manifest:
        if self._take(len(MAGIC)) != MAGIC:
            raise NotABackup("it does not begin as a backup does")
        kind, content = self._frame()
        if kind != Kind.MANIFEST:
            raise NotABackup("it has no manifest")
        manifest = _decoded(content, Manifest)
        if manifest.format != 1:
            raise NotABackup(f"its format {manifest.format} is not known here")
        return manifest

    def pieces(self) -> Iterator[Piece]:
        while self._file.tell() < self._end:
            kind, content = self._frame()
            match kind:
                case Kind.TABLE:
                    yield _decoded(content, TableBegin)
                case Kind.ROWS:
                    yield _unpacked(content)
                case Kind.TABLE_END:
                    yield _decoded(content, TableEnd)
                case Kind.END:
                    yield _decoded(content, End)
                case _:
                    raise NotABackup(f"it has a frame of the kind {kind}")

    def _frame(self) -> tuple[int, bytes]:
        kind, length = _HEAD.unpack(self._take(_HEAD.size))
        if length > _MOST_BYTES:
            raise NotABackup("it has a frame that is too long")
        return kind, self._take(length)

    def _take(self, size: int) -> bytes:
        if self._file.tell() + size > self._end:
            raise NotABackup("it ends too early")
        data = self._file.read(size)
        if self.on_read is None:
            self.read += data if len(self.read) < _MOST_BYTES else b""
        else:
            self.on_read(data)
        return data


def _check_digest(path: Path, progress: Callable[[int], None]) -> None:
    left = path.stat().st_size - _DIGESTS_BYTES // 2
    digest = hashlib.sha256()
    with path.open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            raise NotABackup("it does not begin as a backup does")
        file.seek(0)
        while left > 0:
            chunk = file.read(min(PIECE_BYTES, left))
            if not chunk:
                break
            digest.update(chunk)
            left -= len(chunk)
            progress(file.tell())
        if not hmac.compare_digest(digest.digest(), file.read()):
            raise NotABackup("it was cut short or changed: its digest is another")


def _check_order(pieces: Iterator[Piece]) -> None:
    """Rows stand within a table, every table ends, and the end comes last."""
    inside = ended = False
    for piece in pieces:
        fits = {
            TableBegin: not inside,
            bytes: inside,
            TableEnd: inside,
            End: not inside,
        }[type(piece)]
        if ended or not fits:
            raise NotABackup("its frames are not in order")
        inside = isinstance(piece, TableBegin | bytes)
        ended = isinstance(piece, End)
    if not ended:
        raise NotABackup("it has no end")


def _decoded(content: bytes, type_: type[T]) -> T:
    try:
        return msgspec.msgpack.decode(content, type=type_)
    except msgspec.MsgspecError as error:
        raise NotABackup(f"a frame of it is malformed: {error}") from error


def _unpacked(content: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        piece = unpacker.decompress(content, PIECE_BYTES + 1)
    except zlib.error as error:
        raise NotABackup(f"rows of it cannot be unpacked: {error}") from error
    if len(piece) > PIECE_BYTES or not unpacker.eof:
        raise NotABackup("rows of it are longer than they may be")
    return piece
