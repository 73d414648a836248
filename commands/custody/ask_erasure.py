"""Ask for a person to be forgotten: oneself everywhere, or somebody of one's workspace."""

from commands.custody.places import loaded_custody
from commands.inverse import NoInverse
from commands.permissions import OneselfOrInNamedWorkspace, OneselfOrInWorkspace, require_whole_key
from commands.spec import CommandSpec
from commands.work import Work
from domain.custody import decisions
from domain.custody.events import ErasureAsked, ErasureWithdrawn
from domain.custody.state import CUSTODY, custody_of
from domain.errors import not_found
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import checked_id
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AskErasure:
    """`workspace_id`: where somebody approves. `content`: all that they wrote, too.
    `erasure_id` is a fresh one that the client made."""

    user_id: str
    workspace_id: str
    content: bool = False
    reason: str | None = None
    erasure_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawErasure:
    workspace_id: str
    user_id: str
    erasure_id: str


async def ask_erasure(command: AskErasure, work: Work) -> str:
    require_whole_key(work)
    custody = await loaded_custody(work, command.workspace_id)
    user = await work.load(USER, command.user_id)
    workspace = work.seen(WORKSPACE, command.workspace_id)
    if user is None or command.user_id not in {*workspace.members, *workspace.suspended}:
        raise not_found("user")
    erasure_id = command.erasure_id or work.new_id("ers")
    events = decisions.ask_erasure(
        custody,
        user,
        erasure_id=checked_id(erasure_id, "ers", "/erasure_id"),
        user_id=command.user_id,
        content=command.content,
        everywhere=command.user_id == work.actor,
        why=command.reason,
        limits=work.limits,
    )
    stream = custody_of(command.workspace_id)
    work.record(CUSTODY, command.workspace_id, stream, *events, subject=command.user_id)
    return stream


async def withdraw_erasure(command: WithdrawErasure, work: Work) -> str:
    custody = await loaded_custody(work, command.workspace_id)
    erasure = decisions.known_erasure(custody, command.erasure_id)
    if erasure.user_id != command.user_id:
        raise not_found("erasure")
    stream = custody_of(command.workspace_id)
    events = decisions.withdraw_erasure(custody, command.erasure_id)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    return stream


ASK_ERASURE = CommandSpec(
    command=AskErasure,
    handler=ask_erasure,
    permission=OneselfOrInNamedWorkspace(Right.MANAGE_MEMBERS),
    events=(ErasureAsked,),
    route="POST /users/{id}/erasure",
    inverse=NoInverse("withdraw it instead."),
    writes=lambda command: custody_of(command.workspace_id),
)
WITHDRAW_ERASURE = CommandSpec(
    command=WithdrawErasure,
    handler=withdraw_erasure,
    permission=OneselfOrInWorkspace(Right.MANAGE_MEMBERS),
    events=(ErasureWithdrawn,),
    route="DELETE /erasures/{id}",
    inverse=NoInverse("ask for it anew."),
    writes=lambda command: custody_of(command.workspace_id),
)
