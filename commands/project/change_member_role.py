"""Give somebody who is named in a project another role there."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import membership
from domain.project.events import ProjectMemberRoleChanged
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeProjectMemberRole:
    project_id: str
    user_id: str
    role: str


async def change_member_role(command: ChangeProjectMemberRole, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    workspace = work.seen(WORKSPACE, project.workspace_id)
    events = membership.change_member_role(project, workspace, command.user_id, command.role)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


CHANGE_PROJECT_MEMBER_ROLE = CommandSpec(
    command=ChangeProjectMemberRole,
    handler=change_member_role,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectMemberRoleChanged,),
    route="PATCH /projects/{id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
