"""Say for how long a project keeps what is in its trash."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project.events import ProjectRetentionChanged
from domain.project.state import PROJECT
from domain.retention import decisions
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRetention:
    """`trash_days`: None keeps it until somebody purges it."""

    project_id: str
    trash_days: int | None


async def change_retention(command: ChangeRetention, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    events = decisions.change_retention(project, command.trash_days, work.limits)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


CHANGE_RETENTION = CommandSpec(
    command=ChangeRetention,
    handler=change_retention,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectRetentionChanged,),
    route="PUT /projects/{id}/retention",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
