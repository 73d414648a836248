"""Cards go where they are put, and keep their order."""

import asyncio
from random import Random

from commands.project.change_columns import ChangeColumns
from commands.task.change_status import ChangeStatus
from commands.task.move_task import MoveTask
from commands.task.trash_task import TrashTask
from domain.errors import Kind
from domain.project.board import ColumnDraft
from domain.project.state import PROJECT
from domain.task.events import TaskRanked
from domain.task.state import TASK
from infra.ids import new_id
from tests.commands.memory_log import LogBoard
from tests.commands.refusals import pointers, refusal


async def order(house, *statuses: str) -> list[str]:
    cards = await LogBoard(house.reader)._cards(house.project_id, statuses or ("todo",))
    return [card.task_id for card in cards if not card.trashed]


async def three(house) -> list[str]:
    return [(await house.task()).task_id for _ in range(3)]


async def move(house, task_id: str, **where):
    return await house.run(house.ann, MoveTask(task_id=task_id, **where))


async def test_a_card_lands_directly_beside_another(house):
    one, two, three_ = await three(house)
    await move(house, three_, before=two)
    assert await order(house) == [one, three_, two]
    await move(house, one, after=two)
    assert await order(house) == [three_, two, one]
    await move(house, one, after=three_, before=two)
    assert await order(house) == [three_, one, two]
    await move(house, two, before=three_)
    assert await order(house) == [two, three_, one]


async def test_where_it_stands_already_nothing_moves(house):
    one, two, three_ = await three(house)
    for where in (
        {"before": three_},
        {"after": one},
        {"status": "todo"},
        {"after": one, "before": three_},
    ):
        assert not (await move(house, two, **where)).changed


async def test_beside_a_card_of_another_column_it_takes_that_status(house):
    one, two, three_ = await three(house)
    await house.run(house.ann, ChangeStatus(task_id=one, status="in_progress"))
    moved = await move(house, two, after=one)
    assert moved.state(TASK).status == "in_progress"
    assert await order(house, "in_progress") == [one, two]
    await move(house, three_, before=two, status="in_progress")
    assert await order(house, "in_progress") == [one, three_, two]


async def test_a_move_follows_the_workflow(house):
    one, *_ = await three(house)
    refused = await refusal(move(house, one, status="done"))
    assert refused.kind is Kind.TRANSITION_NOT_ALLOWED
    assert refused.fields["allowed"] == ["in_progress", "cancelled"]


async def test_into_a_column_of_several_statuses_it_takes_the_first_that_may_follow(house):
    laid = await house.run(
        house.ann,
        ChangeColumns(
            project_id=house.project_id,
            columns=(
                ColumnDraft(name="Open", statuses=("todo", "blocked")),
                ColumnDraft(
                    name="Rest", statuses=("done", "in_review", "in_progress", "cancelled")
                ),
            ),
        ),
    )
    opened, rest = laid.state(PROJECT).columns
    task = await house.task()
    moved = (await move(house, task.task_id, column_id=rest.column_id)).state(TASK)
    assert moved.status == "in_progress"
    assert not (await move(house, task.task_id, column_id=rest.column_id)).changed
    wrong = MoveTask(task_id=task.task_id, column_id=opened.column_id, status="done")
    assert await pointers(house.run(house.ann, wrong)) == ["/status"]


async def test_a_card_is_put_only_where_there_is_a_place(house):
    one, two, three_ = await three(house)
    elsewhere = await house.task(project_id=(await house.project()).project_id)
    await house.run(house.ann, TrashTask(task_id=three_))
    for where, pointer in (
        ({}, ""),
        ({"before": one}, "/before"),
        ({"after": new_id("task")}, "/after"),
        ({"after": three_}, "/after"),
        ({"before": elsewhere.task_id}, "/before"),
        ({"before": two, "status": "in_progress"}, "/before"),
        ({"column_id": "col_x"}, "/column_id"),
        ({"status": "nowhere"}, "/status"),
    ):
        assert await pointers(move(house, one, **where)) == [pointer]
    four, five = (await house.task()).task_id, (await house.task()).task_id
    first, last = [each for each in await order(house) if each in (four, five)]
    assert await pointers(move(house, one, before=first, after=last)) == ["/before"]


async def test_cards_keep_their_order_whatever_is_moved(house):
    random = Random(4)
    cards = await three(house) + await three(house)
    for _ in range(40):
        moving, beside = random.sample(cards, 2)
        side = random.choice(["before", "after"])
        await move(house, moving, **{side: beside})
        cards.remove(moving)
        cards.insert(cards.index(beside) + (side == "after"), moving)
        assert await order(house) == cards


async def test_two_who_drop_cards_at_one_place_never_make_them_meet(house):
    one, two, three_ = await three(house)
    await asyncio.gather(
        move(house, two, before=one),
        house.other.run(house.bob, MoveTask(task_id=three_, before=one)),
    )
    assert (await order(house))[-1] == one
    (ranked,) = [
        each.event for each in await house.store.read_stream(two) if type(each.event) is TaskRanked
    ]
    (other,) = [
        each.event
        for each in await house.store.read_stream(three_)
        if type(each.event) is TaskRanked
    ]
    assert ranked.rank != other.rank
