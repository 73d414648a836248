"""Let two tasks no longer depend on each other."""

from commands.dependency_graph.linking import graph_in_turn, record
from commands.permissions import OnTask, visible_task
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.dependency_graph import decisions
from domain.dependency_graph.events import DependencyRemoved
from domain.errors import not_found
from domain.task.decisions import require_not_trashed
from domain.task.events import TaskDependencyRemoved, TaskUnblocked
from domain.values.frozen import dataclass
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveDependency:
    """One of the task's dependencies, in whichever direction."""

    task_id: str
    dependency_id: str


async def remove_dependency(command: RemoveDependency, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    require_not_trashed(task)
    present = task.dependencies.get(command.dependency_id)
    if present is None or await visible_task(work, present.task_id) is None:
        raise not_found("dependency")
    graph = await graph_in_turn(work, task.workspace_id)
    record(work, task.workspace_id, decisions.remove(graph, task.task_id, command.dependency_id))
    return task.task_id


REMOVE_DEPENDENCY = CommandSpec(
    command=RemoveDependency,
    handler=remove_dependency,
    permission=OnTask(Right.EDIT_TASKS),
    events=(DependencyRemoved, TaskDependencyRemoved, TaskUnblocked),
    route="DELETE /tasks/{id}/dependencies/{dependency_id}",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
