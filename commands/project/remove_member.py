"""Name somebody in a project no more."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import membership
from domain.project.events import ProjectMemberRemoved
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveProjectMember:
    project_id: str
    user_id: str


async def remove_member(command: RemoveProjectMember, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    events = membership.remove_member(project, command.user_id)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


REMOVE_PROJECT_MEMBER = CommandSpec(
    command=RemoveProjectMember,
    handler=remove_member,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectMemberRemoved,),
    route="DELETE /projects/{id}/members/{user_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
