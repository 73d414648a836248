"""What tasks are found by, of those that there are and of their past versions alike."""

from domain.task.state import Task
from domain.values.text import shown

from .past_rows import VersionRow
from .task_rows import TaskRow
from .titles import title_key


def fill_columns(row: TaskRow | VersionRow, task: Task) -> None:
    """The columns of `task_rows.FOUND_BY`."""
    row.project_key = task.project_key
    row.number = task.number
    row.status = task.status
    row.priority = task.priority
    row.type = task.type
    row.assignee_ids = task.assignee_ids
    row.creator_id = task.creator_id
    row.tags = task.tags
    row.due_date = task.due_date
    row.created_at = task.created_at
    row.updated_at = task.updated_at
    row.title_key = title_key(task.title)
    row.rank = task.rank
    row.trashed = task.trashed
    row.is_blocked = task.is_blocked
    row.version = task.version


def named_by(task: Task) -> tuple[str, ...]:
    """The texts that a task is found by apart from its description."""
    return (shown(task.title), shown(task.external_id), task.key, *task.former_keys)
