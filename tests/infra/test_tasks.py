"""Work that many wait for is done once, and all go on together."""

import asyncio

import pytest

from infra.tasks import Shared


class _Work:
    """Ends when it is let, by itself or with an error."""

    def __init__(self) -> None:
        self.begun = 0
        self.end: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def __call__(self) -> None:
        self.begun += 1
        await self.end


async def _waiting(shared: Shared, count: int) -> list["asyncio.Task[None]"]:
    tasks = [asyncio.create_task(shared.done()) for _ in range(count)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_all_who_wait_go_on_in_the_same_turn() -> None:
    work = _Work()
    tasks = await _waiting(Shared(work), 100)
    work.end.set_result(None)
    turns = 0
    while not any(task.done() for task in tasks):
        turns += 1
        await asyncio.sleep(0)
    assert all(task.done() for task in tasks)
    assert turns < 10
    assert work.begun == 1


async def test_who_comes_after_the_end_begins_it_anew() -> None:
    work = _Work()
    shared = Shared(work)
    work.end.set_result(None)
    await shared.done()
    await shared.done()
    assert work.begun == 2


async def test_who_goes_away_disturbs_nobody_and_an_error_is_told_to_all() -> None:
    work = _Work()
    first, *others = await _waiting(Shared(work), 3)
    first.cancel()
    await asyncio.wait([first])
    assert not work.end.cancelled()
    work.end.set_exception(ConnectionError("gone"))
    await asyncio.wait(others)
    for task in others:
        with pytest.raises(ConnectionError):
            task.result()
