"""Files that are on the disk when a call returns, and folders that one process works in."""

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LOCK: Final = "lock"


class FolderBusy(OSError):
    """Another process works in this folder."""


@contextlib.contextmanager
def held(folder: Path, who: str) -> Iterator[None]:
    """While the block runs, no other process is in the folder, which is made where it is missing.
    `who` is what these are called. Raises FolderBusy."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderBusy(f"another {who} works in {folder}") from None
        yield
    finally:
        os.close(lock)


def write_durably(path: Path, content: bytes) -> None:
    """Whole or not at all, and there after a loss of power."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    fresh.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
