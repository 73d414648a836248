"""Ranks that grow long are made anew, and nobody notices."""

import asyncio
from typing import Any

import pytest

from commands.project.change_columns import ChangeColumns
from commands.task import move_task, respace_cards
from commands.task.change_status import ChangeStatus
from commands.task.move_task import MoveTask
from commands.task.respace_cards import REACHES, RespaceCards
from commands.task.restore_task import RestoreTask
from commands.task.trash_task import TrashTask
from domain.errors import Kind
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT
from domain.task.events import TaskRanked, TaskRespaced
from domain.task.state import TASK
from tests.commands.memory_log import LogBoard
from tests.commands.refusals import refusal

LONG = 20


@pytest.fixture(autouse=True)
def soon_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranks count as long after a few dozen moves, where it takes a few hundred otherwise."""
    for module in (move_task, respace_cards):
        monkeypatch.setattr(module, "LONG_RANK", LONG)
    monkeypatch.setattr(respace_cards, "_SHORT_ENOUGH", LONG - 2)


async def cards(house: Any, *statuses: str) -> list[Any]:
    return await LogBoard(house.reader)._cards(house.project_id, statuses or ("todo",))


async def crowd(house: Any, times: int) -> list[str]:
    """Cards that were put beside each other over and over; their ids in the order that this
    must have left."""
    order = [(await house.task()).task_id for _ in range(6)]
    for nth in range(times):
        moving, beside = order[-1 - nth % 2], order[2]
        await house.run(house.ann, MoveTask(task_id=moving, after=beside))
        order.remove(moving)
        order.insert(order.index(beside) + 1, moving)
    await house.executor.follow_ups.done()
    return order


async def test_long_ranks_become_short_and_the_order_stays(house: Any) -> None:
    order = await crowd(house, 70)
    after = await cards(house)
    assert [card.task_id for card in after] == order
    assert max(len(card.rank) for card in after) < LONG
    spaced = [each for each in await house.log() if isinstance(each.event, TaskRespaced)]
    moved = [each for each in await house.log() if isinstance(each.event, TaskRanked)]
    assert {each.stamp.actor for each in spaced} == {"system"}
    causes = {each.command_id for each in moved}
    assert {each.origin.causation_id for each in spaced} <= causes
    for card in after:
        last = [each for each in moved if each.stream == card.task_id][-1:]
        assert card.updated_by == house.ann
        assert card.updated_at == (last[0].stamp.recorded_at if last else card.created_at)


async def test_what_is_in_the_trash_keeps_its_place_and_other_statuses_theirs(house: Any) -> None:
    project = await house.executor.states.read(PROJECT, house.project_id)
    together = ("todo", "in_progress")
    drafts = [ColumnDraft(name="Open", statuses=together)]
    drafts += [
        ColumnDraft(name=each.name, statuses=each.statuses)
        for each in project.columns
        if each.statuses[0] not in together
    ]
    await house.run(house.ann, ChangeColumns(project_id=house.project_id, columns=tuple(drafts)))
    order = [(await house.task()).task_id for _ in range(4)]
    one, two, trashed, doing = order
    await house.run(house.ann, ChangeStatus(task_id=doing, status="in_progress"))
    await house.run(house.ann, TrashTask(task_id=trashed))
    known = 0
    for nth in range(80):
        moving = (one, two)[nth % 2]
        await house.run(house.ann, MoveTask(task_id=moving, before=doing))
        await house.run(house.ann, MoveTask(task_id=doing, after=moving))
        spaced = [each for each in await house.events(trashed) if isinstance(each, TaskRespaced)]
        if len(spaced) > known:
            break
        await house.executor.follow_ups.done()
    assert spaced, "the card in the trash was among those that got new ranks"
    await house.run(house.ann, RestoreTask(task_id=trashed))
    assert (await cards(house, *together))[0].task_id == trashed


async def test_nobody_asks_for_it_and_short_ranks_are_left_alone(house: Any) -> None:
    task = await house.task()
    command = RespaceCards(project_id=house.project_id, task_id=task.task_id)
    assert (await refusal(house.run(house.ann, command))).kind is Kind.NOT_FOUND
    done = await house.run("system", command)
    assert not done.changed
    assert (await house.executor.states.read(TASK, task.task_id)).rank == task.rank


async def test_one_commit_changes_so_many_cards_and_no_more(house: Any) -> None:
    await crowd(house, 70)
    by_command: dict[str, int] = {}
    for each in await house.log():
        if isinstance(each.event, TaskRespaced):
            by_command[each.command_id] = by_command.get(each.command_id, 0) + 1
    assert max(by_command.values()) <= 2 * REACHES[-1] + 1


async def test_who_drags_while_ranks_are_made_anew_lands_where_they_meant(house: Any) -> None:
    order = [(await house.task()).task_id for _ in range(8)]
    for nth in range(90):
        process = (house, house.other)[nth % 2]
        moving, beside = order[-1 - nth % 3], order[2]
        await process.run(house.ann, MoveTask(task_id=moving, after=beside))
        order.remove(moving)
        order.insert(order.index(beside) + 1, moving)
        if nth % 20 == 0:
            await asyncio.sleep(0)
    await house.executor.follow_ups.done()
    await house.other.executor.follow_ups.done()
    assert [card.task_id for card in await cards(house)] == order
    assert any(isinstance(each.event, TaskRespaced) for each in await house.log())
