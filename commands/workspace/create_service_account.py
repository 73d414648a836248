"""Make a program a member of a workspace: an account without a log-in, for keys to belong to."""

from commands.fresh_ids import fresh_id
from commands.inverse import NoInverse
from commands.permissions import InWorkspace
from commands.spec import CommandSpec
from commands.work import Work
from domain.user.decisions import create_service_account as created
from domain.user.events import ServiceAccountCreated
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.workspace import decisions
from domain.workspace.events import ServiceAccountAdded
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateServiceAccount:
    """`user_id` is a fresh one."""

    workspace_id: str
    user_id: str
    name: str
    role: str = "member"


async def create_service_account(command: CreateServiceAccount, work: Work) -> str:
    workspace = work.seen(WORKSPACE, command.workspace_id)
    user_id = await fresh_id(work, USER, command.user_id, field="user_id", what="user")
    joined = decisions.add_service(workspace, user_id, command.role, work.limits)
    made = created(name=command.name, workspace_id=workspace.workspace_id, limits=work.limits)
    work.record(USER, SYSTEM_WORKSPACE, user_id, *made, subject=user_id)
    work.record(WORKSPACE, workspace.workspace_id, workspace.workspace_id, *joined)
    return workspace.workspace_id


CREATE_SERVICE_ACCOUNT = CommandSpec(
    command=CreateServiceAccount,
    handler=create_service_account,
    permission=InWorkspace(Right.MANAGE_MEMBERS),
    events=(ServiceAccountCreated, ServiceAccountAdded),
    route="POST /workspaces/{id}/service-accounts",
    inverse=NoInverse("take it out of the workspace instead."),
    writes=lambda command: command.workspace_id,
)
