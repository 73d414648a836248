"""Take back a whole command that changed a task, while what it changed still stands."""

from dataclasses import fields
from functools import partial

from commands.inverses import INVERSES
from commands.past import Change
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.undoing import undo_at
from commands.work import Work
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class UndoChange:
    """`position` is any one of the command, which changed this task or something of it."""

    task_id: str
    position: int


async def undo_change(command: UndoChange, work: Work) -> str:
    task = work.seen(TASK, command.task_id)
    concerns = partial(_concerns, task.task_id)
    await undo_at(work, task.workspace_id, command.position, concerns, "task")
    return task.task_id


def _concerns(task_id: str, change: Change) -> bool:
    """The task itself changed, or something that says that it is of this task."""
    if change.stream == task_id or getattr(change.after, "task_id", None) == task_id:
        return True
    return any(
        getattr(each.event, named.name) == task_id
        for each in change.done
        if each.event is not None
        for named in fields(each.event)
    )


UNDO_CHANGE = CommandSpec(
    command=UndoChange,
    handler=undo_change,
    permission=OnTask(Right.VIEW_PROJECT),
    events=tuple(INVERSES),
    route="POST /tasks/{id}/undo",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
