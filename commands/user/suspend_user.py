"""Close somebody's account, or open it again: for the operator of the product alone."""

from commands.inverse import NoInverse
from commands.permissions import ByOperator
from commands.spec import CommandSpec
from commands.work import Work
from domain.user import decisions
from domain.user.events import UserActivated, UserSuspended
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspendUser:
    user_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivateUser:
    user_id: str


async def suspend_user(command: SuspendUser, work: Work) -> str:
    events = decisions.suspend(work.seen(USER, command.user_id))
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


async def activate_user(command: ActivateUser, work: Work) -> str:
    events = decisions.activate(work.seen(USER, command.user_id))
    work.record(USER, SYSTEM_WORKSPACE, command.user_id, *events)
    return command.user_id


SUSPEND_USER = CommandSpec(
    command=SuspendUser,
    handler=suspend_user,
    permission=ByOperator(),
    events=(UserSuspended,),
    route="taskledger users suspend",
    inverse=NoInverse("an operator activates the account again."),
    writes=lambda command: command.user_id,
)
ACTIVATE_USER = CommandSpec(
    command=ActivateUser,
    handler=activate_user,
    permission=ByOperator(),
    events=(UserActivated,),
    route="taskledger users activate",
    inverse=NoInverse("an operator suspends the account again."),
    writes=lambda command: command.user_id,
)
