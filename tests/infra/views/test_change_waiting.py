"""Thousands wait for changes: each is woken by its own workspace, also where news were lost."""

import asyncio
from dataclasses import dataclass

import pytest

from domain.errors import Kind, Refused
from infra.feed.waiting import ChangeWaiters
from infra.postgres.pool import Pool
from infra.postgres.views.change_queries import ChangeQueries
from infra.postgres.views.pointers import Pointers
from infra.postgres.views.waiting import ViewWaiter
from tests.infra.views.written import Written
from tests.projections.history import History, made_id

EACH, WORKSPACES = 20, 100


@dataclass(frozen=True)
class Row:
    workspace_id: str
    position: int


async def turns(many: int = 5) -> None:
    for _ in range(many):
        await asyncio.sleep(0)


async def test_who_waits_is_woken_by_news_of_their_own_workspace_and_let_go_at_the_end(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = History()
    for number in range(1, WORKSPACES + 1):
        past.workspace(number)
    await written.write(past)
    waiters = ChangeWaiters(
        ChangeQueries(pool, pointers), ViewWaiter(pointers), most=EACH * WORKSPACES, look_s=30
    )
    groups = {
        each: [asyncio.create_task(waiters.beyond(each, past.position, 60)) for _ in range(EACH)]
        for each in (made_id("ws", number) for number in range(1, WORKSPACES + 1))
    }
    await turns()
    assert waiters.count == EACH * WORKSPACES
    with pytest.raises(Refused) as refused:
        await waiters.beyond(made_id("ws", 1), 0, 1)
    assert refused.value.kind is Kind.OVERLOADED

    mine = made_id("ws", 7)
    past.project(1, mine)
    await written.write(past)
    waiters.heard([Row(made_id("ws", 900), past.position - 1), Row(mine, past.position)])
    await asyncio.wait_for(asyncio.gather(*groups.pop(mine)), 10)
    assert waiters.count == EACH * (WORKSPACES - 1)
    waiters.let_go()
    await asyncio.wait_for(asyncio.gather(*(each for them in groups.values() for each in them)), 10)
    assert waiters.count == 0
    await waiters.beyond(mine, 10**9, 60)  # nobody waits any more
    await waiters.stop()


async def test_news_that_never_came_are_looked_for(
    pool: Pool, pointers: Pointers, written: Written
) -> None:
    past = History()
    mine, other = past.workspace(1), past.workspace(2)
    await written.write(past)
    waiters = ChangeWaiters(
        ChangeQueries(pool, pointers), ViewWaiter(pointers), most=10, look_s=0.05
    )
    others = asyncio.create_task(waiters.beyond(other, past.position, 60))
    waiting = asyncio.create_task(waiters.beyond(mine, past.position, 60))
    past.project(1, mine)
    await written.write(past)
    await asyncio.wait_for(waiting, 10)
    assert not others.done()
    # Heard of before it began to wait: it is looked for at once, not only by and by.
    past.project(2, mine)
    await written.write(past)
    slow = ChangeWaiters(ChangeQueries(pool, pointers), ViewWaiter(pointers), most=10, look_s=60)
    slow.heard([Row(mine, past.position)])
    await asyncio.wait_for(slow.beyond(mine, past.position - 1, 60), 10)
    await slow.stop()
    await waiters.stop()
    await others
