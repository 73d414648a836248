"""The bytes of a file to import, plain or gzip by its content, and how far it has been read."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

CHUNK_BYTES = 64 * 1024

_GZIP_MAGIC = b"\x1f\x8b"


class Damaged(Exception):
    """The compressed data end too early or are not what was compressed."""


def chunks(path: Path, progress: Callable[[int], None] | None = None) -> Iterator[bytes]:
    """The file's content in chunks of at most 64 KiB, decompressed where it is gzip.

    `progress` is given the bytes of the file itself that are read so far, after each chunk.
    Raises OSError for a file that cannot be read, Damaged where decompression fails.
    """
    with path.open("rb") as raw:
        packed = raw.peek(len(_GZIP_MAGIC)).startswith(_GZIP_MAGIC)
        content = gzip.GzipFile(fileobj=raw) if packed else raw
        while chunk := _read(content):
            if progress is not None:
                progress(raw.tell())
            yield chunk


def _read(content: BufferedReader | gzip.GzipFile) -> bytes:
    try:
        return content.read(CHUNK_BYTES)
    except EOFError as error:
        raise Damaged("the compressed data end too early") from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise Damaged(f"the compressed data are damaged ({error})") from error
