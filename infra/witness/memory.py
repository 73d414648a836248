"""What a witness remembers: the last checkpoint that it cosigned of each log."""

from hashlib import sha256
from pathlib import Path

from domain.record.checkpoint import parse_checkpoint
from domain.record.note import NoteBroken, parse_note
from domain.record.witnessing import Seen
from infra.durable import write_durably


class MemoryLost(OSError):
    """The folder is gone, or what is in it is not what was written; the message is for people."""


class WitnessMemory:
    """A file for each log, with the whole cosigned note, on the disk before anybody is told."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def exists(self) -> bool:
        """An empty one does too: only who made it knows that nothing was cosigned yet."""
        return self._folder.is_dir()

    def begin(self) -> None:
        """Raises FileExistsError where it exists."""
        self._folder.mkdir(mode=0o700, parents=True)

    def seen(self, origin: str) -> Seen:
        """Raises MemoryLost."""
        note = self.note(name_of(origin))
        if note is None:
            return Seen()
        try:
            last = parse_checkpoint(parse_note(note).text)
            if last.origin != origin:
                raise NoteBroken(f"it is of {last.origin}")
        except NoteBroken as error:
            raise MemoryLost(f"what was cosigned of {origin} cannot be read: {error}") from error
        return Seen(last.size, last.root)

    def note(self, name: str) -> bytes | None:
        """The note that was cosigned last of the log of this name (`name_of`); None where none
        ever was. Raises MemoryLost."""
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            if not self.exists:
                raise MemoryLost(f"{self._folder} is gone") from None
            return None

    def keep(self, origin: str, note: bytes) -> None:
        """Raises OSError where it is not there for good; the one before is then there still."""
        write_durably(self._folder / name_of(origin), note)


def name_of(origin: str) -> str:
    """Hex of a hash: an origin may hold whatever no file can be called."""
    return sha256(origin.encode()).hexdigest()
