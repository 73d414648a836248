"""Change many tasks in the same way, in one commit; what is refused of one leaves the others."""

from asyncio import sleep
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from commands.comment.add_comment import ADD_COMMENT
from commands.permissions import InWorkspace
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.assign_task import ASSIGN_TASK
from commands.task.change_status import CHANGE_STATUS
from commands.task.edit_task import EDIT_TASK
from commands.task.on_task import loaded_tasks
from commands.task.set_due_date import SET_DUE_DATE
from commands.task.set_parent import SET_PARENT
from commands.task.set_priority import SET_PRIORITY
from commands.task.tag_task import TAG_TASK
from commands.work import Work
from domain.errors import not_found
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.workspace.roles import Right

_READ_AT_ONCE: Final = 64
_AT_A_STRETCH: Final = 20

# What a change of many tasks may be made of: all that PATCH of one may.
CHANGES: Final[Sequence[CommandSpec[Any]]] = (
    EDIT_TASK,
    ASSIGN_TASK,
    SET_PRIORITY,
    SET_DUE_DATE,
    TAG_TASK,
    SET_PARENT,
    CHANGE_STATUS,
    ADD_COMMENT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeTasks:
    """`changes` are commands on a task, whose `task_id` is each of `task_ids` in turn. A refused
    one stands in the work's `refused` by its number; all are of the workspace, or refused."""

    workspace_id: str
    task_ids: tuple[str, ...]
    changes: tuple[Any, ...]


async def change_tasks(command: ChangeTasks, work: Work) -> str:
    await loaded_tasks(work, command.task_ids, _READ_AT_ONCE)
    for number, task_id in enumerate(command.task_ids):
        await work.part(number, _change(command, task_id, work))
        if number % _AT_A_STRETCH == 0:
            await sleep(0)  # let others in the process go on
    return command.workspace_id


async def _change(command: ChangeTasks, task_id: str, work: Work) -> None:
    task = work.peek(TASK, task_id)
    if task is None or task.workspace_id != command.workspace_id:
        raise not_found("task")
    for each in command.changes:
        await work.run(replace(each, task_id=task_id))


CHANGE_TASKS = CommandSpec(
    command=ChangeTasks,
    handler=change_tasks,
    permission=InWorkspace(Right.VIEW_WORKSPACE),
    events=tuple(dict.fromkeys(event for spec in CHANGES for event in spec.events)),
    route="POST /tasks/bulk",
    inverse=BY_EVENTS,
)
