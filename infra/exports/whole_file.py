"""A file that appears whole or not at all: written beside its name, renamed when it is done."""

import contextlib
import errno
import gzip
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from infra.keys.master import sync_folder

_GZIP_LEVEL: Final = 6
_BUFFER_BYTES: Final = 1024 * 1024


class Digested:
    """A file whose digest is known before anybody sees the file."""

    def __init__(self, raw: BinaryIO, *, packed: bool) -> None:
        self._raw = raw
        self._digest = hashlib.sha256()
        self.size = 0
        self._packer = _packer(self) if packed else None

    def content(self, piece: bytes) -> None:
        """Goes on with what the file holds."""
        if self._packer is None:
            self.write(piece)
        else:
            self._packer.write(piece)

    def ended(self) -> str:
        """The SHA-256 of the whole file in hex; nothing more may be written. All of it has left by
        then: of a file for which there is no room nothing is told."""
        if self._packer is not None:
            self._packer.close()
        self._raw.flush()
        return self._digest.hexdigest()

    def write(self, piece: bytes) -> int:
        """The bytes of the file itself."""
        self._digest.update(piece)
        self.size += len(piece)
        return self._raw.write(piece)

    def flush(self) -> None:
        self._raw.flush()


@contextlib.contextmanager
def digested_file(path: Path) -> Iterator[Digested]:
    """As `plain_file`, for what must be told of a file before it is there: the block asks for the
    digest, tells it, and ends. Packed by gzip where the name ends in `.gz`, the same content
    always to the same bytes."""
    with plain_file(path) as raw:
        yield Digested(raw, packed=path.suffix == ".gz")


@contextlib.contextmanager
def plain_file(path: Path) -> Iterator[BinaryIO]:
    """What is written stands at `path` when the block ends, durable, in the place of the file that
    stood there before; where the block raises, nothing has changed. Only who runs this may read it.

    Raises OSError, at once where there is something that is no file.
    """
    path = path.resolve()  # of a link the file that it leads to
    if path.exists() and not path.is_file():
        raise FileExistsError(errno.EEXIST, "there is something that is no file")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w+b", buffering=_BUFFER_BYTES) as raw:
            yield raw
            raw.flush()
            os.fsync(raw.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    sync_folder(path.parent)


def _packer(raw: BinaryIO | Digested) -> gzip.GzipFile:
    return gzip.GzipFile("", "wb", _GZIP_LEVEL, raw, mtime=0)
