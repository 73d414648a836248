"""Make a key for oneself, with which a program does some of what one may."""

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.errors import invalid
from domain.user import decisions
from domain.user.events import ApiKeyMade
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.moment import moment
from domain.workspace.state import WORKSPACE

KEY_STAYS = NoInverse("a key that is about cannot be called back; revoke it instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeApiKey:
    """`key_id` is a fresh one. `workspace_id`: with the key nothing of another one is seen."""

    user_id: str
    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires_at: str | None = None
    workspace_id: str | None = None


async def make_api_key(command: MakeApiKey, work: Work) -> str:
    user = work.seen(USER, command.user_id)
    if command.workspace_id is not None:
        workspace = await work.load(WORKSPACE, command.workspace_id)
        if workspace is None or workspace.role_of(work.actor) is None:
            raise invalid("/workspace_id", "There is no such workspace, or you may not see it.")
    until = command.expires_at
    events = decisions.make_key(
        user,
        key_id=command.key_id,
        name=command.name,
        scopes=command.scopes,
        expires_at=None if until is None else moment(until, "/expires_at"),
        workspace_id=command.workspace_id,
        now=work.now,
        limits=work.limits,
    )
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *events)
    return user.user_id


MAKE_API_KEY = CommandSpec(
    command=MakeApiKey,
    handler=make_api_key,
    permission=OwnAccount(),
    events=(ApiKeyMade,),
    route="POST /api-keys",
    inverse=KEY_STAYS,
    writes=lambda command: command.user_id,
)
