"""Take a project up again."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import decisions
from domain.project.events import ProjectUnarchived
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class UnarchiveProject:
    project_id: str


async def unarchive_project(command: UnarchiveProject, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    events = decisions.unarchive(project)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


UNARCHIVE_PROJECT = CommandSpec(
    command=UnarchiveProject,
    handler=unarchive_project,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectUnarchived,),
    route="POST /projects/{id}/restore",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
