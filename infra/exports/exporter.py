"""Makes a file of a workspace's trail: nobody gets it before the log says that it was made."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from commands.execution import Executor
from commands.export.record_export import RecordExport
from domain.values.recorded import Origin
from infra.exports.filters import TrailFilter
from infra.exports.formats import FORMATS
from infra.exports.progress import Begin, untold
from infra.exports.snapshot import Snapshot
from infra.exports.trail import Trail
from infra.exports.whole_file import digested_file
from infra.keys.content_keys import KeyRing
from infra.postgres.pool import Pool

TakeSnapshot = Callable[[str], Awaitable[Snapshot]]
"""Of a workspace, no older than the question. Raises Refused where nothing is signed in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedExport:
    """`export_id` is a fresh one, `origin` says who asks."""

    export_id: str
    workspace_id: str
    format: str
    wanted: TrailFilter
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """`events` that the file tells, `size` in bytes, `digest` the SHA-256 of it in hex; `position`
    is where the log says that it was made."""

    events: int
    size: int
    digest: str
    tree_size: int
    position: int


class Exporter:
    def __init__(
        self, pool: Pool, ring: KeyRing, executor: Executor, take_snapshot: TakeSnapshot
    ) -> None:
        self.pool = pool
        self._ring = ring
        self._executor = executor
        self.take_snapshot = take_snapshot

    async def may(self, asked: AskedExport) -> None:
        """Raises Refused where they may not have it, as the log has it now."""
        await self._executor.rehearse([_recording(asked, 0, 0, "")], asked.origin)

    async def export(self, asked: AskedExport, path: Path, begin: Begin = untold) -> Exported:
        """A whole file at `path`, or nothing.

        Raises Refused (also where they lost the right meanwhile), TrailBroken, NotReadable and
        OSError.
        """
        await self.may(asked)
        snapshot = await self.take_snapshot(asked.workspace_id)
        trail = Trail(self.pool, asked.workspace_id)
        with digested_file(path) as file:
            events = await FORMATS[asked.format].write(
                file, path.parent, trail, self._ring, snapshot, asked.wanted, begin
            )
            digest = file.ended()
            recording = _recording(asked, events, snapshot.size, digest)
            outcome = await self._executor.execute([recording], asked.origin)
        return Exported(
            events=events,
            size=file.size,
            digest=digest,
            tree_size=snapshot.size,
            position=outcome.position,
        )


def _recording(asked: AskedExport, events: int, tree_size: int, digest: str) -> RecordExport:
    return RecordExport(
        workspace_id=asked.workspace_id,
        export_id=asked.export_id,
        format=asked.format,
        events=events,
        digest=digest,
        tree_size=tree_size,
        filter=asked.wanted.as_asked(),
    )
