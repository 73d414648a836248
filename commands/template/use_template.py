"""Make what a template describes: a task with all below it, or a project with its tasks."""

from collections.abc import Mapping
from dataclasses import field, replace
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from commands.dependency_graph.add_dependency import ADD_DEPENDENCY, AddDependency
from commands.inverse import NoInverse
from commands.people import time_zone_of
from commands.permissions import visible_project, visible_task
from commands.project.change_columns import CHANGE_COLUMNS, ChangeColumns
from commands.project.change_fields import CHANGE_FIELDS, ChangeFields
from commands.project.change_types import CHANGE_TYPES, ChangeTypes
from commands.project.change_workflow import CHANGE_WORKFLOW, ChangeWorkflow
from commands.project.create_project import CREATE_PROJECT, CreateProject
from commands.spec import CommandSpec
from commands.task.create_task import CREATE_TASK, CreateTask
from commands.template.on_template import OnTemplate
from commands.work import Work
from domain.errors import Invalid, Problem, invalid
from domain.project.fields import draft_of
from domain.project.state import PROJECT
from domain.template import decisions
from domain.template.filling import checked_values, day_after, filled, variables_in
from domain.template.outline import DEFAULT_OUTLINE, ProjectOutline
from domain.template.state import TEMPLATE, Template, TemplateTask
from domain.values.frozen import dataclass
from domain.values.text import shown
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class UseTemplate:
    """A template of a task takes `project_id` (and `parent_task_id`), one of a project `name` and
    `key`. `start_date` is the day from which its days count, by default today."""

    template_id: str
    project_id: str | None = None
    parent_task_id: str | None = None
    name: str | None = None
    key: str | None = None
    start_date: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)


async def use_template(command: UseTemplate, work: Work) -> str:
    template = work.seen(TEMPLATE, command.template_id)
    decisions.require_there(template)
    await _require_visible(command, work)
    texts = (text for text, _ in template.texts())
    values = checked_values(variables_in((*texts, shown(template.name))), command.variables)
    start = await _start(command, work)
    work.words.update(template.texts())
    if template.project is None:
        if command.project_id is None:
            raise invalid("/project_id", "Say in which project to make the task.", "required")
        if command.name is not None or command.key is not None:
            raise invalid("/name", "Only a project made from a template has a name and a key.")
        ids = await _make_tasks(work, template, command, command.project_id, values, start)
        return ids[template.tasks[0].ref]
    if command.project_id is not None or command.parent_task_id is not None:
        raise invalid("/project_id", "This template makes a project of its own.")
    project_id = await _make_project(work, template, template.project, command, values)
    await _make_tasks(work, template, command, project_id, values, start)
    return project_id


async def _require_visible(command: UseTemplate, work: Work) -> None:
    """Before anything is said about what goes there."""
    if command.project_id and await visible_project(work, command.project_id) is None:
        raise invalid("/project_id", "There is no such project, or you may not see it.", "unknown")
    if command.parent_task_id and await visible_task(work, command.parent_task_id) is None:
        raise invalid("/parent_task_id", "There is no such task, or you may not see it.", "unknown")


async def _start(command: UseTemplate, work: Work) -> date:
    if command.start_date is None:
        return work.now.astimezone(ZoneInfo(await time_zone_of(work))).date()
    try:
        return date.fromisoformat(command.start_date)
    except ValueError:
        raise invalid("/start_date", "Must be a day, YYYY-MM-DD.") from None


async def _make_project(
    work: Work,
    template: Template,
    outline: ProjectOutline,
    command: UseTemplate,
    values: Mapping[str, str],
) -> str:
    project_id = work.new_id("proj")
    await work.run(
        CreateProject(
            name=command.name or filled(shown(template.name), values),
            key=command.key,
            description=shown(template.description),
            view_type=outline.view_type,
            workspace_id=template.workspace_id,
            project_id=project_id,
        )
    )
    workflow = outline.workflow
    if workflow != DEFAULT_OUTLINE.workflow:
        await work.run(
            ChangeWorkflow(
                project_id=project_id,
                initial=workflow.initial,
                statuses=workflow.statuses,
                transitions=workflow.transitions,
                any_move=workflow.any_move,
            )
        )
    steps: list[Any] = [ChangeColumns(project_id=project_id, columns=outline.columns)]
    if outline.fields:
        drafts = tuple(replace(draft_of(each), field_id=None) for each in outline.fields)
        steps.append(ChangeFields(project_id=project_id, fields=drafts))
    if outline.types != DEFAULT_OUTLINE.types:
        steps.append(ChangeTypes(project_id=project_id, types=outline.types))
    for step in steps:
        await work.run(step)
    return project_id


async def _make_tasks(
    work: Work,
    template: Template,
    command: UseTemplate,
    project_id: str,
    values: Mapping[str, str],
    start: date,
) -> Mapping[str, str]:
    """The ids of the new tasks by their names within the template."""
    ids: dict[str, str] = {}
    for task in template.tasks:
        above = command.parent_task_id if task.below is None else ids[task.below]
        wanted = _task(work, task, project_id, above, values, start)
        try:
            ids[task.ref] = await work.run(wanted)
        except Invalid as wrong:
            raise _about(task, wrong, first=not ids) from None
    for task in template.tasks:
        for blocker in task.depends_on:
            await work.run(
                AddDependency(
                    task_id=ids[task.ref],
                    other_task_id=ids[blocker],
                    relation="blocked_by",
                    pointer="",
                )
            )
    return ids


def _task(
    work: Work,
    task: TemplateTask,
    project_id: str,
    above: str | None,
    values: Mapping[str, str],
    start: date,
) -> CreateTask:
    """People who may not see the project by now are left out."""
    project = work.peek(PROJECT, project_id)
    workspace = None if project is None else work.peek(WORKSPACE, project.workspace_id)
    assignees = task.assignee_ids
    if project is not None and workspace is not None:
        assignees = tuple(
            each for each in assignees if project_role(workspace, project, each) is not None
        )
    return CreateTask(
        title=filled(shown(task.title), values),
        description=filled(shown(task.description), values),
        project_id=project_id,
        priority_level=task.priority,
        type=task.type,
        status=task.status,
        assignee_ids=assignees,
        due_date=day_after(start, task.due_in, "/start_date"),
        start_date=day_after(start, task.start_in, "/start_date"),
        estimate=task.estimate,
        tags=task.tags,
        fields={
            key: filled(value, values) if isinstance(value, str) else value
            for key, value in task.fields.items()
        },
        parent_task_id=above,
    )


def _about(task: TemplateTask, wrong: Invalid, *, first: bool) -> Invalid:
    """Where the request itself names something, its pointer stays."""
    named = ("/project_id", "/parent_task_id", "/start_date")
    return Invalid(
        *(
            each
            if first and each.pointer in named
            else Problem(
                "/template_id",
                each.code,
                f"Its task {shown(task.title)!r}, {each.pointer or 'as a whole'}: {each.detail}",
            )
            for each in wrong.problems
        )
    )


_MADE_BY: Final = (
    CREATE_PROJECT,
    CHANGE_WORKFLOW,
    CHANGE_COLUMNS,
    CHANGE_FIELDS,
    CHANGE_TYPES,
    CREATE_TASK,
    ADD_DEPENDENCY,
)

USE_TEMPLATE = CommandSpec(
    command=UseTemplate,
    handler=use_template,
    permission=OnTemplate(None),
    events=tuple(dict.fromkeys(event for spec in _MADE_BY for event in spec.events)),
    route="POST /templates/{id}/use",
    inverse=NoInverse("archive the project that it made instead."),
)
