"""What goes from the trash for good together, what keeps it there, and what goes with it."""

from asyncio import gather
from collections.abc import Iterable, Sequence
from typing import Final

from commands.custody.places import loaded_custody
from commands.dependency_graph.linking import graph_in_turn
from commands.dependency_graph.linking import record as record_edges
from commands.task.on_task import record
from commands.task.tree import below, states_below
from commands.work import Work
from domain.custody.state import Hold
from domain.dependency_graph.decisions import remove
from domain.project.state import PROJECT
from domain.retention.decisions import holds_on, purge
from domain.task.state import TASK, Task

_READ_AT_ONCE: Final = 16


async def with_all_below(work: Work, task: Task) -> Sequence[Task]:
    """The task, and what stands below it: the lowest first. Raises Invalid where that is more than
    a decision looks at."""
    return (*reversed(await states_below(work, await below(work, task))), task)


async def holds_that_keep(work: Work, tasks: Sequence[Task]) -> Sequence[Hold]:
    """The standing holds that keep any of these tasks of one workspace. Nobody can set another one
    until the commit."""
    workspace_id = tasks[-1].workspace_id
    custody = await loaded_custody(work, workspace_id)
    standing = () if custody is None else tuple(custody.standing())
    if not standing:
        return ()
    keys = {}
    for project_id in {hold.project_id for hold in standing if hold.project_id is not None}:
        project = await work.load(PROJECT, project_id)
        if project is not None:
            keys[project_id] = project.key
    user_ids = sorted({hold.user_id for hold in standing if hold.user_id is not None})
    found: dict[str, Hold] = {}
    for task in tasks:
        commented = await _commented(work, task, user_ids)
        for hold in holds_on(custody, task, commented=commented, project_keys=keys):
            found[hold.hold_id] = hold
    return tuple(found.values())


async def _commented(work: Work, task: Task, user_ids: Sequence[str]) -> frozenset[str]:
    """Those of some people who said something about a task that has not been deleted."""
    found: set[str] = set()
    position = await work.head() if user_ids else 0
    for start in range(0, len(user_ids), _READ_AT_ONCE):
        some = user_ids[start : start + _READ_AT_ONCE]
        asked = (
            work.comments.has_commented(task.workspace_id, task.task_id, each, 0, position)
            for each in some
        )
        said = await gather(*asked)
        found.update(each for each, has in zip(some, said, strict=True) if has)
    return frozenset(found)


async def record_purge(
    work: Work, tasks: Iterable[Task], top: Task, trash_days: int | None = None
) -> None:
    """Tasks that nothing keeps, each after what stands below it; what they depend on, and what
    depends on them, no longer does."""
    for task in tasks:
        await _unlink(work, task)
        above = None if task is top else top.task_id
        record(work, task, purge(task, with_task_id=above, trash_days=trash_days))


async def _unlink(work: Work, task: Task) -> None:
    # Another one that goes along may have taken some of them away already.
    present = work.seen(TASK, task.task_id).dependencies
    if not present:
        return
    graph = await graph_in_turn(work, task.workspace_id)
    for dependency_id, other in present.items():
        await work.load(TASK, other.task_id)
        record_edges(work, task.workspace_id, remove(graph, task.task_id, dependency_id))
