"""Hand a workspace over to another member."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import WorkspaceTransferred
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferWorkspace:
    """The caller, who has to be an owner, is an admin of it afterwards."""

    workspace_id: str
    owner_id: str


async def transfer_workspace(command: TransferWorkspace, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.transfer(workspace, command.owner_id, work.actor)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


TRANSFER_WORKSPACE = CommandSpec(
    command=TransferWorkspace,
    handler=transfer_workspace,
    permission=InWorkspace(Right.HAND_OVER),
    events=(WorkspaceTransferred,),
    route="PATCH /workspaces/{id}",
    inverse=NoInverse("the workspace is another's now; ask them to hand it back."),
    writes=lambda command: command.workspace_id,
)
