"""Note that an identity at another's provider leads into an account, or no longer does."""

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import UserIdentityLinked, UserIdentityUnlinked
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, checked_id


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkIdentity:
    """Whoever asks has just signed on as this identity, and owns the account."""

    user_id: str
    identity_id: str
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlinkIdentity:
    user_id: str
    identity_id: str


async def link_identity(command: LinkIdentity, work: Work) -> str:
    identity_id = checked_id(command.identity_id, "idn", "/identity_id")
    user = work.seen(USER, command.user_id)
    events = decisions.link_identity(user, identity_id, command.issuer, work.limits)
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


async def unlink_identity(command: UnlinkIdentity, work: Work) -> str:
    events = decisions.unlink_identity(work.seen(USER, command.user_id), command.identity_id)
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


LINK_IDENTITY = CommandSpec(
    command=LinkIdentity,
    handler=link_identity,
    permission=OwnAccount(),
    events=(UserIdentityLinked,),
    route="POST /auth/identities",
    inverse=NoInverse("unlink the identity instead."),
    writes=lambda command: command.user_id,
)
UNLINK_IDENTITY = CommandSpec(
    command=UnlinkIdentity,
    handler=unlink_identity,
    permission=OwnAccount(),
    events=(UserIdentityUnlinked,),
    route="DELETE /auth/identities/{id}",
    inverse=NoInverse("sign on and link it anew."),
    writes=lambda command: command.user_id,
)
