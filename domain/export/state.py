"""A file that was made of a workspace's trail."""

from domain.aggregate import Aggregate
from domain.export.events import TrailExported
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun


@dataclass(frozen=True, slots=True, kw_only=True)
class Export(StreamState):
    """`digest`: the SHA-256 of the file, in hex, of the last one where it had to be made anew."""

    export_id: str
    format: str
    digest: str


def evolve(state: Export | None, event: object, stamp: Stamp) -> Export | None:
    if not isinstance(event, TrailExported):
        return None if state is None else touched(state, stamp)
    if state is not None:
        return touched(state, stamp, format=event.format, digest=event.digest)
    return begun(Export, stamp, export_id=stamp.stream, format=event.format, digest=event.digest)


EXPORT = Aggregate("exp", evolve)
