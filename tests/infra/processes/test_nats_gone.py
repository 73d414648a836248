"""NATS killed, and all that JetStream keeps deleted, while events go on coming."""

import asyncio
import shutil

from infra.nats.connection import NatsConnection
from infra.nats.wake import CommitWaker
from infra.processes.projector import Projector
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import SampleLog, sample, stored
from tests.infra.processes.test_projector import answers, as_replayed, checkpoint, some_events
from tests.real import Parts


class Load:
    """Events all the time; `caught_up` once the view has what the log had when it was asked."""

    def __init__(self, log: SampleLog, wake: CommitWaker) -> None:
        self._log = log
        self._wake = wake

    async def run(self) -> None:
        for part in range(100_000):
            self._wake(self._log.append(*some_events(4, part)))
            await asyncio.sleep(0.01)

    async def caught_up(self, within_s: float) -> None:
        head = self._log.head()
        await until(lambda: checkpoint(self._log) >= head, within_s)


async def flows_through_the_stream(load: Load, projector: Projector) -> None:
    """Until a second passes in which nothing had to be read from the log."""

    async def one_second() -> bool:
        before = projector.report["events_from_log"]
        await asyncio.sleep(1.0)
        await load.caught_up(30)
        return projector.report["events_from_log"] == before

    await until(one_second, within_s=60, what="the stream's flow")


async def test_the_folder_of_jetstream_is_deleted_under_load(
    parts: Parts, log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    projector = Projector([sample()], log, sessions, nats)
    run(Relay(log, sessions, nats, owner="test").run())
    run(projector.run())
    await answers(log)
    load = Load(log, CommitWaker(nats, log.log_id()))
    working = run(load.run())
    await flows_through_the_stream(load, projector)

    while entries := [*parts.nats.jetstream_folder.iterdir()]:
        for entry in entries:
            shutil.rmtree(entry, ignore_errors=True)  # whatever is being written in it meanwhile
    await load.caught_up(30)
    parts.nats.kill()
    await load.caught_up(30)
    parts.nats.start()  # from the main thread: it ends with the one that starts it
    await load.caught_up(30)
    await flows_through_the_stream(load, projector)
    working.cancel()
    head = log.head()
    await until(lambda: checkpoint(log) == head)
    assert stored(log) == await as_replayed(log)
