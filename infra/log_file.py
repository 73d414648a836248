"""A child's output kept in files of bounded size."""

import contextlib
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

_FILE_BYTES = 8 * 1024 * 1024
_FILES_KEPT = 2
_CHUNK_BYTES = 64 * 1024
_TAIL_BYTES = 8 * 1024
_QUIET = (b'"level":"info"', b'"level":"debug"')


class LogFile:
    """Takes whole chunks as they come, so that a busy child costs next to nothing."""

    def __init__(self, path: Path, show: Callable[[bytes], object] | None = None) -> None:
        """`show` gets every line that is not one of ours of level info or debug."""
        self.path = path
        self._show = show
        self._tail = b""
        self._unfinished = b""
        self._reader: threading.Thread | None = None

    def follow(self, output: IO[bytes]) -> None:
        """Keep all of this output, in a thread of its own, until it ends."""
        self._tail = self._unfinished = b""
        self._reader = threading.Thread(
            target=self._keep, args=(output,), name=self.path.stem, daemon=True
        )
        self._reader.start()

    def finish(self, timeout_seconds: float = 1) -> None:
        """Wait until the output has ended; a grandchild may hold it open for longer."""
        if self._reader is not None:
            self._reader.join(timeout_seconds)

    @property
    def last_lines(self) -> list[str]:
        return self._tail.decode(errors="replace").splitlines()

    def _keep(self, output: IO[bytes]) -> None:
        file: IO[bytes] | None = None
        with output:
            while chunk := os.read(output.fileno(), _CHUNK_BYTES):
                self._tail = (self._tail + chunk)[-_TAIL_BYTES:]
                with contextlib.suppress(OSError):  # a full disk must not stop the child
                    file = file or self._open()
                    file.write(chunk)
                    if file.tell() > _FILE_BYTES:
                        full, file = file, None
                        full.close()
                        self._rotate()
                        file = self._open()
                if self._show is not None:
                    self._show_loud(chunk)
        if file is not None:
            file.close()

    def _open(self) -> IO[bytes]:
        return self.path.open("ab", buffering=0)

    def _rotate(self) -> None:
        names = [self.path, *(Path(f"{self.path}.{n}") for n in range(1, _FILES_KEPT + 1))]
        for older, newer in reversed(list(zip(names[1:], names[:-1], strict=True))):
            with contextlib.suppress(FileNotFoundError):
                newer.replace(older)

    def _show_loud(self, chunk: bytes) -> None:
        assert self._show is not None
        *lines, self._unfinished = (self._unfinished + chunk).split(b"\n")
        for line in lines:
            if not any(mark in line for mark in _QUIET):
                self._show(line + b"\n")
