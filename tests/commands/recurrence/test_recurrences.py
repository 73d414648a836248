"""Tasks that come again: the next one with the last one's end, or by the clock."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from commands.project.archive_project import ArchiveProject
from commands.project.change_fields import ChangeFields
from commands.project.create_project import CreateProject
from commands.recurrence.make_occurrence import MakeOccurrence
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from commands.scheduler import SCHEDULER
from commands.task.change_status import ChangeStatus
from commands.task.edit_task import EditTask
from commands.task.trash_task import TrashTask
from commands.task.undo_change import UndoChange
from domain.errors import Invalid, Kind, Refused
from domain.project.fields import FieldDraft
from domain.project.state import PROJECT, Project
from domain.recurrence.state import RECURRENCE, Recurrence
from domain.task.events import TaskCreated
from domain.task.state import TASK, Task
from domain.values.limits import Limits
from domain.values.moment import written
from tests.commands.conftest import House, Process, process

NOW = datetime.now(UTC).replace(microsecond=0)
WEEK = timedelta(days=7)


async def recurring(house: House, due: datetime, **other: object) -> Task:
    task = await house.task("Water the plants", tags=("home",), assignee_id=house.bob)
    await house.run(
        house.ann,
        SetRecurrence(
            task_id=task.task_id,
            **{"rule": "FREQ=WEEKLY", "time_zone": "UTC", "due_date": written(due), **other},  # type: ignore[arg-type]
        ),
    )
    return await state(house, task.task_id)


async def state(house: House, task_id: str) -> Task:
    found = await house.executor.states.read(TASK, task_id)
    assert found is not None
    return found


async def project_state(house: House, project_id: str) -> Project:
    found = await house.executor.states.read(PROJECT, project_id)
    assert found is not None
    return found


async def series_of(house: House, task: Task) -> Recurrence:
    found = await house.executor.states.read(RECURRENCE, task.recurrence_id or "")
    assert found is not None
    return found


async def finish(house: House, task_id: str) -> int:
    for status in ("in_progress", "in_review", "done"):
        done = await house.run(house.bob, ChangeStatus(task_id=task_id, status=status))
    return done.position


async def by_the_clock(process: Process, series: Recurrence) -> bool:
    command = MakeOccurrence(recurrence_id=series.recurrence_id, after=series.ordinal)
    return (await process.executor.execute([command], SCHEDULER)).changed


async def test_finishing_a_task_makes_the_next_in_the_same_commit(house: House) -> None:
    task = await recurring(house, NOW + timedelta(days=2))
    before = len(await house.log())
    await finish(house, task.task_id)
    series = await series_of(house, task)
    following = await state(house, series.task_id)
    assert (following.title, following.tags) == (task.title, task.tags)
    assert following.assignee_ids == (house.bob,)
    assert (following.status, following.due_date) == ("todo", NOW + timedelta(days=2) + WEEK)
    assert following.recurrence_id == series.recurrence_id
    last = (await house.log())[before:]
    assert len({each.command_id for each in last if each.stream != task.task_id}) == 1
    assert last[-1].command_id == last[-3].command_id


async def test_whoever_wrote_a_text_is_its_author_in_every_occurrence(house: House) -> None:
    task = await recurring(house, NOW)
    await house.run(house.ann, EditTask(task_id=task.task_id, description="Two cups"))
    await finish(house, task.task_id)
    following = await state(house, (await series_of(house, task)).task_id)
    assert (following.title_author, following.description_author) == (house.ann, house.ann)
    assert following.creator_id == house.bob


async def test_what_stands_below_it_comes_again_with_its_days(house: House) -> None:
    task = await recurring(house, NOW + timedelta(days=2))
    part = await house.task(
        "Fill the can",
        parent_task_id=task.task_id,
        due_date=written(NOW + timedelta(days=1)),
        status="cancelled",
    )
    await house.task("Find the can", parent_task_id=part.task_id, assignee_id=house.bob)
    gone = await house.task("Not this", parent_task_id=task.task_id)
    await house.run(house.ann, TrashTask(task_id=gone.task_id))
    away = await house.run(house.ann, CreateProject(name="Away", workspace_id=house.workspace_id))
    other = await house.task(
        "Elsewhere", parent_task_id=task.task_id, project_id=away.state(PROJECT).project_id
    )
    await house.task("Below that", parent_task_id=other.task_id)
    position = await finish(house, task.task_id)
    following = (await series_of(house, task)).task_id
    new = [
        await state(house, each.stream)
        for each in await house.log()
        if isinstance(each.event, TaskCreated) and each.event.copy_of is not None
    ]
    assert [each.title for each in new] == [task.title, "Fill the can", "Find the can"]
    assert [each.parent_task_id for each in new] == [None, following, new[1].task_id]
    assert {each.status for each in new} == {"todo"}
    assert new[1].due_date == NOW + timedelta(days=1) + WEEK
    assert (new[2].assignee_ids, new[2].recurrence_id) == ((house.bob,), None)
    await house.run(house.bob, UndoChange(task_id=task.task_id, position=position))
    assert [(await state(house, each.task_id)).trashed for each in new] == [True] * 3


async def test_only_so_much_comes_again_below_a_task(house: House) -> None:
    tight = process(house.store, house.reader, Limits(template_tasks=2))
    task = await recurring(house, NOW)
    parts = [await house.task(parent_task_id=task.task_id) for _ in range(2)]
    for status in ("in_progress", "in_review"):
        await tight.run(house.ann, ChangeStatus(task_id=task.task_id, status=status))
    done = ChangeStatus(task_id=task.task_id, status="done")
    with pytest.raises(Invalid) as caught:
        await tight.run(house.ann, done)
    assert [each.code for each in caught.value.problems] == ["too-many"]
    await tight.run(house.ann, TrashTask(task_id=parts[0].task_id))
    assert (await tight.run(house.ann, done)).changed


@pytest.mark.parametrize("basis", ["completion", "schedule"])
async def test_the_next_one_has_what_its_project_requires(house: House, basis: str) -> None:
    task = await recurring(house, NOW - WEEK, basis=basis)
    size = FieldDraft(key="size", name="Size", type="text", required_at=("todo",))
    await house.run(house.ann, ChangeFields(project_id=task.project_id, fields=(size,)))

    async def come_again() -> bool:
        if basis == "schedule":
            return await by_the_clock(house, await series_of(house, task))
        end = ChangeStatus(task_id=task.task_id, status="cancelled")
        return (await house.run(house.ann, end)).changed

    with pytest.raises(Refused) as caught:
        await come_again()
    assert caught.value.kind is Kind.GUARD_REFUSED
    assert caught.value.fields["missing"] == ["fields.size"]
    assert caught.value.fields["task_id"] == task.task_id
    (field,) = (await project_state(house, task.project_id)).fields
    filled = replace(size, field_id=field.field_id, default="small")
    await house.run(house.ann, ChangeFields(project_id=task.project_id, fields=(filled,)))
    assert await come_again()
    following = await state(house, (await series_of(house, task)).task_id)
    assert (following.fields, following.task_id != task.task_id) == ({"size": "small"}, True)


async def test_reopened_and_finished_again_it_makes_no_other(house: House) -> None:
    task = await recurring(house, NOW)
    await finish(house, task.task_id)
    first = await series_of(house, task)
    await house.run(house.bob, ChangeStatus(task_id=task.task_id, status="todo"))
    await finish(house, task.task_id)
    assert await series_of(house, task) == first


async def test_undoing_the_finish_takes_the_next_one_back(house: House) -> None:
    task = await recurring(house, NOW)
    position = await finish(house, task.task_id)
    following = (await series_of(house, task)).task_id
    await house.run(house.bob, UndoChange(task_id=task.task_id, position=position))
    assert (await state(house, following)).trashed
    assert (await state(house, task.task_id)).status == "in_review"
    assert (await series_of(house, task)).task_id == task.task_id
    await house.run(house.bob, ChangeStatus(task_id=task.task_id, status="done"))
    again = (await series_of(house, task)).task_id
    assert again not in (task.task_id, following)


async def test_the_clock_makes_each_missed_one_once_however_many_ask(house: House) -> None:
    task = await recurring(house, NOW - 3 * WEEK, basis="schedule", rule="FREQ=WEEKLY;COUNT=3")
    made = []
    for _ in range(3):
        series = await series_of(house, task)
        turns = (by_the_clock(process, series) for process in (house, house.other, house))
        made.append(sorted(await asyncio.gather(*turns)))
    assert made == [[False, False, True], [False, False, True], [False, False, False]]
    series = await series_of(house, task)
    assert (series.ordinal, series.next_at) == (3, None)
    last = await state(house, series.task_id)
    assert last.due_date == NOW - WEEK
    log = await house.log()
    assert last.creator_id == "system"
    assert sum(each.type.startswith("OccurrenceMade") for each in log) == 2


async def test_the_clock_waits_for_its_time_and_leaves_the_others_alone(house: House) -> None:
    early = await recurring(house, NOW + WEEK, basis="schedule")
    assert not await by_the_clock(house, await series_of(house, early))
    other = await recurring(house, NOW - WEEK)
    assert not await by_the_clock(house, await series_of(house, other))


@pytest.mark.parametrize("reason", ["task-trashed", "project-archived"])
async def test_a_series_that_has_lost_its_place_ends(house: House, reason: str) -> None:
    task = await recurring(house, NOW - WEEK, basis="schedule")
    if reason == "task-trashed":
        await house.run(house.ann, TrashTask(task_id=task.task_id))
    else:
        await house.run(house.ann, ArchiveProject(project_id=task.project_id))
    assert await by_the_clock(house, await series_of(house, task))
    assert (await series_of(house, task)).ended == reason


async def test_a_stopped_series_makes_nothing_more_and_can_begin_anew(house: House) -> None:
    task = await recurring(house, NOW)
    await house.run(house.bob, StopRecurrence(task_id=task.task_id))
    await finish(house, task.task_id)
    series = await series_of(house, task)
    assert (series.ended, series.task_id) == ("stopped", task.task_id)
    await house.run(house.bob, SetRecurrence(task_id=task.task_id, rule="FREQ=DAILY"))
    anew = await series_of(house, await state(house, task.task_id))
    assert anew.recurrence_id != series.recurrence_id


async def test_only_the_last_task_of_a_series_changes_it(house: House) -> None:
    task = await recurring(house, NOW)
    await finish(house, task.task_id)
    with pytest.raises(Refused) as caught:
        await house.run(house.ann, SetRecurrence(task_id=task.task_id, rule="FREQ=DAILY"))
    assert caught.value.kind is Kind.ALREADY_EXISTS


async def test_without_a_due_date_nothing_can_recur(house: House) -> None:
    task = await house.task()
    with pytest.raises(Invalid) as caught:
        await house.run(house.ann, SetRecurrence(task_id=task.task_id, rule="FREQ=DAILY"))
    assert [each.pointer for each in caught.value.problems] == ["/due_date"]


async def test_nobody_speaks_for_the_clock(house: House) -> None:
    task = await recurring(house, NOW - WEEK, basis="schedule")
    series = await series_of(house, task)
    command = MakeOccurrence(recurrence_id=series.recurrence_id, after=1)
    with pytest.raises(Refused) as caught:
        await house.run(house.ann, command)
    assert caught.value.kind is Kind.NOT_FOUND
