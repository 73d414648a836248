"""How each event of a task is taken back."""

from typing import Final

from commands.inverse import Consequence, Inverse, Inverses, Undone, date_given, kept
from commands.task.assign_task import AssignTask
from commands.task.edit_task import EditTask
from commands.task.move_to_project import MoveToProject
from commands.task.restore_task import RestoreTask
from commands.task.return_task import ReturnTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_parent import SetParent
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from domain.task.events import (
    TaskAssigned,
    TaskBlocked,
    TaskCreated,
    TaskDependencyAdded,
    TaskDependencyRemoved,
    TaskDescribed,
    TaskDueDateChanged,
    TaskEstimateChanged,
    TaskFieldsChanged,
    TaskMadeRecurring,
    TaskMovedToProject,
    TaskParentChanged,
    TaskPrioritised,
    TaskRanked,
    TaskRestored,
    TaskRetitled,
    TaskStartDateChanged,
    TaskStatusChanged,
    TaskTagged,
    TaskTrashed,
    TaskTypeChanged,
    TaskUnblocked,
)


def _fields_back(undone: Undone) -> EditTask:
    former = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in kept(undone.event.was).items()
    }
    return EditTask(task_id=undone.stream, fields=former)


TASK_INVERSES: Final[Inverses] = {
    TaskCreated: Inverse(TrashTask, lambda undone: TrashTask(task_id=undone.stream)),
    TaskRetitled: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, title=kept(undone.event.was))
    ),
    TaskDescribed: Inverse(
        EditTask,
        lambda undone: EditTask(task_id=undone.stream, description=kept(undone.before.description)),
    ),
    TaskAssigned: Inverse(
        AssignTask,
        lambda undone: AssignTask(task_id=undone.stream, assignee_ids=undone.event.was),
    ),
    TaskPrioritised: Inverse(
        SetPriority,
        lambda undone: SetPriority(task_id=undone.stream, priority_level=undone.event.was),
    ),
    TaskDueDateChanged: Inverse(
        SetDueDate,
        lambda undone: SetDueDate(
            task_id=undone.stream,
            due_date=date_given(undone.event.was),
            all_day=undone.event.was_all_day,
        ),
    ),
    TaskStartDateChanged: Inverse(
        EditTask,
        lambda undone: EditTask(task_id=undone.stream, start_date=date_given(undone.event.was)),
    ),
    TaskEstimateChanged: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, estimate=undone.event.was)
    ),
    TaskTypeChanged: Inverse(
        EditTask, lambda undone: EditTask(task_id=undone.stream, type=undone.event.was)
    ),
    TaskTagged: Inverse(
        TagTask, lambda undone: TagTask(task_id=undone.stream, held=undone.event.was)
    ),
    TaskFieldsChanged: Inverse(EditTask, _fields_back),
    TaskStatusChanged: Inverse(
        ReturnTask,
        lambda undone: ReturnTask(
            task_id=undone.stream,
            status=undone.event.was,
            rank=undone.before.rank,
            completed_at=undone.before.completed_at,
        ),
    ),
    TaskRanked: Inverse(
        ReturnTask,
        lambda undone: ReturnTask(
            task_id=undone.stream, status=undone.before.status, rank=undone.event.was
        ),
    ),
    TaskMovedToProject: Inverse(
        MoveToProject,
        lambda undone: MoveToProject(
            task_id=undone.stream,
            project_id=undone.event.was_project_id,
            status=undone.event.was_status,
        ),
    ),
    TaskParentChanged: Inverse(
        SetParent,
        lambda undone: SetParent(task_id=undone.stream, parent_task_id=undone.event.was),
    ),
    TaskMadeRecurring: Consequence(),
    TaskTrashed: Inverse(RestoreTask, lambda undone: RestoreTask(task_id=undone.stream)),
    TaskRestored: Inverse(TrashTask, lambda undone: TrashTask(task_id=undone.stream)),
    TaskDependencyAdded: Consequence(),
    TaskDependencyRemoved: Consequence(),
    TaskBlocked: Consequence(),
    TaskUnblocked: Consequence(),
}
