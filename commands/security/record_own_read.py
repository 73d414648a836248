"""Write down that somebody takes along all that is kept of them, before they get it."""

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.security.events import TrailRead
from domain.security.state import NOTE
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordOwnRead:
    """`workspaces`: in whose trails it stands, beside the system's. Up to the position `upto`."""

    user_id: str
    workspaces: tuple[str, ...]
    upto: int


async def record_own_read(command: RecordOwnRead, work: Work) -> str:
    read = TrailRead(filter={"person": command.user_id}, events=0, goes_on=True, upto=command.upto)
    note_id = ""
    for workspace_id in (*command.workspaces, SYSTEM_WORKSPACE):
        note_id = work.new_id("note")
        work.record(NOTE, workspace_id, note_id, read)
    return note_id


RECORD_OWN_READ = CommandSpec(
    command=RecordOwnRead,
    handler=record_own_read,
    permission=OwnAccount(),
    events=(TrailRead,),
    route="GET /users/me/export",
    inverse=NoInverse("what has been read has been read."),
)
