"""Processes that build one shard of a view each: `python -m infra.processes.shard_processes`, which
hears its order on stdin and says on stdout how far it is."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping
from contextlib import suppress
from typing import Final, Self

import msgspec
import uvloop

from domain.values.frozen import dataclass
from infra import logs
from infra.processes.collector import tune_collector
from infra.processes.outages import Fenced, described, is_fence, is_outage
from infra.processes.shards import Order, Told, build_shard
from infra.processes.workplace import open_workplace
from infra.settings import Settings, child_environment
from infra.tasks import cancelled
from projections.projection import Projection
from projections.registry import view as view_of

_MOST: Final = 8
# A process needs a second to start.
_LEAST_EVENTS: Final = 100_000
# Whoever answers people goes first. A kernel that groups processes by session takes all of these
# for one anyway.
_NICE: Final = 5

_AT: Final = b"at"
_FENCED: Final = b"fenced"
_AWAY: Final = b"away"
_DONE: Final = b"done"


class ShardAway(ConnectionError):
    """The process of a shard met an outage, or was ended: it may be tried again."""


class ShardFailed(Exception):
    """The process of a shard ended by a fault; its trace is on stderr."""


@dataclass(frozen=True, slots=True)
class ShardProcesses:
    """Implements infra.processes.shards.Builders. `environment`: theirs, with the settings."""

    environment: Mapping[str, str]
    count: int
    least_events: int = _LEAST_EVENTS

    @classmethod
    def under(cls, settings: Mapping[str, str], count: int | None = None) -> Self:
        """So many, else one for each processor. `settings`: as an environment has them."""
        return cls(child_environment(settings), count or min(_MOST, len(os.sched_getaffinity(0))))

    async def build(self, projection: Projection, order: Order, told: Told) -> None:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "infra.processes.shard_processes"),
            stdin=PIPE,
            stdout=PIPE,
            env=self.environment,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        last = b""
        try:
            process.stdin.write(msgspec.json.encode(order) + b"\n")
            async for line in process.stdout:
                last, _, said = line.strip().partition(b" ")
                if last == _AT:
                    told(int(said))
                elif last == _FENCED:
                    raise Fenced
                elif last == _AWAY:
                    raise ShardAway(said.decode())
            code = await process.wait()
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        if code < 0:
            raise ShardAway(f"the process of a shard was ended by signal {-code}")
        if last != _DONE:
            raise ShardFailed(f"the process of a shard of {projection.name} ended with {code}")


async def _follow(settings: Settings) -> None:
    """The order on stdin; given up when whoever gave it is gone."""
    orders = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(orders), sys.stdin
    )
    order = msgspec.json.decode(await orders.readline(), type=Order)
    building = asyncio.create_task(_build(settings, order))
    gone = asyncio.create_task(orders.read())
    try:
        await asyncio.wait((building, gone), return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancelled(building, gone)
    with suppress(asyncio.CancelledError):
        building.result()


async def _build(settings: Settings, order: Order) -> None:
    try:
        async with open_workplace(settings, "taskledger rebuild shard") as workplace:
            await workplace.unlock()
            await build_shard(
                view_of(order.generation.name),
                order,
                workplace.store,
                workplace.sessions,
                lambda position: _say(_AT, str(position)),
            )
    except Exception as error:
        if is_fence(error):
            _say(_FENCED)
        elif is_outage(error):
            _say(_AWAY, described(error))
        else:
            raise
    else:
        _say(_DONE)


def _say(word: bytes, more: str = "") -> None:
    sys.stdout.buffer.write(word + b" " + more.encode() + b"\n")
    sys.stdout.buffer.flush()


def main() -> None:
    settings = Settings.load().resolve()
    logs.configure("error", "rebuild")
    tune_collector()
    os.nice(_NICE)
    uvloop.run(_follow(settings))


if __name__ == "__main__":
    main()
