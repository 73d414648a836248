"""Note what those who watch must know of: the product does it by itself."""

from typing import Final, get_args

from commands.inverse import NoInverse
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
from domain.security.events import Noted
from domain.security.state import NOTE
from domain.values.frozen import dataclass

WATCH: Final = "watch"


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteSecurity:
    workspace_id: str
    event: Noted


@dataclass(frozen=True, slots=True)
class TheWatch:
    """Nobody asks for it, whoever it is about: no door lets commands in by this way."""

    def __str__(self) -> str:
        return "the product, of who was refused"

    async def check(self, command: NoteSecurity, work: Work) -> Access:
        if work.origin.via != WATCH:
            raise not_found("workspace")
        return Access(command.workspace_id)


async def note_security(command: NoteSecurity, work: Work) -> str:
    note_id = work.new_id("note")
    work.record(NOTE, command.workspace_id, note_id, command.event)
    return note_id


NOTE_SECURITY = CommandSpec(
    command=NoteSecurity,
    handler=note_security,
    permission=TheWatch(),
    events=get_args(Noted),
    route="whatever was refused",
    inverse=NoInverse("it is what happened."),
)
