"""What a sealer keeps on its own machine, outside of the database: what it signed last."""

import asyncio
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from infra.durable import held, write_durably

_CHECKPOINT: Final = "checkpoint"
_REFUSED: Final = "refused"
_KEYS: Final = "keys.json"


class SealersFolder:
    """Files that are on the disk before whoever writes them goes on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def locked(self) -> AbstractContextManager[None]:
        """While the block runs, no other sealer is in it. Raises FolderBusy."""
        return held(self.path, "sealer")

    def checkpoint(self) -> bytes | None:
        """The note that was signed last; None where none ever was."""
        return self._read(_CHECKPOINT)

    async def keep_checkpoint(self, note: bytes) -> None:
        """On the disk when this returns."""
        await asyncio.to_thread(write_durably, self.path / _CHECKPOINT, note)

    def keys(self) -> bytes | None:
        """The document of public keys."""
        return self._read(_KEYS)

    def keep_keys(self, document: bytes) -> None:
        write_durably(self.path / _KEYS, document)

    def refusal(self, log_id: str) -> str | None:
        """Why this log was not to be signed any more when it was seen last."""
        kept = (self._read(_REFUSED) or b"").decode(errors="replace")
        of, _, why = kept.partition("\n")
        return why if of == log_id else None

    def keep_refusal(self, log_id: str, why: str) -> None:
        write_durably(self.path / _REFUSED, f"{log_id}\n{why}".encode())

    def drop_refusal(self) -> None:
        (self.path / _REFUSED).unlink(missing_ok=True)

    def _read(self, name: str) -> bytes | None:
        try:
            return (self.path / name).read_bytes()
        except FileNotFoundError:
            return None
