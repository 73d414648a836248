"""Approve that a person is forgotten; what comes of it is noted by the product itself."""

from collections.abc import Mapping, Sequence

from commands.custody.over_custody import OverCustody
from commands.custody.places import DUE_SCOPE, loaded_custody, places_of
from commands.inverse import NoInverse
from commands.permissions import OfWorkspace, require_whole_key
from commands.scheduler import is_scheduler
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.custody import decisions
from domain.custody.events import ErasureApproved, ErasureCarriedOut, ErasureCompleted
from domain.custody.state import CUSTODY, Erasure, custody_of
from domain.errors import not_found
from domain.user.events import UserErased
from domain.user.state import USER, User
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text_rules import normal_email, normal_username
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveErasure:
    """`found`: the workspaces where the person is or has written, as the door found them."""

    workspace_id: str
    erasure_id: str
    found: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteErasure:
    """The keys and the account of whoever was erased are gone."""

    workspace_id: str
    erasure_id: str
    key_ids: tuple[str, ...]
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteErasure:
    """No view has them any more."""

    workspace_id: str
    erasure_id: str
    views: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class TheEraser:
    """Nobody asks for it: it is what was approved."""

    def __str__(self) -> str:
        return "nobody: the product by itself"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        custody = await loaded_custody(work, command.workspace_id)
        if custody is None or not is_scheduler(work):
            raise not_found("erasure")
        return Access(command.workspace_id)


async def approve_erasure(command: ApproveErasure, work: Work) -> str:
    require_whole_key(work)
    home = command.workspace_id
    erasure = decisions.known_erasure(await loaded_custody(work, home), command.erasure_id)
    if decisions.may_approve(erasure, work.actor):
        await approved(work, erasure, home, command.found)
    return custody_of(home)


async def approved(
    work: Work, erasure: Erasure, home: str, found: Sequence[str], operator: str | None = None
) -> None:
    """Decided by whoever may: records that it was. Raises Refused."""
    user = await work.load(USER, erasure.user_id)
    if user is None:
        raise not_found("user")
    stream = custody_of(home)
    places, custodies = await places_of(work, erasure, home, found)
    events = decisions.approve_erasure(erasure, user, places, custodies, operator)
    work.record(CUSTODY, home, stream, *events)
    erased = UserErased(erasure_id=erasure.erasure_id)
    work.record(USER, SYSTEM_WORKSPACE, user.user_id, erased)
    work.claim(DUE_SCOPE, erasure.erasure_id, field="erasure_id", owner=stream)
    _release(work, user)


def _release(work: Work, user: User) -> None:
    """Whoever comes later may have the name and the address."""
    if isinstance(user.username, str):
        name = normal_username(user.username)
        work.claim("username", name, field="username", owner=user.user_id, holding=False)
    if isinstance(user.email, str):
        address = normal_email(user.email)
        work.claim("email", address, field="email", owner=user.user_id, holding=False)


async def note_erasure(command: NoteErasure, work: Work) -> str:
    custody = await loaded_custody(work, command.workspace_id)
    erasure = decisions.known_erasure(custody, command.erasure_id)
    stream = custody_of(command.workspace_id)
    events = decisions.note_carried_out(erasure, command.key_ids, command.counts)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    return stream


async def complete_erasure(command: CompleteErasure, work: Work) -> str:
    custody = await loaded_custody(work, command.workspace_id)
    erasure = decisions.known_erasure(custody, command.erasure_id)
    stream = custody_of(command.workspace_id)
    events = decisions.complete(erasure, command.views)
    work.record(CUSTODY, command.workspace_id, stream, *events)
    if events:
        work.claim(DUE_SCOPE, erasure.erasure_id, field="erasure_id", owner=stream, holding=False)
    return stream


APPROVE_ERASURE = CommandSpec(
    command=ApproveErasure,
    handler=approve_erasure,
    permission=OverCustody(Right.MANAGE_MEMBERS, "erasure"),
    events=(ErasureApproved, UserErased),
    route="POST /erasures/{id}/approval",
    inverse=NoInverse("what was erased cannot come back."),
    writes=lambda command: custody_of(command.workspace_id),
)
NOTE_ERASURE = CommandSpec(
    command=NoteErasure,
    handler=note_erasure,
    permission=TheEraser(),
    events=(ErasureCarriedOut,),
    route="what follows of an approval",
    inverse=NoInverse("what was erased cannot come back."),
    writes=lambda command: custody_of(command.workspace_id),
)
COMPLETE_ERASURE = CommandSpec(
    command=CompleteErasure,
    handler=complete_erasure,
    permission=TheEraser(),
    events=(ErasureCompleted,),
    route="what follows of an approval",
    inverse=NoInverse("what was erased cannot come back."),
    writes=lambda command: custody_of(command.workspace_id),
)
