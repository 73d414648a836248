"""Name somebody in a project, with a role of their own there."""

from commands.people import person_named
from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import membership
from domain.project.events import ProjectMemberAdded
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class AddProjectMember:
    """Anybody of the project's workspace, by their id or their exact e-mail address."""

    project_id: str
    user_id: str | None = None
    email: str | None = None
    role: str = "member"


async def add_member(command: AddProjectMember, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    user_id, pointer = await person_named(work, command.user_id, command.email)
    events = membership.add_member(project, workspace, user_id, command.role, pointer)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


ADD_PROJECT_MEMBER = CommandSpec(
    command=AddProjectMember,
    handler=add_member,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectMemberAdded,),
    route="POST /projects/{id}/members",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
