"""Take an account's address as verified, or another, verified one in its place."""

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import UserEmailChanged, UserEmailVerified
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text import shown
from domain.values.text_rules import normal_email


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyEmail:
    """`email` is the account's, and whoever asks has just shown that they read it."""

    user_id: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeEmail:
    """`email` is another one than the account's, shown in the same way."""

    user_id: str
    email: str


async def verify_email(command: VerifyEmail, work: Work) -> str:
    user = work.seen(USER, command.user_id)
    events = decisions.verify_email(user, command.email)
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *events)
    return user.user_id


async def change_email(command: ChangeEmail, work: Work) -> str:
    user = work.seen(USER, command.user_id)
    events = decisions.change_email(user, command.email)
    was, now = normal_email(shown(user.email)), normal_email(command.email)
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, *events)
    if was != now:
        work.claim("email", now, field="email", owner=user.user_id)
        work.claim("email", was, field="email", owner=user.user_id, holding=False)
    return user.user_id


VERIFY_EMAIL = CommandSpec(
    command=VerifyEmail,
    handler=verify_email,
    permission=OwnAccount(),
    events=(UserEmailVerified,),
    route="POST /auth/verify-email",
    inverse=NoInverse("what was verified stays so."),
    writes=lambda command: command.user_id,
)
CHANGE_EMAIL = CommandSpec(
    command=ChangeEmail,
    handler=change_email,
    permission=OwnAccount(),
    events=(UserEmailChanged, UserEmailVerified),
    route="POST /auth/verify-email",
    inverse=NoInverse("the former address would have to be verified again; change it to that one."),
    writes=lambda command: command.user_id,
)
