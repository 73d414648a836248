"""Note that a password or a second factor was changed; what they are is nowhere in the log."""

from collections.abc import Awaitable, Callable

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import (
    UserEvent,
    UserPasswordChanged,
    UserRecoveryCodesRenewed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
)
from domain.user.state import USER, User
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePassword:
    user_id: str
    by_reset: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EnableSecondFactor:
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DisableSecondFactor:
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewRecoveryCodes:
    user_id: str


async def change_password(command: ChangePassword, work: Work) -> str:
    events = decisions.change_password(work.seen(USER, command.user_id), by_reset=command.by_reset)
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


Handler = Callable[
    [EnableSecondFactor | DisableSecondFactor | RenewRecoveryCodes, Work], Awaitable[str]
]


def _deciding(decide: Callable[[User], tuple[UserEvent, ...]]) -> Handler:
    async def handle(
        command: EnableSecondFactor | DisableSecondFactor | RenewRecoveryCodes, work: Work
    ) -> str:
        events = decide(work.seen(USER, command.user_id))
        work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
        return command.user_id

    return handle


CHANGE_PASSWORD = CommandSpec(
    command=ChangePassword,
    handler=change_password,
    permission=OwnAccount(),
    events=(UserPasswordChanged,),
    route="POST /auth/password",
    inverse=NoInverse("the former password is kept nowhere; choose another."),
    writes=lambda command: command.user_id,
)
ENABLE_SECOND_FACTOR = CommandSpec(
    command=EnableSecondFactor,
    handler=_deciding(decisions.enable_second_factor),
    permission=OwnAccount(),
    events=(UserSecondFactorEnabled,),
    route="POST /auth/totp/confirm",
    inverse=NoInverse("remove the second factor instead."),
    writes=lambda command: command.user_id,
)
DISABLE_SECOND_FACTOR = CommandSpec(
    command=DisableSecondFactor,
    handler=_deciding(decisions.disable_second_factor),
    permission=OwnAccount(),
    events=(UserSecondFactorDisabled,),
    route="DELETE /auth/totp",
    inverse=NoInverse("set up a second factor anew."),
    writes=lambda command: command.user_id,
)
RENEW_RECOVERY_CODES = CommandSpec(
    command=RenewRecoveryCodes,
    handler=_deciding(decisions.renew_recovery_codes),
    permission=OwnAccount(),
    events=(UserRecoveryCodesRenewed,),
    route="POST /auth/totp/recovery-codes",
    inverse=NoInverse("the former codes are kept nowhere."),
    writes=lambda command: command.user_id,
)
