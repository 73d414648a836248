"""Give a workspace another name."""

from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import WorkspaceRenamed
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameWorkspace:
    workspace_id: str
    name: str


async def rename_workspace(command: RenameWorkspace, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    events = decisions.rename(workspace, command.name, work.limits)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *events)
    return workspace.workspace_id


RENAME_WORKSPACE = CommandSpec(
    command=RenameWorkspace,
    handler=rename_workspace,
    permission=InWorkspace(Right.EDIT_WORKSPACE),
    events=(WorkspaceRenamed,),
    route="PATCH /workspaces/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
