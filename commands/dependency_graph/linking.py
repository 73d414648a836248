"""What commands on a workspace's dependencies have in common."""

from collections.abc import Iterable, Sequence
from typing import Final

from commands.permissions import visible_task
from commands.task.tree import as_seen
from commands.work import Work
from domain.dependency_graph import decisions
from domain.dependency_graph.events import DependencyGraphEvent
from domain.dependency_graph.state import DEPENDENCY_GRAPH, DependencyGraph
from domain.errors import Kind, Refused, invalid
from domain.task.decisions import link, require_not_trashed
from domain.task.state import TASK, Task
from domain.values.ids import graph_of

# A ring may go through the whole workspace.
_MOST_IN_PATH: Final = 100


async def graph_in_turn(work: Work, workspace_id: str) -> DependencyGraph | None:
    """The dependencies of a workspace, None while there are none. All who change them meet here:
    those of one process go one after another, and whoever another process overtakes decides
    again until they are in."""
    stream = graph_of(workspace_id)
    await work.turn(stream)
    work.meeting_points.add(stream)
    return await work.load(DEPENDENCY_GRAPH, stream)


async def other_end(work: Work, task_id: str, workspace_id: str, pointer: str) -> Task:
    """A task of this workspace that may be depended on, or depend on others. Raises Invalid at
    the pointer for one that the caller may not see, Refused(TRASHED)."""
    task = await visible_task(work, task_id)
    if task is None:
        raise invalid(pointer, "There is no such task, or you may not see it.", "unknown")
    if task.workspace_id != workspace_id:
        raise invalid(pointer, "Must be a task of the same workspace.", "elsewhere")
    require_not_trashed(task)
    return task


async def add_edge(
    work: Work,
    graph: DependencyGraph | None,
    workspace_id: str,
    *,
    dependency_id: str,
    type_: str,
    from_task_id: str,
    to_task_id: str,
    task_id: str,
) -> None:
    """Decide and record an edge between two tasks that this work has loaded, in the graph and in
    both tasks. Raises Refused as the decision does, of a ring only what the caller may see."""
    try:
        events = decisions.add(
            graph,
            dependency_id=dependency_id,
            type=type_,
            from_task_id=from_task_id,
            to_task_id=to_task_id,
            task_id=task_id,
            limits=work.limits,
        )
    except Refused as refusal:
        if refusal.kind is Kind.DEPENDENCY_CYCLE:
            raise await _as_seen(work, refusal) from None
        raise
    record(work, workspace_id, events)


def record(work: Work, workspace_id: str, events: Iterable[DependencyGraphEvent]) -> None:
    """In the graph, and in both tasks what it is to each of them."""
    for event in events:
        work.record(DEPENDENCY_GRAPH, workspace_id, graph_of(workspace_id), event)
        work.meeting_points.update((event.from_task_id, event.to_task_id))
        for task_id, its in link(event):
            work.record(TASK, workspace_id, task_id, its)


async def _as_seen(work: Work, refusal: Refused) -> Refused:
    """`path` with null in the place of tasks that the caller may not see."""
    way: Sequence[str] = refusal.fields["path"]
    path = await as_seen(work, way[:_MOST_IN_PATH])
    return Refused(refusal.kind, refusal.detail, path=path, length=len(way))
