"""Cases of tasks, and of what is done on them."""

from datetime import timedelta
from typing import Any

from commands.comment.add_comment import AddComment
from commands.comment.delete_comment import DeleteComment
from commands.comment.edit_comment import EditComment
from commands.comment.restore_comment import RestoreComment
from commands.dependency_graph.add_dependency import AddDependency
from commands.dependency_graph.remove_dependency import RemoveDependency
from commands.favourites.add_favourite import AddFavourite
from commands.favourites.remove_favourite import RemoveFavourite
from commands.notifications.remind import Remind
from commands.reactions.add_reaction import AddReaction
from commands.reactions.remove_reaction import RemoveReaction
from commands.recurrence.make_occurrence import MakeOccurrence
from commands.recurrence.resume_recurrence import ResumeRecurrence
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from commands.recurrence.withdraw_occurrence import WithdrawOccurrence
from commands.task.assign_task import AssignTask
from commands.task.change_status import ChangeStatus
from commands.task.change_tasks import ChangeTasks
from commands.task.create_task import CreateTask
from commands.task.duplicate_task import DuplicateTask
from commands.task.edit_task import EditTask
from commands.task.move_task import MoveTask
from commands.task.move_to_project import MoveToProject
from commands.task.purge_due_task import PurgeDueTask
from commands.task.purge_task import PurgeTask
from commands.task.respace_cards import RespaceCards
from commands.task.restore_task import RestoreTask
from commands.task.return_task import ReturnTask
from commands.task.set_due_date import SetDueDate
from commands.task.set_parent import SetParent
from commands.task.set_priority import SetPriority
from commands.task.tag_task import TagTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from commands.task.undo_changes import UndoChanges
from commands.watching.mute_task import MuteTask
from commands.watching.unmute_task import UnmuteTask
from commands.watching.unwatch_task import UnwatchTask
from commands.watching.watch_task import WatchTask
from domain.recurrence.state import RECURRENCE
from domain.task.state import Task
from domain.values.ids import graph_of
from tests.commands.cases.table import (
    EVERY_MEMBER,
    FOR_ONESELF,
    IN_PROJECT,
    NOBODY,
    OVER_PROJECT,
    Cases,
)
from tests.commands.conftest import House

CASES = Cases()


def on_task(command: type, expected: str = IN_PROJECT, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        task = await _task(house, trashed=command in (RestoreTask, PurgeTask))
        return command(task_id=task.task_id, **other)

    CASES[command] = (expected, make)


async def _task(house: House, *, trashed: bool = False) -> Task:
    task = await house.task()
    if trashed:
        await house.run(house.ann, TrashTask(task_id=task.task_id))
    return task


@CASES.of(CreateTask, IN_PROJECT)
async def _create_task(house: House, actor: str) -> object:
    return CreateTask(title="x", project_id=house.project_id)


@CASES.of(AddDependency, IN_PROJECT)
async def _add_dependency(house: House, actor: str) -> object:
    task, other = await house.task(), await house.task()
    return AddDependency(task_id=task.task_id, other_task_id=other.task_id)


@CASES.of(RemoveDependency, IN_PROJECT)
async def _remove_dependency(house: House, actor: str) -> object:
    task, other = await house.task(), await house.task()
    await house.run(house.ann, AddDependency(task_id=task.task_id, other_task_id=other.task_id))
    edge = (await house.events(graph_of(house.workspace_id)))[-1]
    return RemoveDependency(task_id=task.task_id, dependency_id=edge.dependency_id)


on_task(EditTask, title="Varnish it")
on_task(AssignTask, assignee_id=None, assignee_ids=())
on_task(SetPriority, priority=1)
on_task(SetDueDate, due_date="2026-03-01T09:00:00Z")
on_task(TagTask, tags=("a",))
on_task(ChangeStatus, status="in_progress")
on_task(MoveTask, status="in_progress")
on_task(ReturnTask, status="in_progress", rank="a0V")
on_task(TrashTask)
on_task(DuplicateTask)
on_task(RestoreTask)
on_task(PurgeTask, OVER_PROJECT)
on_task(AddComment, text="Done?")
on_task(SetRecurrence, rule="FREQ=DAILY", due_date="2026-03-01")


def on_series(command: type, expected: str = IN_PROJECT) -> None:
    async def make(house: House, actor: str) -> object:
        task = await house.task()
        weekly = SetRecurrence(task_id=task.task_id, rule="FREQ=WEEKLY", due_date="2026-03-01")
        began = await house.run(house.ann, weekly)
        if command is MakeOccurrence:
            return MakeOccurrence(recurrence_id=began.main_stream, after=1)
        if command is WithdrawOccurrence:
            await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="cancelled"))
            series = await house.executor.states.read(RECURRENCE, began.main_stream)
            assert series is not None
            return WithdrawOccurrence(
                task_id=task.task_id, due_at=series.first, withdrawn=series.task_id
            )
        if command is ResumeRecurrence:
            await house.run(house.ann, StopRecurrence(task_id=task.task_id))
        return command(task_id=task.task_id)

    CASES[command] = (expected, make)


