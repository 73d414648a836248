"""Waiting for a view: woken or polled, and refused in time."""

import asyncio
import time

import pytest

import infra.postgres.views.pointers
from domain.errors import Kind, Refused
from infra.postgres.pool import Pool
from infra.postgres.views.pointers import FRESH_S, Pointers
from infra.postgres.views.task_queries import TaskQueries
from infra.postgres.views.waiting import ViewWaiter
from infra.processes.membership import DROP_AFTER_S
from projections.questions import Listing, Scope
from projections.task_questions import TaskFilter
from projections.tasks import TASKS_VIEW
from tests.infra.views.written import Written
from tests.projections.history import History, made_id


def a_past() -> History:
    past = History()
    past.task(1, past.project(1, past.workspace(1)))
    return past


async def test_an_answer_waits_for_what_its_reader_wrote(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = a_past()
    queries = TaskQueries(pool, pointers, written.log_id)
    waiter = ViewWaiter(pointers, patience_s=20)

    async def ask() -> Listing:
        return await queries.list(Scope(workspaces=(made_id("ws", 1),)), TaskFilter())

    assert (await waiter.at_least(TASKS_VIEW, None, ask)).count == 0
    waiting = [
        asyncio.create_task(waiter.at_least(TASKS_VIEW, past.position, ask)) for _ in range(20)
    ]
    await asyncio.sleep(0)
    await written.write(past)
    for answer in await asyncio.gather(*waiting):
        assert (answer.count, answer.position) == (1, past.position)


async def test_a_wake_is_quicker_than_a_poll(pointers: Pointers, written: Written) -> None:
    past = a_past()
    waiter = ViewWaiter(pointers, poll_s=60, patience_s=20)
    waiting = asyncio.create_task(waiter.reached(TASKS_VIEW, past.position))
    await asyncio.sleep(0)
    await written.write(past)
    while not waiting.done():
        waiter.wake()
        await asyncio.sleep(0.01)
    await waiting


async def test_who_waits_in_vain_hears_how_far_the_view_is(
    pointers: Pointers, written: Written
) -> None:
    past = a_past()
    await written.write(past)
    waiter = ViewWaiter(pointers, poll_s=0.02, patience_s=0.2)
    began = time.monotonic()
    with pytest.raises(Refused) as refusal:
        await waiter.reached(TASKS_VIEW, past.position + 1)
    assert time.monotonic() - began < 5
    assert refusal.value.kind is Kind.VIEW_BEHIND
    assert refusal.value.fields["position"] == past.position
    await waiter.reached(TASKS_VIEW, past.position)


async def test_a_generation_that_answers_no_more_is_asked_for_seconds_at_most(
    pointers: Pointers, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For so long it is kept up to date; and never by who has waited for what another shows."""
    first = await pointers.generation(TASKS_VIEW)
    second = await written.another(TASKS_VIEW)
    await written.answer_with(second, TASKS_VIEW)
    assert await pointers.generation(TASKS_VIEW) == first
    await ViewWaiter(pointers).reached(TASKS_VIEW, 0)
    assert await pointers.generation(TASKS_VIEW) == second.number
    third = await written.another(TASKS_VIEW)
    await written.answer_with(third, TASKS_VIEW)
    monkeypatch.setattr(infra.postgres.views.pointers, "FRESH_S", 0.0)
    assert await pointers.generation(TASKS_VIEW) == third.number
    assert FRESH_S * 2 <= DROP_AFTER_S
