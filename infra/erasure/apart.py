"""Builds one view anew in a process of its own: `python -m infra.erasure.apart VIEW SINCE`."""

import argparse
import asyncio
import sys
from collections.abc import Mapping
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


async def build_apart(view: Projection, since: datetime, environment: Mapping[str, str]) -> None:
    """As a Rebuild, by another process, which ends with this call. Raises NotBuilt, OSError."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "infra.erasure.apart", view.name, since.isoformat()),
        env=environment,
    )
    waiting = asyncio.create_task(process.wait())
    try:
        code = await asyncio.shield(waiting)
    finally:
        if not waiting.done():
            process.kill()
            await waiting
    if code:
        raise NotBuilt(f"{view.name} was not built anew: its process ended with {code}")


async def _build(settings: Settings, view: Projection, since: datetime) -> None:
    async with open_workplace(settings, "taskledger rewriting") as workplace:
        await workplace.unlock()
        await workplace.nats.wait_connected(_NATS_WITHIN_S)
        rebuild = Rebuild(view, workplace.store, workplace.sessions, workplace.nats, since=since)
        await rebuild.run()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("view")
    parser.add_argument("since", type=datetime.fromisoformat)
    given = parser.parse_args()
    settings = Settings.load().resolve()
    logs.configure(settings.log_level, "rewriting")
    tune_collector()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            runner.run(_build(settings, view_of(given.view), given.since))
        except BuildRunning as error:
            sys.exit(str(error))


if __name__ == "__main__":
    main()
