"""Make a task depend on another, or another on it."""

from commands.dependency_graph.linking import add_edge, graph_in_turn, other_end
from commands.permissions import OnTask
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import open_task
from commands.work import Work
from domain.dependency_graph.events import DependencyAdded
from domain.errors import invalid
from domain.task.decisions import RELATIONS, require_not_trashed
from domain.task.events import TaskBlocked, TaskDependencyAdded
from domain.values.frozen import dataclass
from domain.values.ids import graph_of
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class AddDependency:
    """`relation` is what the task does to the other: one of `blocks`, `blocked_by`, `relates`,
    `duplicates`, `duplicated_by`. `pointer` says where a request names the other task;
    `dependency_id` is that of an edge which is put back."""

    task_id: str
    other_task_id: str
    relation: str = "blocks"
    pointer: str = "/to_task_id"
    dependency_id: str | None = None


async def add_dependency(command: AddDependency, work: Work) -> str:
    task, _ = open_task(work, command.task_id)
    require_not_trashed(task)
    if command.relation not in RELATIONS:
        detail = f"Must be one of {', '.join(RELATIONS)}."
        raise invalid("/dependency_type", detail, "not-one-of")
    type_, is_source = RELATIONS[command.relation]
    other = await other_end(work, command.other_task_id, task.workspace_id, command.pointer)
    source, target = (task, other) if is_source else (other, task)
    await add_edge(
        work,
        await graph_in_turn(work, task.workspace_id),
        task.workspace_id,
        dependency_id=command.dependency_id or work.new_id("dep"),
        type_=type_,
        from_task_id=source.task_id,
        to_task_id=target.task_id,
        task_id=task.task_id,
    )
    return graph_of(task.workspace_id)


ADD_DEPENDENCY = CommandSpec(
    command=AddDependency,
    handler=add_dependency,
    permission=OnTask(Right.EDIT_TASKS),
    events=(DependencyAdded, TaskDependencyAdded, TaskBlocked),
    route="POST /tasks/{id}/dependencies",
    inverse=BY_EVENTS,
    writes=lambda command: command.task_id,
)
