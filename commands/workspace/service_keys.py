"""Keys of a workspace's service accounts, made and revoked by its admins."""

from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.user.make_api_key import KEY_STAYS
from commands.user.revoke_api_key import NEVER_AGAIN
from commands.work import Work
from domain.errors import not_found
from domain.user import decisions
from domain.user.events import ApiKeyMade, ApiKeyRevoked
from domain.user.state import USER, User
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.moment import moment
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeServiceKey:
    """`user_id` is the service account's, `key_id` a fresh one. The key is for this workspace."""

    workspace_id: str
    user_id: str
    key_id: str
    name: str
    scopes: tuple[str, ...]
    expires_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeServiceKey:
    workspace_id: str
    user_id: str
    key_id: str


async def make_service_key(command: MakeServiceKey, work: Work) -> str:
    user = await _service(command, work)
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


async def revoke_service_key(command: RevokeServiceKey, work: Work) -> str:
    user = await _service(command, work)
    events = decisions.revoke_key(user, command.key_id)
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *events)
    return user.user_id


async def _service(command: MakeServiceKey | RevokeServiceKey, work: Work) -> User:
    """A service account of the workspace. Raises Refused(NOT_FOUND) for anybody else."""
    member = work.seen(WORKSPACE, command.workspace_id).members.get(command.user_id)
    user = None if member is None else await work.load(USER, command.user_id)
    if member is None or user is None or not member.is_service:
        raise not_found("service account")
    return user


MAKE_SERVICE_KEY = CommandSpec(
    command=MakeServiceKey,
    handler=make_service_key,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(ApiKeyMade,),
    route="POST /workspaces/{id}/service-accounts/{user_id}/keys",
    inverse=KEY_STAYS,
    writes=lambda command: command.user_id,
)
REVOKE_SERVICE_KEY = CommandSpec(
    command=RevokeServiceKey,
    handler=revoke_service_key,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(ApiKeyRevoked,),
    route="DELETE /workspaces/{id}/service-accounts/{user_id}/keys/{key_id}",
    inverse=NEVER_AGAIN,
    writes=lambda command: command.user_id,
)
