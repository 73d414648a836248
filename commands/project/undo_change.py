"""Take back a whole command that changed a project, while what it changed still stands."""

from commands.inverses import INVERSES
from commands.permissions import OnProject
from commands.spec import BY_EVENTS, CommandSpec
from commands.undoing import undo_at
from commands.work import Work
from domain.project.state import PROJECT
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoProjectChange:
    """`position` is any one of the command, which changed the project itself: how it is called,
    set up or shown, and whom it names. What became of its tasks is undone on those."""

    project_id: str
    position: int


async def undo_project_change(command: UndoProjectChange, work: Work) -> str:
    project = work.seen(PROJECT, command.project_id)
    await undo_at(
        work,
        project.workspace_id,
        command.position,
        lambda change: change.stream == project.project_id,
        "project",
    )
    return project.project_id


UNDO_PROJECT_CHANGE = CommandSpec(
    command=UndoProjectChange,
    handler=undo_project_change,
    permission=OnProject(Right.VIEW_PROJECT),
    events=tuple(INVERSES),
    route="POST /projects/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.project_id,
)
