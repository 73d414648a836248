"""Say which types a project's tasks have."""

from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.work import Work
from domain.project import process
from domain.project.events import ProjectTypesChanged
from domain.project.state import PROJECT
from domain.project.types import TaskType
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTypes:
    """All types, in order; the first is what a task gets for which none is named. Tasks of a type
    that goes keep it until they get another one."""

    project_id: str
    types: tuple[TaskType, ...]


async def change_types(command: ChangeTypes, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    events = process.change_types(project, command.types, work.limits)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


CHANGE_TYPES = CommandSpec(
    command=ChangeTypes,
    handler=change_types,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectTypesChanged,),
    route="PUT /projects/{id}/types",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
