"""What is to be said of a task's due date now."""

from datetime import datetime, timedelta

from domain.project.workflow import FINISHED
from domain.reminders.events import ReminderEvent, TaskDueDateNeared, TaskDueDatePassed
from domain.reminders.state import Reminders
from domain.task.state import Task


def remind(
    task: Task, said: Reminders | None, now: datetime, lead: timedelta
) -> tuple[ReminderEvent, ...]:
    """`lead`: how long before it is due a task is due soon. Of a task that is finished or in the
    trash nothing is said, and each thing once for each due date; what passed unannounced is
    overdue, and not due soon any more."""
    due = task.due_date
    if due is None or task.trashed or task.status_category in FINISHED:
        return ()
    if due <= now:
        if said is not None and said.passed == due:
            return ()
        kind: type[ReminderEvent] = TaskDueDatePassed
    elif due - lead <= now:
        if said is not None and due in (said.neared, said.passed):
            return ()
        kind = TaskDueDateNeared
    else:
        return ()
    event = kind(
        task_id=task.task_id,
        project_id=task.project_id,
        due_date=due,
        due_all_day=task.due_all_day,
    )
    return (event,)
