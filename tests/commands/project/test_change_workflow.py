"""A changed workflow, its tasks and its board change as one."""

import asyncio
from dataclasses import replace

import pytest

from commands.project.change_workflow import ChangeWorkflow
from commands.task.change_status import ChangeStatus
from commands.task.create_task import CreateTask
from commands.task.trash_task import TrashTask
from domain.errors import Kind, Refused
from domain.project.state import PROJECT
from domain.project.workflow import DEFAULT_WORKFLOW, Status, Transition
from domain.task.state import TASK
from domain.values.limits import Limits
from tests.commands.conftest import process
from tests.commands.refusals import pointers, refusal

OPEN = Status(key="open", name="Open", category="todo")
DONE = Status(key="done", name="Finished", category="done")


def small(house, **other) -> ChangeWorkflow:
    return ChangeWorkflow(
        **{
            "project_id": house.project_id,
            "initial": "Open",
            "statuses": (OPEN, DONE),
            "transitions": (Transition(source="open", target="Finished"),),
        }
        | other
    )


async def now(house, task_id: str):
    return TASK.fold((each.event, each.stamp) for each in await house.store.read_stream(task_id))


async def test_tasks_of_a_status_that_goes_move_in_the_same_commit_trashed_ones_too(house):
    task, trashed = await house.task(), await house.task()
    await house.run(house.ann, TrashTask(task_id=trashed.task_id))
    outcome = await house.run(house.ann, small(house, move_to={"To do": "Open"}))
    project = outcome.state(PROJECT)
    assert [each.key for each in project.workflow.statuses] == ["open", "done"]
    assert [each.statuses for each in project.columns] == [("done",), ("open",)]
    for task_id in (task.task_id, trashed.task_id):
        assert (await now(house, task_id)).status == "open"
    last = await house.log()
    assert len({each.command_id for each in last[-3:]}) == 1


async def test_a_status_in_use_does_not_go_without_a_word(house):
    await house.task()
    refused = await refusal(house.run(house.ann, small(house)))
    assert (refused.kind, refused.fields) == (Kind.STATUS_IN_USE, {"statuses": ["todo"]})
    wrong = small(house, move_to={"todo": "limbo"})
    assert await pointers(house.run(house.ann, wrong)) == ["/move_to"]


async def test_a_status_that_becomes_final_completes_its_tasks(house):
    task = await house.task(status="in_review")
    statuses = tuple(
        replace(each, category="done") if each.key == "in_review" else each
        for each in DEFAULT_WORKFLOW.statuses
    )
    command = ChangeWorkflow(
        project_id=house.project_id,
        initial="todo",
        statuses=statuses,
        transitions=DEFAULT_WORKFLOW.transitions,
    )
    await house.run(house.ann, command)
    after = await now(house, task.task_id)
    assert (after.status, after.status_category) == ("in_review", "done")
    assert after.completed_at is not None
    assert after.rank == task.rank


async def test_too_many_tasks_are_not_moved_at_once(house):
    tight = process(house.store, house.reader, limits=Limits(moved_by_workflow=2))
    for _ in range(3):
        await house.task()
    command = small(house, move_to={"todo": "open"})
    refused = await refusal(tight.run(house.ann, command))
    assert refused.kind is Kind.STATUS_IN_USE
    assert "More than 2 tasks" in refused.detail
    assert (await house.run(house.ann, command)).changed


@pytest.mark.parametrize("entering", ["made", "moved"])
async def test_a_task_that_enters_a_status_while_it_goes_is_moved_or_refused(house, entering):
    task = await house.task(status="todo")
    if entering == "made":
        enter = CreateTask(title="x", project_id=house.project_id, status="blocked")
    else:
        await house.run(house.ann, ChangeStatus(task_id=task.task_id, status="in_progress"))
        enter = ChangeStatus(task_id=task.task_id, status="blocked")
    moves = {each.key: "open" for each in DEFAULT_WORKFLOW.statuses if each.key != "done"}
    change = small(house, move_to=moves)
    done = await asyncio.gather(
        house.run(house.ann, change), house.other.run(house.bob, enter), return_exceptions=True
    )
    assert not isinstance(done[0], BaseException)
    if isinstance(done[1], Refused):
        assert done[1].kind is Kind.VALIDATION_FAILED
    keys = {"open", "done"}
    for each in await house.log():
        if each.stream.startswith("task_"):
            assert (await now(house, each.stream)).status in keys


@pytest.mark.parametrize("entering", [1, 3, 30])
async def test_who_enters_while_it_is_asked_who_stands_there_is_moved_too(
    house, entering, monkeypatch
):
    """A few who are quicker are told by the log; where they go on, all is looked at again."""
    await house.task()
    ask, left = house.store.streams_since, entering

    async def overtaken(*asked):
        nonlocal left
        if left:
            left -= 1
            enter = CreateTask(title="x", project_id=house.project_id, status="todo")
            await house.other.run(house.bob, enter)
        return await ask(*asked)

    monkeypatch.setattr(house.store, "streams_since", overtaken, raising=False)
    change = small(house, move_to={"todo": "open"})
    assert (await house.run(house.ann, change)).changed
    made = {each.stream for each in await house.log() if each.stream.startswith("task_")}
    assert len(made) > entering
    assert {(await now(house, task_id)).status for task_id in made} == {"open"}


async def test_the_same_workflow_again_changes_nothing(house):
    command = small(house)
    assert (await house.run(house.ann, command)).changed
    assert not (await house.run(house.ann, command)).changed


async def test_any_move_stays_unless_moves_are_listed(house):
    free = small(house, any_move=True, transitions=())
    await house.run(house.ann, free)
    renamed = small(
        house,
        any_move=None,
        transitions=(),
        statuses=(OPEN, DONE, replace(DONE, key="gone", name="Gone")),
    )
    assert (await house.run(house.ann, renamed)).state(PROJECT).workflow.any_move
    listed = small(house, any_move=None)
    assert not (await house.run(house.ann, listed)).state(PROJECT).workflow.any_move
