"""Close somebody's account, or open it again: for the operator of the product alone."""

from commands.inverse import NoInverse
from commands.permissions import OfUser
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
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


@dataclass(frozen=True, slots=True)
class ByOperator:
    """Whoever runs the product, on its own machine: no door for others comes by that way."""

    def __str__(self) -> str:
        return "an operator, on the command line"

    async def check(self, command: OfUser, work: Work) -> Access:
        if work.origin.via != "cli" or await work.load(USER, command.user_id) is None:
            raise not_found("user")
        return Access(SYSTEM_WORKSPACE)


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
