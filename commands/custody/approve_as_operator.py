"""Approve of an erasure as whoever runs the product, where nobody else could."""

from commands.custody.approve_erasure import approved
from commands.custody.places import loaded_custody
from commands.inverse import NoInverse
from commands.permissions import OfWorkspace
from commands.spec import Access, CommandSpec
from commands.work import Work
from commands.workspace.owners import can_act
from domain.custody import decisions
from domain.custody.events import ErasureApproved
from domain.custody.state import custody_of
from domain.errors import invalid, not_found
from domain.user.events import UserErased
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_ACTOR
from domain.values.text_rules import one_line
from domain.workspace.roles import Right, workspace_rights
from domain.workspace.state import WORKSPACE, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproveErasureAsOperator:
    """`by`: their name; why they do it is the reason of the command. `found`: the workspaces where
    the person is or has written, as the door found them."""

    workspace_id: str
    erasure_id: str
    found: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class OperatorOverCustody:
    """Whoever runs the product, on its own machine: no door for others comes by that way."""

    def __str__(self) -> str:
        return "an operator, on the command line, where nobody else could"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        custody = await loaded_custody(work, command.workspace_id)
        if custody is None or (work.actor, work.origin.via) != (SYSTEM_ACTOR, "cli"):
            raise not_found("erasure")
        return Access(command.workspace_id)


async def approve_as_operator(command: ApproveErasureAsOperator, work: Work) -> str:
    home = command.workspace_id
    one_line(command.by, "/by", work.limits.title)
    if not isinstance(work.origin.reason, str):
        raise invalid("/reason", "Say why.")
    one_line(work.origin.reason, "/reason", work.limits.title)
    erasure = decisions.known_erasure(await loaded_custody(work, home), command.erasure_id)
    if decisions.may_approve(erasure, work.actor):
        for workspace_id in dict.fromkeys((home, *command.found)):
            workspace = await work.load(WORKSPACE, workspace_id)
            if workspace is not None and erasure.user_id in workspace.members:
                decisions.require_nobody_else(erasure, await _managers_of(work, workspace))
        await approved(work, erasure, home, command.found, command.by)
    return custody_of(home)


async def _managers_of(work: Work, workspace: Workspace) -> list[str]:
    """Who could approve there, if they are neither who asked nor who is erased."""
    return [
        user_id
        for user_id, member in workspace.members.items()
        if not member.is_service
        and Right.MANAGE_MEMBERS in workspace_rights(workspace, user_id)
        and await can_act(work, user_id)
    ]


APPROVE_AS_OPERATOR = CommandSpec(
    command=ApproveErasureAsOperator,
    handler=approve_as_operator,
    permission=OperatorOverCustody(),
    events=(ErasureApproved, UserErased),
    route="taskledger users erase",
    inverse=NoInverse("what was erased cannot come back."),
    writes=lambda command: custody_of(command.workspace_id),
)
