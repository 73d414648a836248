"""Who wants the same thing goes one after another, and nobody waits for ever."""

import asyncio

import pytest

from commands.turns import Turns
from domain.errors import Kind
from tests.commands.refusals import refusal


async def test_one_after_another_and_others_at_once():
    turns = Turns(queue=10)
    await turns.take("a")
    await turns.take("b")
    waiting = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    assert not waiting.done()
    turns.give("a")
    await waiting


async def test_whoever_gives_up_waiting_does_not_keep_the_turn():
    turns = Turns(queue=10)
    await turns.take("a")
    cancelled = asyncio.create_task(turns.take("a"))
    patient = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(TimeoutError):
        await turns.take("a", patience_seconds=0.001)
    turns.give("a")
    await patient
    turns.give("a")
    await turns.take("a", patience_seconds=0.001)


async def test_a_turn_that_comes_just_as_it_is_given_up_goes_to_the_next():
    turns = Turns(queue=10)
    await turns.take("a")
    cancelled = asyncio.create_task(turns.take("a"))
    patient = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    turns.give("a")
    cancelled.cancel()
    await patient
    turns.give("a")
    assert not turns.is_taken("a")


async def test_only_so_many_may_wait():
    turns = Turns(queue=1)
    await turns.take("a")
    waiting = asyncio.create_task(turns.take("a"))
    await asyncio.sleep(0)
    assert (await refusal(turns.take("a"))).kind is Kind.OVERLOADED
    turns.give("a")
    await waiting


async def test_names_that_nobody_wants_take_no_memory():
    turns = Turns(queue=10)
    for n in range(100):
        await turns.take(str(n))
        turns.give(str(n))
    assert not turns._taken
