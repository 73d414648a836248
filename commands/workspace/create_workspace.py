"""Make a workspace, which is a tenant of its own."""

from commands.inverse import NoInverse
from commands.permissions import SignedIn
from commands.spec import CommandSpec
from commands.work import Work
from domain.errors import Kind, Refused
from domain.values.frozen import dataclass
from domain.values.ids import checked_id
from domain.workspace import decisions
from domain.workspace.events import WorkspaceCreated
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWorkspace:
    """`workspace_id` is a fresh one that the client made. The caller is its owner."""

    name: str
    workspace_id: str | None = None


async def create_workspace(command: CreateWorkspace, work: Work) -> str:
    workspace_id = await _fresh_id(command, work)
    events = decisions.create(name=command.name, owner_id=work.actor, limits=work.limits)
    work.record(WORKSPACE, workspace_id, workspace_id, *events)
    return workspace_id


async def _fresh_id(command: CreateWorkspace, work: Work) -> str:
    if command.workspace_id is None:
        return work.new_id("ws")
    workspace_id = checked_id(command.workspace_id, "ws", "/workspace_id")
    if await work.load(WORKSPACE, workspace_id) is not None:
        raise Refused(
            Kind.ALREADY_EXISTS, "There is a workspace with this id.", field="workspace_id"
        )
    return workspace_id


CREATE_WORKSPACE = CommandSpec(
    command=CreateWorkspace,
    handler=create_workspace,
    permission=SignedIn(),
    events=(WorkspaceCreated,),
    route="POST /workspaces",
    inverse=NoInverse("a workspace is closed, not unmade."),
)
