"""Lay a project's board out anew."""

from commands.inverse import NoInverse
from commands.permissions import OnProject
from commands.spec import CommandSpec
from commands.work import Work
from domain.project import process
from domain.project.board import ColumnDraft
from domain.project.events import ProjectColumnsChanged, ProjectSwimlaneChanged
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeColumns:
    """All columns, in order; every status of the workflow stands in exactly one. `swimlane`: by
    what their lanes are told apart, each of which may have a limit; None: as it is."""

    project_id: str
    columns: tuple[ColumnDraft, ...]
    swimlane: str | None = None


async def change_columns(command: ChangeColumns, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    ids = [work.new_id("col") for _ in command.columns]
    events = process.change_columns(project, command.columns, ids, work.limits, command.swimlane)
    work.record(PROJECT, project.workspace_id, project.project_id, *events)
    return project.project_id


CHANGE_COLUMNS = CommandSpec(
    command=ChangeColumns,
    handler=change_columns,
    permission=OnProject(Right.MANAGE_PROJECT),
    events=(ProjectColumnsChanged, ProjectSwimlaneChanged),
    route="PUT /projects/{id}/columns",
    inverse=NoInverse(
        "a column that went does not come back as the same one; lay the board out again."
    ),
    writes=lambda command: command.project_id,
)