on_series(StopRecurrence)
on_series(ResumeRecurrence)
on_series(WithdrawOccurrence)
on_series(MakeOccurrence, NOBODY)
on_task(RespaceCards, NOBODY, project_id="proj_1")
on_task(Remind, NOBODY, lead=timedelta(days=1))
on_task(PurgeDueTask, NOBODY)


@CASES.of(MoveToProject, IN_PROJECT)
async def _move_to_project(house: House, actor: str) -> object:
    task, project = await house.task(), await house.project()
    return MoveToProject(task_id=task.task_id, project_id=project.project_id)


@CASES.of(SetParent, IN_PROJECT)
async def _set_parent(house: House, actor: str) -> object:
    task, parent = await house.task(), await house.task()
    return SetParent(task_id=task.task_id, parent_task_id=parent.task_id)


@CASES.of(ChangeTasks, EVERY_MEMBER)
async def _change_tasks(house: House, actor: str) -> object:
    """Each task by the rights of its own: who may not is told so of each."""
    task = await house.task()
    return ChangeTasks(
        workspace_id=house.workspace_id,
        task_ids=(task.task_id,),
        changes=(SetPriority(task_id="", priority=1),),
    )


@CASES.of(UndoChanges, EVERY_MEMBER)
async def _undo_changes(house: House, actor: str) -> object:
    task = await house.task()
    done = await house.run(house.ann, SetPriority(task_id=task.task_id, priority=1))
    return UndoChanges(workspace_id=house.workspace_id, changes=((done.position, None),))


@CASES.of(UndoChange, IN_PROJECT)
async def _undo_change(house: House, actor: str) -> object:
    task = await house.task()
    done = await house.run(house.ann, SetPriority(task_id=task.task_id, priority=1))
    return UndoChange(task_id=task.task_id, position=done.position)


def on_comment(command: type, expected: str, **other: Any) -> None:
    async def make(house: House, actor: str) -> object:
        task = await house.task()
        said = await house.run(house.ann, AddComment(task_id=task.task_id, text="Done?"))
        if command is RestoreComment:
            await house.run(house.ann, DeleteComment(comment_id=said.main_stream))
        return command(comment_id=said.main_stream, **other)

    CASES[command] = (expected, make)


on_comment(EditComment, "done F F - F -", text="Done.")
on_comment(DeleteComment, "done done F - F -")
on_comment(RestoreComment, "done done - - - -")
on_comment(AddReaction, IN_PROJECT, emoji="\U0001f44d")
on_comment(RemoveReaction, IN_PROJECT, emoji="\U0001f44d")


for _command in (WatchTask, UnwatchTask, MuteTask, UnmuteTask, AddFavourite, RemoveFavourite):
    on_task(_command, FOR_ONESELF)
