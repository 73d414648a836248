"""Make a workspace, which is a tenant of its own."""

from commands.fresh_ids import fresh_id
from commands.inverse import NoInverse
from commands.permissions import SignedIn
from commands.spec import CommandSpec
from commands.work import Work
from domain.values.frozen import dataclass
from domain.workspace import decisions
from domain.workspace.events import WorkspaceCreated
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWorkspace:
    """`workspace_id` is a fresh one that the client made. The caller is its owner."""

    name: str
    workspace_id: str | None = None


async def create_workspace(command: CreateWorkspace, work: Work) -> str:
    workspace_id = await fresh_id(
        work, WORKSPACE, command.workspace_id, field="workspace_id", what="workspace"
    )
    events = decisions.create(name=command.name, owner_id=work.actor, limits=work.limits)
    work.record(WORKSPACE, workspace_id, workspace_id, *events)
    return workspace_id


CREATE_WORKSPACE = CommandSpec(
    command=CreateWorkspace,
    handler=create_workspace,
    permission=SignedIn(),
    events=(WorkspaceCreated,),
    route="POST /workspaces",
    inverse=NoInverse("a workspace is closed, not unmade."),
)
