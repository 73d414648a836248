"""What the clock says of a task, and nobody did: that its due date is near, or has passed."""

from datetime import datetime

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDueDateNeared:
    """It is due soon; said once for each due date that it is given."""

    task_id: str
    project_id: str
    due_date: datetime
    due_all_day: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDueDatePassed:
    """It is overdue; said once for each due date that it is given."""

    task_id: str
    project_id: str
    due_date: datetime
    due_all_day: bool


ReminderEvent = TaskDueDateNeared | TaskDueDatePassed
