"""Take back a whole command that changed a workspace, while what it changed still stands."""

from commands.inverses import INVERSES
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.undoing import undo_at
from commands.work import Work
from domain.labels.state import labels_of
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoWorkspaceChange:
    """`position` is any one of the command, which changed the workspace itself: its name, its
    members, teams, invitations and labels. What became of its projects is undone on those."""

    workspace_id: str
    position: int


async def undo_workspace_change(command: UndoWorkspaceChange, work: Work) -> str:
    own = (command.workspace_id, labels_of(command.workspace_id))
    await undo_at(
        work,
        command.workspace_id,
        command.position,
        lambda change: change.stream in own,
        "workspace",
    )
    return command.workspace_id


UNDO_WORKSPACE_CHANGE = CommandSpec(
    command=UndoWorkspaceChange,
    handler=undo_workspace_change,
    permission=InWorkspace(Right.VIEW_WORKSPACE),
    events=tuple(INVERSES),
    route="POST /workspaces/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.workspace_id,
)
