"""Close a workspace, or open it again as it was."""

from commands.inverse import NoInverse
from commands.permissions import InWorkspace, OfWorkspace
from commands.spec import Access, CommandSpec
from commands.work import Work
from domain.errors import not_found
from domain.values.frozen import dataclass
from domain.workspace import comings
from domain.workspace.events import WorkspaceClosed, WorkspaceReopened
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseWorkspace:
    """`confirm` is the workspace's name."""

    workspace_id: str
    confirm: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenWorkspace:
    workspace_id: str


@dataclass(frozen=True, slots=True)
class OwnerOfClosed:
    """While a workspace is closed, it exists for those alone who owned it then."""

    def __str__(self) -> str:
        return f"may {Right.CLOSE_WORKSPACE}, when it was closed"

    async def check(self, command: OfWorkspace, work: Work) -> Access:
        workspace = await work.load(WORKSPACE, command.workspace_id)
        if workspace is None:
            raise not_found("workspace")
        if workspace.closed_at is None:
            return await InWorkspace(Right.CLOSE_WORKSPACE).check(command, work)
        if not workspace.is_closed_by(work.actor):
            raise not_found("workspace")
        return Access(command.workspace_id)


async def close_workspace(command: CloseWorkspace, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.close(workspace, command.confirm)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


async def reopen_workspace(command: ReopenWorkspace, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = comings.reopen(workspace, work.now, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


CLOSE_WORKSPACE = CommandSpec(
    command=CloseWorkspace,
    handler=close_workspace,
    permission=InWorkspace(Right.CLOSE_WORKSPACE),
    events=(WorkspaceClosed,),
    route="DELETE /workspaces/{id}",
    inverse=NoInverse("reopen the workspace instead."),
    writes=lambda command: command.workspace_id,
)
REOPEN_WORKSPACE = CommandSpec(
    command=ReopenWorkspace,
    handler=reopen_workspace,
    permission=OwnerOfClosed(),
    events=(WorkspaceReopened,),
    route="POST /workspaces/{id}/reopen",
    inverse=NoInverse("close the workspace again."),
    writes=lambda command: command.workspace_id,
)
