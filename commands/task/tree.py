"""What stands above a task and below it, as a decision may rely on it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from commands.permissions import forbidden, visible_project, visible_task
from commands.ports import Descendant, StreamMoved
from commands.task.on_task import loaded_tasks
from commands.work import Work
from domain.errors import invalid
from domain.project.decisions import require_open
from domain.project.state import PROJECT, Project
from domain.project.workflow import FINISHED, status_at
from domain.task.state import TASK, Task, children_guard
from domain.workspace.roles import Right, project_rights


async def line_from(work: Work, parent_task_id: str) -> Sequence[Task]:
    """The task that a request names as a parent, the one above it, and so on up to the top.

    All of them are asserted, so that no line closes to a ring and none grows too long, whoever
    moves tasks at the same time; many meet there who only change what those tasks say. Raises
    Invalid where the caller may not see the first, and Refused where they may not change tasks of
    its project.
    """
    parent = await visible_task(work, parent_task_id)
    if parent is None:
        raise invalid("/parent_task_id", "There is no such task, or you may not see it.", "unknown")
    await editable_project(work, parent.project_id)
    line = [parent]
    while line[-1].parent_task_id is not None:
        above = await work.load(TASK, line[-1].parent_task_id)
        if above is None or above in line:
            break
        line.append(above)
    work.meeting_points.update(each.task_id for each in line)
    return line


async def as_seen(work: Work, path: Sequence[str]) -> Sequence[str | None]:
    """Ids of tasks, with None in the place of those that the caller may not see."""
    return [task_id if await visible_task(work, task_id) is not None else None for task_id in path]


async def editable_project(work: Work, project_id: str) -> Project:
    """A project in which something is to be changed as well. Raises Refused where that may not
    be, also where the caller does not see it: that something is there they know already."""
    place = await visible_project(work, project_id)
    if place is None or Right.EDIT_TASKS not in project_rights(*place, work.actor):
        raise forbidden(Right.EDIT_TASKS)
    require_open(place[1])
    return place[1]


async def below(work: Work, task: Task) -> Sequence[Descendant]:
    """All that stands below a task, trashed or not, each after the one that it stands below; and
    held so until the commit: a task that comes in below any of them moves that one's guard.

    Of a task that never had a subtask the log tells it, and no view is asked. Raises Invalid where
    there are too many.
    """
    written = {after.task_id: after for _, after in work.changed(TASK) if after is not None}
    found: dict[str, Descendant] = {}
    asking = [task.task_id]
    for task_id in asking:  # grows by what this work itself has put there
        found |= {each.task_id: each for each in await _in_log(work, task, task_id)}
        known = {*asking, *found}
        asking += [
            each.task_id
            for each in written.values()
            if each.parent_task_id in known and each.task_id not in known
        ]
    return _from_the_top(task.task_id, found, written)


async def _in_log(work: Work, task: Task, task_id: str) -> Sequence[Descendant]:
    if await work.touched(children_guard(task_id)) == 0:
        work.guard(children_guard(task_id), 0)
        return ()
    position = await work.head()
    most = work.limits.subtasks
    found = await work.trees.descendants(task.workspace_id, task_id, position, most + 1)
    if len(found) > most:
        raise invalid(
            "", f"It has more than {most} subtasks; move some of them elsewhere first.", "too-many"
        )
    for each in (task_id, *(one.task_id for one in found)):
        work.guard(children_guard(each), position)
    return found


def _from_the_top(
    top: str, found: Mapping[str, Descendant], written: Mapping[str, Task]
) -> Sequence[Descendant]:
    """As the log has it, with what the work has written since."""
    children: dict[str, list[Descendant]] = defaultdict(list)
    for each in found.values():
        if each.task_id not in written:
            children[each.parent_task_id].append(each)
    for task in written.values():
        if task.parent_task_id is not None:
            children[task.parent_task_id].append(
                Descendant(
                    task.task_id,
                    task.parent_task_id,
                    task.project_id,
                    task.status,
                    task.trashed,
                    0,
                )
            )
    ordered: list[Descendant] = []
    line = [(top, 0)]
    for task_id, level in line:  # grows level by level
        for each in children[task_id]:
            ordered.append(replace(each, level=level + 1))
            line.append((each.task_id, level + 1))
    return ordered


async def taken_along(work: Work, chosen: Iterable[Descendant]) -> Sequence[Task]:
    """The tasks that change together with one above them, in the order given, where the caller
    may change tasks of all their projects. Raises Invalid where they are too many for a commit."""
    some = list(chosen)
    most = work.limits.subtasks_at_once
    if len(some) > most:
        raise invalid(
            "",
            f"It has more than {most} subtasks, on all levels; do this to some of them first.",
            "too-many",
        )
    for project_id in dict.fromkeys(each.project_id for each in some):
        await editable_project(work, project_id)
    return await states_below(work, some)


async def states_below(work: Work, some: Sequence[Descendant]) -> Sequence[Task]:
    """The tasks that `below` told of, in the order given."""
    states: list[Task] = []
    loaded = await loaded_tasks(work, [each.task_id for each in some])
    for each, state in zip(some, loaded, strict=True):
        if state is None or state.parent_task_id != each.parent_task_id:
            raise StreamMoved((each.task_id,))
        states.append(state)
    return states


async def unfinished_below(work: Work, task: Task) -> tuple[Sequence[str], int]:
    """The subtasks, on all levels, that are neither done nor cancelled in the present workflows of
    their projects, which are asserted too: ids of those that the caller may see, and how many more.
    """
    seen: list[str] = []
    hidden = 0
    for each in await below(work, task):
        if not each.trashed:
            project = await work.load(PROJECT, each.project_id)
            status = None if project is None else status_at(project.workflow, each.status)
            if status is not None and status.category in FINISHED:
                continue
            if await visible_project(work, each.project_id) is None:
                hidden += 1
            else:
                seen.append(each.task_id)
    return seen, hidden
