"""What commands on one task have in common."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from commands.people import require_in_project, time_zone_of
from commands.work import Work
from domain.errors import pointer_token
from domain.project.decisions import require_open
from domain.project.fields import FieldValue, defaults_of
from domain.project.state import PROJECT, Project
from domain.task.events import TaskEvent
from domain.task.state import TASK, Task
from domain.values.moment import day_or_moment, is_day
from domain.workspace.roles import project_role
from domain.workspace.state import WORKSPACE

_READ_AT_ONCE: Final = 32


def open_task(work: Work, task_id: str) -> tuple[Task, Project]:
    """The task, which the permission has seen, in a project in which things may still happen."""
    task = work.seen(TASK, task_id)
    project = work.seen(PROJECT, task.project_id)
    require_open(project)
    return task, project


async def loaded_tasks(
    work: Work, task_ids: Sequence[str], at_once: int = _READ_AT_ONCE
) -> list[Task | None]:
    """Of each id the task as `Work.load` gives it, so many read at once."""
    found: list[Task | None] = []
    for start in range(0, len(task_ids), at_once):
        some = task_ids[start : start + at_once]
        found += await gather(*(work.load(TASK, task_id) for task_id in some))
    return found


def record(work: Work, task: Task, events: Sequence[TaskEvent]) -> None:
    work.record(TASK, task.workspace_id, task.task_id, *events)


async def moment_given(
    work: Work, text: str | None, *, end_of_day: bool, pointer: str
) -> tuple[datetime | None, bool]:
    """A date as a request gives it: (moment, whether it was a whole day of the caller's)."""
    if text is None:
        return None, False
    zone = await time_zone_of(work) if is_day(text) else "UTC"
    return day_or_moment(text, zone, end_of_day=end_of_day, pointer=pointer)


def require_people_of_fields(work: Work, project: Project, fields: Mapping[str, object]) -> None:
    """Whoever a custom field of the type user names may see the project."""
    people = {each.key for each in project.fields if each.type == "user"}
    require_in_project(
        work,
        project,
        (
            (value, f"/fields/{pointer_token(key)}")
            for key, value in fields.items()
            if key in people and isinstance(value, str)
        ),
    )


def defaults_of_strangers(work: Work, project: Project) -> Mapping[str, None]:
    """The fields whose default is somebody who may not see the project any more: left empty."""
    workspace = work.seen(WORKSPACE, project.workspace_id)
    return {
        each.key: None
        for each in project.fields
        if each.type == "user"
        and isinstance(each.default, str)
        and project_role(workspace, project, each.default) is None
    }


def defaults_that_hold(work: Work, project: Project) -> Mapping[str, FieldValue]:
    """What a task gets for fields that nothing is said about, by key."""
    defaults = defaults_of(project.fields)
    if defaults:
        for key in defaults_of_strangers(work, project):
            del defaults[key]
    return defaults
