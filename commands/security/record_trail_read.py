"""Write down that somebody reads the trail, before they get what they asked for."""

from collections.abc import Mapping

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.security.events import TrailRead
from domain.security.state import NOTE
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTrailRead:
    """As in `TrailRead`."""

    workspace_id: str
    filter: Mapping[str, str]
    events: int
    goes_on: bool
    upto: int


async def record_trail_read(command: RecordTrailRead, work: Work) -> str:
    note_id = work.new_id("note")
    read = TrailRead(
        filter=dict(command.filter),
        events=command.events,
        goes_on=command.goes_on,
        upto=command.upto,
    )
    work.record(NOTE, command.workspace_id, note_id, read)
    return note_id


RECORD_TRAIL_READ = CommandSpec(
    command=RecordTrailRead,
    handler=record_trail_read,
    permission=InWorkspace(Right.READ_TRAIL),
    events=(TrailRead,),
    route="GET /audit/events",
    inverse=NoInverse("what has been read has been read."),
)
