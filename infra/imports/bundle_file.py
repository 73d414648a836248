"""A bundle that may be imported: verified from end to end, and all that its workspace had."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BufferedReader, FileIO
from pathlib import Path
from typing import NamedTuple

from domain.record.bundle import Kind, sections_of
from domain.record.encoding import NO_LINK, body_hash, link
from domain.record.entry import read_entries
from domain.record.trust import TrustedKey
from domain.record.verify import Verified, verify_bundle
from domain.record.window import Window
from domain.values.frozen import dataclass
from domain.values.ids import is_id
from infra.event_store.rows import StoredRow

Progress = Callable[[int], None]

_AHEAD = 1 << 20


class NotImportable(Exception):
    """Nothing was changed; says why, and what to do."""


class BundledEvent(NamedTuple):
    """An event as another log has it, its `position` being its count in the workspace's chain, and
    the keys of those sealed fields of it that are disclosed."""

    row: StoredRow
    field_keys: dict[str, bytes]


@dataclass(frozen=True, slots=True)
class BundleFile:
    path: Path
    found: Verified

    @classmethod
    def checked(
        cls,
        path: Path,
        trusted: Sequence[TrustedKey] | None,
        progress: Progress = lambda done: None,
    ) -> "BundleFile":
        """Verified by these keys, None as `verify_bundle` has it. `progress` is given how much of
        the file was looked at. Raises NotValid, NotImportable, OSError."""
        with _read(path, progress) as file:
            found = verify_bundle(file, path.stat().st_size, trusted)
        if not is_id(found.workspace_id, "ws"):
            raise NotImportable("It is of no workspace of people, and stays where it is.")
        if (found.complete_from, found.complete_to, found.events) != (
            1,
            found.head_count,
            found.head_count,
        ):
            raise NotImportable(
                f"It tells {found.events:,} of the {found.head_count:,} events that the workspace "
                "had. Only a whole history can go on elsewhere: export it again without --from, "
                "--to, --stream and --actor."
            )
        return cls(path, found)

    def events(self, progress: Progress = lambda done: None) -> Iterator[BundledEvent]:
        """All of them in their order, each linked once more: the file may have been changed since
        it was verified. Raises NotValid, NotImportable, OSError."""
        workspace_id = self.found.workspace_id
        count, before = 0, NO_LINK
        with _read(self.path, progress) as file:
            place = sections_of(file, self.path.stat().st_size)[Kind.ENTRIES]
            for entry in read_entries(Window(file, *place, ahead=_AHEAD)):
                if (told := entry.envelope) is None:
                    raise _changed()
                count += 1
                hashed = body_hash(workspace_id, told.content, entry.hashed)
                before = link(count, before, hashed)
                row = StoredRow(
                    count,
                    workspace_id,
                    told.stream,
                    told.version,
                    told.type,
                    entry.payload,
                    told.metadata,
                    told.recorded_at,
                    told.number or None,
                )
                yield BundledEvent(row, dict(entry.fields))
        if (count, before) != (self.found.head_count, self.found.head_link):
            raise _changed()


def _changed() -> NotImportable:
    return NotImportable("The file was changed after it had been verified.")


@contextmanager
def _read(path: Path, progress: Progress) -> Iterator[BufferedReader]:
    with FileIO(path) as raw, _Told(raw) as file:
        file.progress = progress
        yield file


class _Told(BufferedReader):
    """Tells how far it was read at most."""

    progress: Progress
    _farthest = 0

    def read(self, size: int | None = -1, /) -> bytes:
        content = super().read(size)
        if (here := self.tell()) > self._farthest:
            self._farthest = here
            self.progress(here)
        return content
