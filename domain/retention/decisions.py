"""When a task goes from the trash for good, and what keeps it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from domain.custody.state import Custody, Hold
from domain.errors import Kind, Refused, invalid
from domain.project.decisions import require_open
from domain.project.events import ProjectEvent, ProjectRetentionChanged
from domain.project.state import Project
from domain.retention.events import RetentionEvent, TaskPurgeHeld
from domain.retention.state import Retention
from domain.task.events import TaskEvent, TaskPurged
from domain.task.state import Task
from domain.values.limits import Limits


def change_retention(
    project: Project, trash_days: int | None, limits: Limits
) -> tuple[ProjectEvent, ...]:
    """None: what is in the trash stays until somebody purges it."""
    require_open(project)
    most = limits.trash_days
    if trash_days is not None and not 1 <= trash_days <= most:
        raise invalid("/trash_days", f"Must be a whole number from 1 to {most}, or null.")
    if trash_days == project.trash_days:
        return ()
    return (ProjectRetentionChanged(trash_days=trash_days, was=project.trash_days),)


def is_due(task: Task, project: Project, now: datetime) -> bool:
    """Whether it has been in the trash for as long as its project keeps it there."""
    if task.trashed_at is None or project.trash_days is None:
        return False
    return task.trashed_at + timedelta(days=project.trash_days) <= now


def purge(
    task: Task, *, with_task_id: str | None = None, trash_days: int | None = None
) -> tuple[TaskEvent, ...]:
    """Whether something keeps it is not known here. `with_task_id`: the task above it that takes it
    along; `trash_days`: of the project whose time is over."""
    if task.purged:
        return ()
    if not task.trashed:
        raise Refused(
            Kind.NOT_TRASHED,
            "Only what is in the trash can be purged; put it there first.",
            task_id=task.task_id,
        )
    return (TaskPurged(with_task_id=with_task_id, trash_days=trash_days),)


def note_held(
    task: Task, kept: Retention | None, holds: Iterable[Hold]
) -> tuple[RetentionEvent, ...]:
    """Said once, until others keep it."""
    hold_ids = tuple(sorted(hold.hold_id for hold in holds))
    if kept is not None and kept.hold_ids == hold_ids:
        return ()
    return (TaskPurgeHeld(task_id=task.task_id, project_id=task.project_id, hold_ids=hold_ids),)


def holds_on(
    custody: Custody | None,
    task: Task,
    *,
    commented: Collection[str] = (),
    project_keys: Mapping[str, str],
) -> Sequence[Hold]:
    """The standing holds that keep a task: on a person who made it, has it, wrote in it or is among
    those who `commented`; on a project where it is or was (`project_keys`: their keys by id); on a
    period in which it was there."""
    standing = () if custody is None else custody.standing()
    concerned = people(task).union(commented)
    return [
        hold
        for hold in standing
        if hold.user_id in concerned
        or (hold.project_id is not None and _was_in(task, hold.project_id, project_keys))
        or _was_there(task, hold)
    ]


def people(task: Task) -> frozenset[str]:
    """Whom a task concerns, as far as its own stream says it."""
    wrote = (task.creator_id, task.updated_by, task.title_author, task.description_author)
    return frozenset((*wrote, *task.field_authors.values(), *task.assignee_ids))


def _was_in(task: Task, project_id: str, project_keys: Mapping[str, str]) -> bool:
    if task.project_id == project_id:
        return True
    key = project_keys.get(project_id)
    return key is not None and any(each.rpartition("-")[0] == key for each in task.former_keys)


def _was_there(task: Task, hold: Hold) -> bool:
    """From when it was made until it went to the trash, at some time of the period."""
    if hold.since is None and hold.until is None:
        return False
    last = task.trashed_at or task.updated_at
    began = hold.until is None or task.created_at < hold.until
    return began and (hold.since is None or last >= hold.since)
