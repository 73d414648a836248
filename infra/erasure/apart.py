"""Builds views anew, one after another, in a process of its own, which hears on stdin of which:
`python -m infra.erasure.apart SINCE`."""

import argparse
import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator, Iterable, Mapping
from datetime import datetime

import uvloop

from infra import logs
from infra.processes.build import BuildRunning
from infra.processes.collector import tune_collector
from infra.processes.rebuild import Rebuild
from infra.processes.workplace import open_workplace
from infra.settings import Settings
from projections.projection import Projection
from projections.registry import view as view_of

_NATS_WITHIN_S = 2.0


class NotBuilt(Exception):
    """The process ended without having built its view."""


async def build_apart(
    views: Iterable[Projection], since: datetime, environment: Mapping[str, str]
) -> AsyncGenerator[Projection]:
    """As a Rebuild of each, by one other process, which ends with this; each is given when it is
    built, and the next one taken then. Raises NotBuilt, OSError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.erasure.apart", since.isoformat()),
        stdin=PIPE,
        stdout=PIPE,
        env=environment,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        for view in views:
            line = f"{view.name}\n".encode()
            process.stdin.write(line)
            if await process.stdout.readline() != line:
                code = await process.wait()
                raise NotBuilt(f"{view.name} was not built anew: its process ended with {code}")
            yield view
    except BaseException:
        if process.returncode is None:
            process.kill()
        raise
    finally:
        process.stdin.close()
        await process.wait()


async def _build(settings: Settings, view: Projection, since: datetime) -> None:
    async with open_workplace(settings, "taskledger rewriting") as workplace:
        await workplace.unlock()
        await workplace.nats.wait_connected(_NATS_WITHIN_S)
        rebuild = Rebuild(view, workplace.store, workplace.sessions, workplace.nats, since=since)
        await rebuild.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("since", type=datetime.fromisoformat)
    given = parser.parse_args()
    settings = Settings.load().resolve()
    logs.configure(settings.log_level, "rewriting")
    tune_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            try:
                runner.run(_build(settings, view_of(line.strip()), given.since))
            except BuildRunning as error:
                sys.exit(str(error))
            sys.stdout.write(line)
            sys.stdout.flush()


if __name__ == "__main__":
    main()
