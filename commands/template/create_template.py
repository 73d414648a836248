"""Keep a task or a project as a template."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from commands.inverse import NoInverse
from commands.labels.held import known_labels
from commands.people import time_zone_of
from commands.permissions import InNamedWorkspace, home_of, visible_project, visible_task
from commands.spec import CommandSpec
from commands.task.tree import below
from commands.work import Work
from domain.errors import invalid
from domain.labels.state import Labels
from domain.project.state import Project
from domain.task.decisions import fields_changed
from domain.task.state import TASK, Task
from domain.task.subtasks import author_of
from domain.template import decisions
from domain.template.decisions import TaskOutline
from domain.template.events import (
    TemplateCreated,
    TemplateTaskAdded,
    TemplateTaskFilled,
)
from domain.template.filling import duration_between
from domain.template.outline import DEFAULT_OUTLINE, ProjectOutline, outline_of
from domain.template.state import TEMPLATE
from domain.values.frozen import dataclass
from domain.values.text import shown
from domain.workspace.roles import Right


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateTemplate:
    """From a task with all below it, from a project with its tasks, or from what `tasks` say: one
    task at the top for a template of a task, any number for one of a project (`is_project`)."""

    name: str
    description: str = ""
    workspace_id: str | None = None
    from_task_id: str | None = None
    from_project_id: str | None = None
    is_project: bool = False
    tasks: tuple[TaskOutline, ...] = ()


async def create_template(command: CreateTemplate, work: Work) -> str:
    workspace_id = await home_of(command, work)
    task = await _task_named(command, work, workspace_id)
    project = await _project_named(command, work, workspace_id)
    if sum((task is not None, project is not None, bool(command.tasks))) > 1:
        raise invalid("", "Give one of from_task_id, from_project_id and tasks.")
    if task is not None:
        return await _keep_task(command, work, task)
    if project is not None:
        return await _keep_project(command, work, project)
    outline = DEFAULT_OUTLINE if command.is_project else None
    if outline is None and decisions.at_the_top(command.tasks) != 1:
        raise invalid("/tasks", "A template of a task has one task at the top.")
    return _begin(command, work, workspace_id, outline, command.tasks)


def _begin(
    command: CreateTemplate,
    work: Work,
    workspace_id: str,
    project: ProjectOutline | None,
    tasks: Sequence[TaskOutline],
) -> str:
    created = decisions.create(
        name=command.name, description=command.description, project=project, limits=work.limits
    )
    template_id = work.new_id("tmpl")
    filled = decisions.fill(None, tasks, work.limits)
    work.record(TEMPLATE, workspace_id, template_id, *created, *filled)
    return template_id


async def _task_named(command: CreateTemplate, work: Work, workspace_id: str) -> Task | None:
    if command.from_task_id is None:
        return None
    task = await visible_task(work, command.from_task_id)
    if task is None or task.workspace_id != workspace_id or task.trashed:
        raise invalid("/from_task_id", "There is no such task in this workspace.", "unknown")
    return task


async def _project_named(command: CreateTemplate, work: Work, workspace_id: str) -> Project | None:
    if command.from_project_id is None:
        return None
    place = await visible_project(work, command.from_project_id)
    if place is None or place[1].workspace_id != workspace_id:
        raise invalid("/from_project_id", "There is no such project in this workspace.", "unknown")
    return place[1]


async def _keep_task(command: CreateTemplate, work: Work, task: Task) -> str:
    live = [each for each in await below(work, task) if not each.trashed]
    _require_few(work, len(live) + 1)
    found = [task]
    for each in live:
        state = await visible_task(work, each.task_id)
        if state is not None:
            found.append(state)
    return await _keep(command, work, task.workspace_id, None, found)


async def _keep_project(command: CreateTemplate, work: Work, project: Project) -> str:
    ids = await _tasks_of(work, project)
    _require_few(work, len(ids))
    states = [await work.load(TASK, each) for each in ids]
    found = [
        task
        for task in states
        if task is not None and task.project_id == project.project_id and not task.trashed
    ]
    found.sort(key=lambda task: task.number or 0)
    ordered = _from_the_top(found)
    return await _keep(command, work, project.workspace_id, outline_of(project), ordered)


async def _tasks_of(work: Work, project: Project) -> list[str]:
    position = await work.head()
    ids: list[str] = []
    for status in project.workflow.statuses:
        most = work.limits.template_tasks + 1 - len(ids)
        ids += await work.board.tasks_in_status(project.project_id, status.key, position, most)
    return ids


def _require_few(work: Work, count: int) -> None:
    most = work.limits.template_tasks
    if count > most:
        raise invalid("", f"A template has at most {most} tasks.", "too-many")


async def _keep(
    command: CreateTemplate,
    work: Work,
    workspace_id: str,
    project: ProjectOutline | None,
    tasks: Sequence[Task],
) -> str:
    """Every text stays that of whoever wrote it; days count from the first day that any of the
    tasks names, or else from today."""
    zone = ZoneInfo(await time_zone_of(work))
    dates = [at for task in tasks for at in (task.start_date, task.due_date) if at is not None]
    first = min(dates, default=work.now).astimezone(zone).date()
    refs = {task.task_id: f"t{n}" for n, task in enumerate(tasks, start=1)}
    template_id = work.new_id("tmpl")
    labels = await known_labels(work, workspace_id)
    created = decisions.create(
        name=command.name, description=command.description, project=project, limits=work.limits
    )
    work.record(TEMPLATE, workspace_id, template_id, *created)
    for task in tasks:
        of_each_author = fields_changed({}, task.field_authors, task.fields)
        words = {"title": task.title_author, "description": task.description_author}
        added = TemplateTaskAdded(
            ref=refs[task.task_id],
            below=refs.get(task.parent_task_id or ""),
            title=shown(task.title) or "-",
            description=shown(task.description),
            priority=task.priority,
            type=task.type,
            assignee_ids=task.assignee_ids,
            due_in=_apart(task.due_date, first, zone),
            start_in=_apart(task.start_date, first, zone),
            estimate=task.estimate,
            tags=_names(labels, task.tags),
            depends_on=tuple(refs[each] for each in task.blocked_by if each in refs),
        )
        work.record(TEMPLATE, workspace_id, template_id, added, authors=words)
        for some in of_each_author:
            filled = TemplateTaskFilled(ref=added.ref, fields=some.fields)
            authors = author_of(some, task)
            work.record(TEMPLATE, workspace_id, template_id, filled, authors=authors)
    return template_id


def _from_the_top(tasks: Sequence[Task]) -> list[Task]:
    """The same tasks, each after the one that it stands below: a task may stand below one that
    was made later. Of those side by side the order stays."""
    ids = {task.task_id for task in tasks}
    below: dict[str | None, list[Task]] = defaultdict(list)
    for task in tasks:
        below[task.parent_task_id if task.parent_task_id in ids else None].append(task)
    ordered = list(below[None])
    for task in ordered:  # grows level by level
        ordered += below[task.task_id]
    return ordered


def _names(labels: Labels | None, tags: Sequence[str]) -> tuple[str, ...]:
    """What people read for the tags that a task holds."""
    shown_as = (None if labels is None else labels.of_tag(tag) for tag in tags)
    return tuple(label.name for label in shown_as if label is not None)


def _apart(at: datetime | None, first: date, zone: ZoneInfo) -> str | None:
    return None if at is None else duration_between(first, at.astimezone(zone).date())


CREATE_TEMPLATE = CommandSpec(
    command=CreateTemplate,
    handler=create_template,
    permission=InNamedWorkspace(Right.CREATE_PROJECT),
    events=(TemplateCreated, TemplateTaskAdded, TemplateTaskFilled),
    route="POST /templates",
    inverse=NoInverse("delete the template instead."),
)
