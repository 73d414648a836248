"""A file that was made of a workspace's trail."""

from dataclasses import dataclass
from datetime import datetime

from domain.aggregate import Aggregate
from domain.export.events import TrailExported
from domain.values.evolved import touched
from domain.values.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """`digest`: the SHA-256 of the file, in hex, of the last one where it had to be made anew."""

    export_id: str
    workspace_id: str
    format: str
    digest: str
    updated_at: datetime
    updated_by: str
    version: int
    position: int


def evolve(state: Export | None, event: object, stamp: Stamp) -> Export | None:
    if not isinstance(event, TrailExported):
        return None if state is None else touched(state, stamp)
    if state is not None:
        return touched(state, stamp, format=event.format, digest=event.digest)
    return Export(
        export_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        format=event.format,
        digest=event.digest,
        updated_at=stamp.at,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


EXPORT = Aggregate("exp", evolve)
