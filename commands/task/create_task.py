"""Create a task."""

from collections.abc import Mapping
from dataclasses import field

from commands.dependency_graph.linking import add_edge, graph_in_turn, other_end
from commands.fresh_ids import fresh_id
from commands.labels.held import held_tags
from commands.people import require_in_project
from commands.permissions import InNamedProject, place_of
from commands.spec import BY_EVENTS, CommandSpec
from commands.task.on_task import defaults_of_strangers, moment_given, require_people_of_fields
from commands.task.tree import line_from
from commands.work import Work
from domain.dependency_graph.events import DependencyAdded
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.errors import Invalid, invalid
from domain.labels.events import LabelCreated
from domain.project.state import PROJECT, task_numbers
from domain.task import decisions
from domain.task.events import TaskBlocked, TaskCreated, TaskDependencyAdded
from domain.task.state import TASK
from domain.task.subtasks import require_place
from domain.values.frozen import dataclass
from domain.values.ids import graph_of
from domain.values.priority import chosen_level
from domain.values.rank import fresh_rank
from domain.values.text_rules import Problems
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTask:
    """`task_id` is a fresh one that the client made. Dates are RFC 3339 date-times or days.

    `depends_on` are tasks that block it. Without `project_id` it goes to the project of the task
    that it stands below, else to the caller's own, and there to the caller unless somebody is
    named.
    """

    title: str
    project_id: str | None = None
    task_id: str | None = None
    description: str | None = None
    status: str | None = None
    priority: int | str | None = None
    priority_level: int | None = None
    type: str | None = None
    assignee_id: str | None = None
    assignee_ids: tuple[str, ...] = ()
    due_date: str | None = None
    start_date: str | None = None
    estimate: float | None = None
    tags: tuple[str, ...] = ()
    fields: Mapping[str, object] = field(default_factory=dict)
    parent_task_id: str | None = None
    depends_on: tuple[str, ...] = ()


async def create_task(command: CreateTask, work: Work) -> str:
    project = work.seen(PROJECT, await place_of(command, work))
    task_id = await fresh_id(work, TASK, command.task_id, field="task_id", what="task")
    if command.parent_task_id is not None:
        line = await line_from(work, command.parent_task_id)
        require_place(line, project.workspace_id, 0, work.limits)
    due_date, due_all_day = await moment_given(
        work, command.due_date, end_of_day=True, pointer="/due_date"
    )
    start_date, _ = await moment_given(
        work, command.start_date, end_of_day=False, pointer="/start_date"
    )
    named = _named(command)
    if named:
        require_in_project(work, project, named)
    if command.fields:
        require_people_of_fields(work, project, command.fields)
    assignee_ids = tuple(user_id for user_id, _ in named)
    if not assignee_ids and command.project_id is None and command.parent_task_id is None:
        assignee_ids = (work.actor,)
    tags: tuple[str, ...] = ()
    if command.tags:
        tags = await held_tags(work, project.workspace_id, command.tags)
    events = decisions.create(
        project,
        title=command.title,
        rank=fresh_rank(work.now, work.tail()),
        limits=work.limits,
        description=command.description or "",
        status=command.status,
        priority=chosen_level(command.priority, command.priority_level),
        task_type=command.type,
        assignee_ids=assignee_ids,
        due_date=due_date,
        due_all_day=due_all_day,
        start_date=start_date,
        estimate=command.estimate,
        tags=tags,
        fields={**defaults_of_strangers(work, project), **command.fields}
        if project.fields
        else command.fields,
        parent_task_id=command.parent_task_id,
    )
    work.record(
        TASK,
        project.workspace_id,
        task_id,
        *events,
        draws=task_numbers(project.project_id),
    )
    if command.depends_on:
        await _depend(command, work, project.workspace_id, task_id)
    return task_id


async def _depend(command: CreateTask, work: Work, workspace_id: str, task_id: str) -> None:
    if len(command.depends_on) > work.limits.dependencies:
        detail = f"A task has at most {work.limits.dependencies} dependencies."
        raise invalid("/depends_on", detail, "too-many")
    problems = Problems()
    for at, blocker in enumerate(command.depends_on):
        try:
            await other_end(work, blocker, workspace_id, f"/depends_on/{at}")
        except Invalid as wrong:
            problems.add(wrong)
    problems.raise_any()
    await graph_in_turn(work, workspace_id)
    for blocker in dict.fromkeys(command.depends_on):
        await add_edge(
            work,
            work.peek(DEPENDENCY_GRAPH, graph_of(workspace_id)),
            workspace_id,
            dependency_id=work.new_id("dep"),
            type_="blocks",
            from_task_id=blocker,
            to_task_id=task_id,
            task_id=task_id,
        )


def _named(command: CreateTask) -> list[tuple[str, str]]:
    named = [(each, f"/assignee_ids/{at}") for at, each in enumerate(command.assignee_ids)]
    if command.assignee_id is not None and command.assignee_id not in command.assignee_ids:
        named.insert(0, (command.assignee_id, "/assignee_id"))
    return named


CREATE_TASK = CommandSpec(
    command=CreateTask,
    handler=create_task,
    permission=InNamedProject(Right.EDIT_TASKS),
    events=(TaskCreated, LabelCreated, DependencyAdded, TaskDependencyAdded, TaskBlocked),
    route="POST /tasks",
    inverse=BY_EVENTS,
)
