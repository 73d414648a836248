"""What a sealer keeps on its own machine, outside of the database: what it signed last."""

import asyncio
import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_CHECKPOINT: Final = "checkpoint"
_REFUSED: Final = "refused"
_KEYS: Final = "keys.json"
_LOCK: Final = "lock"


class FolderBusy(OSError):
    """Another sealer works in this folder."""


class SealersFolder:
    """Files that are on the disk before whoever writes them goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """While the block runs, no other sealer is in it. Raises FolderBusy."""
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FolderBusy(f"another sealer works in {self.path}") from None
            yield
        finally:
            os.close(lock)

    def checkpoint(self) -> bytes | None:
        """The note that was signed last; None where none ever was."""
        return self._read(_CHECKPOINT)

    async def keep_checkpoint(self, note: bytes) -> None:
        """On the disk when this returns."""
        await asyncio.to_thread(_write, self.path / _CHECKPOINT, note)

    def keys(self) -> bytes | None:
        """The document of public keys."""
        return self._read(_KEYS)

    def keep_keys(self, document: bytes) -> None:
        _write(self.path / _KEYS, document)

    def refusal(self, log_id: str) -> str | None:
        """Why this log was not to be signed any more when it was seen last."""
        kept = (self._read(_REFUSED) or b"").decode(errors="replace")
        of, _, why = kept.partition("\n")
        return why if of == log_id else None

    def keep_refusal(self, log_id: str, why: str) -> None:
        _write(self.path / _REFUSED, f"{log_id}\n{why}".encode())

    def drop_refusal(self) -> None:
        (self.path / _REFUSED).unlink(missing_ok=True)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None


def _write(path: Path, content: bytes) -> None:
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
