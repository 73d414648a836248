"""What goes from the trash for good: by hand and by the clock, with what is below it, unless a
legal hold keeps it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from commands.comment.add_comment import AddComment
from commands.custody.holds import ApproveHold, LiftHold, ProposeHold
from commands.dependency_graph.add_dependency import AddDependency
from commands.project.add_member import AddProjectMember
from commands.project.change_retention import ChangeRetention
from commands.project.undo_change import UndoProjectChange
from commands.scheduler import SCHEDULER
from commands.task.assign_task import AssignTask
from commands.task.edit_task import EditTask
from commands.task.move_to_project import MoveToProject
from commands.task.purge_due_task import PurgeDueTask
from commands.task.purge_task import PurgeTask
from commands.task.restore_task import RestoreTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from domain.dependency_graph.state import DEPENDENCY_GRAPH
from domain.errors import Kind
from domain.project.state import PROJECT
from domain.retention.events import TaskPurgeHeld
from domain.retention.state import retention_of
from domain.task.events import TaskDependencyRemoved, TaskPurged
from domain.task.state import TASK
from domain.values.ids import graph_of
from domain.values.limits import Limits
from infra.ids import new_id
from tests.commands.conftest import process
from tests.commands.refusals import refusal

WITH_ANY_LOG = True  # no decision here looks at more of a log than its versions


async def trashed(house, **other: Any) -> str:
    task = await house.task(**other)
    await house.run(house.ann, TrashTask(task_id=task.task_id))
    return task.task_id


async def kept_for(house, days: int | None, project_id: str | None = None) -> None:
    command = ChangeRetention(project_id=project_id or house.project_id, trash_days=days)
    await house.run(house.ann, command)


async def clock_comes(house, task_id: str, days: int) -> bool:
    """Whether anything happens when the scheduler looks at a task so many days from now."""
    executor = house.executor
    now = executor._clock
    executor._clock = lambda: now() + timedelta(days=days)
    try:
        return (await executor.execute([PurgeDueTask(task_id=task_id)], SCHEDULER)).changed
    finally:
        executor._clock = now


async def state_of(house, aggregate, stream: str) -> Any:
    return aggregate.fold(
        (each.event, each.stamp) for each in await house.store.read_stream(stream)
    )


async def is_purged(house, task_id: str) -> bool:
    return (await state_of(house, TASK, task_id)).purged


async def test_all_that_stands_below_goes_and_nothing_depends_on_it_any_more(house) -> None:
    top = await house.task("Top")
    middle = await house.task("Middle", parent_task_id=top.task_id)
    low = await house.task("Low", parent_task_id=middle.task_id)
    other = await house.task("Other")
    for one, relation in ((low, "blocks"), (middle, "relates")):
        added = AddDependency(task_id=one.task_id, other_task_id=other.task_id, relation=relation)
        await house.run(house.ann, added)
    await house.run(house.ann, TrashTask(task_id=top.task_id))
    done = await house.run(house.ann, PurgeTask(task_id=top.task_id))
    log = [
        each for each in await house.log() if each.command_id == (await house.log())[-1].command_id
    ]
    purged = [each for each in log if isinstance(each.event, TaskPurged)]
    assert [(each.stream, each.event.with_task_id) for each in purged] == [
        (low.task_id, top.task_id), (middle.task_id, top.task_id), (top.task_id, None),
    ]  # fmt: skip
    assert done.changed
    ends = [each.stream for each in log if isinstance(each.event, TaskDependencyRemoved)]
    assert sorted(ends) == sorted([low.task_id, middle.task_id, other.task_id, other.task_id])
    graph = await state_of(house, DEPENDENCY_GRAPH, graph_of(house.workspace_id))
    left = await state_of(house, TASK, other.task_id)
    assert (dict(graph.edges), dict(left.dependencies), left.is_blocked) == ({}, {}, False)
    assert all([await is_purged(house, each.task_id) for each in (top, middle, low)])


async def test_what_was_purged_is_there_for_nobody(house) -> None:
    task_id = await trashed(house)
    await house.run(house.ann, PurgeTask(task_id=task_id))
    position = (await house.store.read_stream(task_id))[0].position
    for command in (
        RestoreTask(task_id=task_id),
        EditTask(task_id=task_id, title="Back"),
        AddComment(task_id=task_id, text="Where is it?"),
        UndoChange(task_id=task_id, position=position),
        PurgeTask(task_id=task_id),
    ):
        for who in (house.ann, house.bob):
            assert (await refusal(house.run(who, command))).kind is Kind.NOT_FOUND
    again = await refusal(house.task("Other", task_id=task_id))
    assert (again.kind, again.fields["field"]) == (Kind.ALREADY_EXISTS, "task_id")


async def test_a_repeated_request_gets_its_first_answer(house) -> None:
    task_id = await trashed(house)
    first = await house.run(house.ann, PurgeTask(task_id=task_id), key="once")
    again = await house.run(house.ann, PurgeTask(task_id=task_id), key="once")
    assert (again.replayed, again.position) == (True, first.position)


async def test_only_what_is_in_the_trash_goes(house) -> None:
    task = await house.task()
    refused = await refusal(house.run(house.ann, PurgeTask(task_id=task.task_id)))
    assert refused.kind is Kind.NOT_TRASHED


async def test_it_takes_an_admin_of_every_project_below(house) -> None:
    private = await house.project(name="Elsewhere", is_private=True)
    top = await house.task("Top")
    await house.task("Low", project_id=private.project_id, parent_task_id=top.task_id)
    await house.run(house.ann, TrashTask(task_id=top.task_id))
    named = AddProjectMember(project_id=house.project_id, user_id=house.bob, role="admin")
    await house.run(house.ann, named)
    purge = PurgeTask(task_id=top.task_id)
    assert (await refusal(house.run(house.bob, purge))).kind is Kind.FORBIDDEN
    assert (await house.run(house.ann, purge)).changed


async def test_a_command_over_many_cannot_be_taken_back_where_one_was_purged(house) -> None:
    gone, here = (await house.task()).task_id, (await house.task()).task_id
    patch = {"title": "Both"}
    both = [EditTask(task_id=each, **patch) for each in (gone, here)]
    done = await house.run(house.ann, *both)
    await house.run(house.ann, TrashTask(task_id=gone))
    await house.run(house.ann, PurgeTask(task_id=gone))
    undo = UndoChange(task_id=here, position=done.position)
    refused = await refusal(house.run(house.ann, undo))
    assert (refused.kind, "purged" in refused.detail) == (Kind.NOT_UNDOABLE, True)


async def test_the_clock_takes_what_has_been_there_for_long_enough(house) -> None:
    task_id = await trashed(house)
    assert not await clock_comes(house, task_id, 4_000)  # the project keeps its trash
    await kept_for(house, 30)
    assert not await clock_comes(house, task_id, 29)
    assert await clock_comes(house, task_id, 31)
    assert not await clock_comes(house, task_id, 32)
    last = (await house.events(task_id))[-1]
    assert last == TaskPurged(trash_days=30)
    restored = await trashed(house)
    await house.run(house.ann, RestoreTask(task_id=restored))
    assert not await clock_comes(house, restored, 31)


async def test_two_that_come_at_once_take_it_once(house) -> None:
    task_id = await trashed(house)
    await kept_for(house, 1)
    for one in (house.executor, house.other.executor):
        one._clock = lambda now=one._clock: now() + timedelta(days=2)
    try:
        command = PurgeDueTask(task_id=task_id)
        done = await asyncio.gather(
            *(each.executor.execute([command], SCHEDULER) for each in (house, house.other) * 3)
        )
    finally:
        house.executor._clock = house.other.executor._clock = _usual_clock(house)
    assert sum(each.changed for each in done) == 1
    assert [type(each) for each in await house.events(task_id)].count(TaskPurged) == 1


def _usual_clock(house) -> Any:
    return process(house.store, house.reader).executor._clock


async def test_a_tree_goes_when_all_of_it_is_due(house) -> None:
    elsewhere = await house.project(name="Elsewhere")
    top = await house.task("Top")
    await house.task("Low", project_id=elsewhere.project_id, parent_task_id=top.task_id)
    await house.run(house.ann, TrashTask(task_id=top.task_id))
    await kept_for(house, 1)
    assert not await clock_comes(house, top.task_id, 5)
    await kept_for(house, 7, elsewhere.project_id)
    assert not await clock_comes(house, top.task_id, 5)
    assert await clock_comes(house, top.task_id, 8)


async def test_of_more_than_goes_at_once_the_lowest_go_first(house) -> None:
    top = await house.task("Top")
    below = [await house.task(parent_task_id=top.task_id) for _ in range(4)]
    await house.run(house.ann, TrashTask(task_id=top.task_id))
    await kept_for(house, 1)
    house.executor = process(house.store, house.reader, Limits(subtasks_at_once=2)).executor
    assert (await refusal(house.run(house.ann, PurgeTask(task_id=top.task_id)))).kind is (
        Kind.VALIDATION_FAILED
    )
    left = [top.task_id, *(each.task_id for each in below)]
    for remaining in (2, 0):
        assert await clock_comes(house, top.task_id, 2)
        left = [each for each in left if not await is_purged(house, each)]
        assert len(left) == remaining
        assert remaining == 0 or top.task_id in left


async def _by_creator(house) -> dict[str, Any]:
    return {"user_id": house.ann}


async def _by_project(house) -> dict[str, Any]:
    return {"project_id": house.project_id}


async def _by_period(house) -> dict[str, Any]:
    made = (await house.log())[0].stamp.recorded_at
    return {"since": made - timedelta(days=1), "until": made + timedelta(days=1)}


async def set_hold(house, **on: Any) -> str:
    hold_id = new_id("hold")
    proposed = ProposeHold(workspace_id=house.workspace_id, hold_id=hold_id, reason="Case 7", **on)
    await house.run(house.ann, proposed)
    approval = ApproveHold(workspace_id=house.workspace_id, hold_id=hold_id)
    assert (await refusal(house.run(house.ann, approval))).kind is Kind.FORBIDDEN
    await house.run(house.admin, approval)
    return hold_id


async def lift(house, hold_id: str) -> None:
    of = {"workspace_id": house.workspace_id, "hold_id": hold_id}
    await house.run(house.admin, LiftHold(**of))
    assert (await refusal(house.run(house.admin, ApproveHold(**of)))).kind is Kind.FORBIDDEN
    await house.run(house.ann, ApproveHold(**of))


@pytest.mark.parametrize("on", [_by_creator, _by_project, _by_period])
async def test_a_hold_keeps_it_until_two_people_have_lifted_it(house, on) -> None:
    top = await house.task("Top", actor=house.bob)
    low = await house.task("Low", parent_task_id=top.task_id)  # Ann made it
    await house.run(house.ann, TrashTask(task_id=top.task_id))
    await kept_for(house, 30)
    hold_id = await set_hold(house, **await on(house))
    refused = await refusal(house.run(house.ann, PurgeTask(task_id=top.task_id)))
    assert (refused.kind, refused.fields["holds"]) == (Kind.LEGAL_HOLD, [hold_id])
    assert [await clock_comes(house, top.task_id, 31) for _ in range(2)] == [True, False]
    assert await house.events(retention_of(top.task_id)) == [
        TaskPurgeHeld(task_id=top.task_id, project_id=house.project_id, hold_ids=(hold_id,))
    ]
    assert not await is_purged(house, low.task_id)
    await lift(house, hold_id)
    assert await clock_comes(house, top.task_id, 31)
    assert await is_purged(house, low.task_id)


async def test_whom_and_where_a_hold_is_about(house) -> None:
    """Who has it, who spoke about it, and the project from which it went."""
    elsewhere = await house.project(name="Elsewhere")
    assigned, spoken, moved, free = [(await house.task()).task_id for _ in range(4)]
    await house.run(house.ann, AssignTask(task_id=assigned, assignee_ids=(house.bob,)))
    await house.run(house.bob, AddComment(task_id=spoken, text="Mine"))
    move = MoveToProject(task_id=moved, project_id=elsewhere.project_id)
    await house.run(house.ann, move)
    for task_id in (assigned, spoken, moved, free):
        await house.run(house.ann, TrashTask(task_id=task_id))
    first = await set_hold(house, user_id=house.bob)
    for task_id in (assigned, spoken):
        refused = await refusal(house.run(house.ann, PurgeTask(task_id=task_id)))
        assert (refused.kind, refused.fields["holds"]) == (Kind.LEGAL_HOLD, [first])
    assert (await house.run(house.ann, PurgeTask(task_id=free))).changed
    second = await set_hold(house, project_id=house.project_id)
    refused = await refusal(house.run(house.ann, PurgeTask(task_id=moved)))
    assert refused.fields["holds"] == [second]


async def test_retention_is_changed_and_taken_back(house) -> None:
    await kept_for(house, 30)
    command = ChangeRetention(project_id=house.project_id, trash_days=None)
    done = await house.run(house.ann, command)
    assert (await state_of(house, PROJECT, house.project_id)).trash_days is None
    undo = UndoProjectChange(project_id=house.project_id, position=done.position)
    await house.run(house.ann, undo)
    assert (await state_of(house, PROJECT, house.project_id)).trash_days == 30
