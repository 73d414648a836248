"""Makes a file of a workspace's trail: nobody gets it before the log says that it was made."""

from pathlib import Path

from commands.execution import Executor
from commands.export.record_export import RecordExport
from domain.values.frozen import dataclass
from domain.values.recorded import Origin
from infra.exports.filters import TrailFilter
from infra.exports.formats import FORMATS, Making, Sources, Written
from infra.exports.progress import Begin, untold
from infra.exports.whole_file import digested_file


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
    def __init__(self, executor: Executor, sources: Sources) -> None:
        self._executor = executor
        self.sources = sources

    async def may(self, asked: AskedExport) -> None:
        """Raises Refused where they may not have it, as the log has it now."""
        await self._executor.rehearse([_recording(asked, Written(0), "")], asked.origin)

    async def export(self, asked: AskedExport, path: Path, begin: Begin = untold) -> Exported:
        """A whole file at `path`, or nothing.

        Raises Refused (also where they lost the right meanwhile), TrailBroken, NotReadable and
        OSError.
        """
        await self.may(asked)
        with digested_file(path) as file:
            written = await FORMATS[asked.format].write(
                Making(
                    out=file,
                    folder=path.parent,
                    workspace_id=asked.workspace_id,
                    wanted=asked.wanted,
                    sources=self.sources,
                    begin=begin,
                )
            )
            digest = file.ended()
            recording = _recording(asked, written, digest)
            outcome = await self._executor.execute([recording], asked.origin)
        return Exported(
            events=written.events,
            size=file.size,
            digest=digest,
            tree_size=written.tree_size,
            position=outcome.position,
        )


def _recording(asked: AskedExport, written: Written, digest: str) -> RecordExport:
    return RecordExport(
        workspace_id=asked.workspace_id,
        export_id=asked.export_id,
        format=asked.format,
        events=written.events,
        digest=digest,
        tree_size=written.tree_size,
        filter=asked.wanted.as_asked(),
    )
