"""Make an account, and with it a workspace and a project of its own."""

from commands.fresh_ids import fresh_id
from commands.inverse import NoInverse
from commands.spec import Access, CommandSpec
from commands.user.link_identity import LinkIdentity, link_identity
from commands.work import Work
from commands.workspace.accept_invitation import AcceptInvitation, Invited, accept_invitation
from domain.project import decisions as projects
from domain.project.decisions import PERSONAL_KEY
from domain.project.events import ProjectCreated
from domain.project.state import PROJECT, key_scope
from domain.project.workflow import PERSONAL_WORKFLOW
from domain.user import decisions as users
from domain.user.events import UserEmailVerified, UserIdentityLinked, UserRegistered
from domain.user.state import USER
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE
from domain.values.text_rules import normal_email, normal_username
from domain.workspace import decisions as workspaces
from domain.workspace.events import (
    WorkspaceCreated,
    WorkspaceInvitationAccepted,
    WorkspaceMemberAdded,
)
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterUser:
    """`user_id` is a fresh one, under which the credentials and the keys that seal the person's
    name lie ready already; the origin's actor is the same. `email_verified`: whoever registers
    has shown already that they read this address. `identity`: as which they signed on to register.
    `invitation`: into another workspace as well."""

    user_id: str
    username: str
    email: str
    name: str | None = None
    time_zone: str = "UTC"
    locale: str = "en"
    email_verified: bool = False
    identity: LinkIdentity | None = None
    invitation: AcceptInvitation | None = None


@dataclass(frozen=True, slots=True)
class Anyone:
    """No account is needed. An Idempotency-Key belongs to the address given, since whoever
    registers has no other name yet."""

    def __str__(self) -> str:
        return "anyone"

    async def check(self, command: RegisterUser, work: Work) -> Access:
        return Access(SYSTEM_WORKSPACE, caller=f"registration:{command.email.casefold()}")


async def register_user(command: RegisterUser, work: Work) -> str:
    user_id = await fresh_id(work, USER, command.user_id, field="user_id", what="user")
    workspace_id, project_id = work.new_id("ws"), work.new_id("proj")
    registered = users.register(
        username=command.username,
        email=command.email,
        name=command.name,
        workspace_id=workspace_id,
        project_id=project_id,
        time_zone=command.time_zone,
        locale=command.locale,
        limits=work.limits,
        email_verified=command.email_verified,
    )
    workspace = workspaces.create(
        name="Personal", owner_id=user_id, limits=work.limits, is_personal=True
    )
    project = projects.create_personal(
        owner_id=user_id,
        column_ids=[work.new_id("col") for _ in PERSONAL_WORKFLOW.statuses],
        limits=work.limits,
    )
    work.record(USER, SYSTEM_WORKSPACE, user_id, *registered, author=user_id, subject=user_id)
    work.record(WORKSPACE, workspace_id, workspace_id, *workspace, author=user_id)
    work.record(PROJECT, workspace_id, project_id, *project, author=user_id)
    work.claim("username", normal_username(command.username), field="username", owner=user_id)
    work.claim("email", normal_email(command.email), field="email", owner=user_id)
    work.claim(key_scope(workspace_id), PERSONAL_KEY, field="key", owner=project_id)
    if command.identity is not None:
        await link_identity(command.identity, work)
    if command.invitation is not None:
        await Invited().check(command.invitation, work)
        await accept_invitation(command.invitation, work)
    return user_id


REGISTER_USER = CommandSpec(
    command=RegisterUser,
    handler=register_user,
    permission=Anyone(),
    events=(
        UserRegistered,
        UserEmailVerified,
        UserIdentityLinked,
        WorkspaceCreated,
        ProjectCreated,
        WorkspaceInvitationAccepted,
        WorkspaceMemberAdded,
    ),
    route="POST /users",
    inverse=NoInverse("close the account instead."),
)
