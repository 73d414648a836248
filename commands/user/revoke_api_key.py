"""Revoke a key of one's own: from then on it opens nothing."""

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import ApiKeyRevoked
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE

NEVER_AGAIN = NoInverse("a revoked key never comes back; make a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeApiKey:
    user_id: str
    key_id: str


async def revoke_api_key(command: RevokeApiKey, work: Work) -> str:
    events = decisions.revoke_key(work.seen(USER, command.user_id), command.key_id)
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


REVOKE_API_KEY = CommandSpec(
    command=RevokeApiKey,
    handler=revoke_api_key,
    permission=OwnAccount(),
    events=(ApiKeyRevoked,),
    route="DELETE /api-keys/{id}",
    inverse=NEVER_AGAIN,
    writes=lambda command: command.user_id,
)
