"""Put a project away: it is still seen, and nothing happens in it any more."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import decisions
from domain.project.events import ProjectArchived
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveProject:
    project_id: str


async def archive_project(command: ArchiveProject, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    events = decisions.archive(project)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


ARCHIVE_PROJECT = CommandSpec(
    command=ArchiveProject,
    handler=archive_project,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectArchived,),
    route="DELETE /projects/{id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
