"""The relay over a real log and real NATS."""

import time

from infra.event_store.rows import StoredRow
from infra.nats.connection import NatsConnection
from infra.nats.stream import LogStream, StreamLimits
from infra.nats.subjects import Subjects
from infra.nats.wake import Beat, CommitWaker, on_beat
from infra.nats.wire import Batch, decode_batch, encode_batch, message_id
from infra.processes.relay import Relay
from infra.processes.sessions import Sessions
from tests.infra.processes.conftest import Run, until
from tests.infra.processes.sample import Added, SampleLog
from tests.infra.processes.test_projector import some_events
from tests.waiting import keeps_within


class Reader:
    """Every message of the stream as it comes in, without a consumer."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.ids: list[str] = []

    async def listen(self, nats: NatsConnection, log_id: str) -> None:
        def receive(message):  # type: ignore[no-untyped-def]
            if message.headers["Nats-Msg-Id"] in self.ids:
                return  # sent once more where its receipt was late: the stream has it once
            self.batches.append(decode_batch(message.data))
            self.ids.append(message.headers["Nats-Msg-Id"])

        await nats.subscribe(Subjects(log_id).log, receive)

    def positions(self) -> list[int]:
        return [row.position for batch in self.batches for row in batch.rows()]


def relay_row(log: SampleLog) -> tuple[int, int, str]:
    found = log.ask("SELECT cursor, epoch, state FROM ops.relay")
    return found[0] if found else (-1, -1, "none")  # type: ignore[return-value]


async def test_events_go_out_in_order_in_batches_named_after_them(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    reader = Reader()
    await reader.listen(nats, log.log_id())
    log.append(*some_events(1_203, 1))
    run(Relay(log, sessions, nats, owner="test").run())
    await until(lambda: reader.positions() == list(range(1, 1_204)))
    _, epoch, _ = relay_row(log)
    wake = CommitWaker(nats, log.log_id())

    async def took_s() -> float:
        began = time.monotonic()
        head = log.append(("ws_a", "s", Added(1)))
        wake(head)
        await until(lambda: len(reader.positions()) == head)
        return time.monotonic() - began

    await keeps_within(0.9, took_s)  # before it would look by itself
    head = log.head()
    log_id = log.log_id()
    assert reader.ids == [
        f"{log_id}.{epoch}.1-500",
        f"{log_id}.{epoch}.501-1000",
        f"{log_id}.{epoch}.1001-1203",
        *(f"{log_id}.{epoch}.{position}-{position}" for position in range(1_204, head + 1)),
    ]
    await until(lambda: relay_row(log)[0] == head)


async def test_one_relay_leads_and_another_takes_over(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    reader = Reader()
    await reader.listen(nats, log.log_id())
    first, second = (Relay(log, sessions, nats, owner=name) for name in ("one", "two"))
    leading = run(first.run())
    await until(lambda: first.report["state"] == "running")
    run(second.run())
    await until(lambda: second.report["state"] == "standing by")
    log.append(*some_events(10, 1))
    await until(lambda: relay_row(log)[0] == 10)
    _, epoch, _ = relay_row(log)
    leading.cancel()
    await until(lambda: second.report["state"] == "running")
    log.append(*some_events(10, 2))
    await until(lambda: relay_row(log)[0] == 20)
    assert relay_row(log)[1] > epoch
    assert set(reader.positions()) == set(range(1, 21))
    assert log.ask("SELECT owner FROM ops.relay") == [("two",)]


async def test_the_head_is_beaten_out(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    beats: list[Beat] = []
    await on_beat(nats, log.log_id(), beats.append)
    run(Relay(log, sessions, nats, owner="test").run())
    log.append(*some_events(5, 1))
    await until(lambda: bool(beats) and beats[-1] == Beat(5, 5))


async def test_what_a_purged_stream_has_lost_is_sent_again_under_other_ids(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    log_id = log.log_id()
    relay = run(Relay(log, sessions, nats, owner="test").run())
    head = log.append(*some_events(30, 1))
    await until(lambda: relay_row(log)[0] == head)
    relay.cancel()
    await nats.jetstream().purge_stream(Subjects(log_id).stream)
    log.do("UPDATE ops.relay SET epoch = 1")  # as if that, too, had been lost
    log.do(
        "INSERT INTO ops.projection_generations VALUES ('sample', 1, 1, 'live', '', '{}');"
        "INSERT INTO ops.checkpoints (name, version, generation, position, log_id)"
        f" VALUES ('sample', 1, 1, 12, '{log_id}')"
    )
    reader = Reader()
    await reader.listen(nats, log_id)
    again = Relay(log, sessions, nats, owner="test")
    run(again.run())
    await until(lambda: reader.positions() == list(range(13, 31)))
    state = (await nats.jetstream().stream_info(Subjects(log_id).stream)).state
    assert state.messages == len(reader.batches)
    assert again.report["rewinds"] == 1


async def test_a_log_restored_to_an_earlier_state_stops_the_relay_until_it_is_declared_new(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    relay = run(Relay(log, sessions, nats, owner="test").run())
    head = log.append(*some_events(30, 1))
    await until(lambda: relay_row(log)[0] == head)
    relay.cancel()
    restore(log, 20)

    stopped = run(Relay(log, sessions, nats, owner="test").run())
    await until(lambda: relay_row(log)[2] == "stopped")
    assert "restored" in log.ask("SELECT reason FROM ops.relay")[0][0]
    stopped.cancel()
    log.append(*some_events(30, 2))
    again = Relay(log, sessions, nats, owner="test")
    run(again.run())
    await until(lambda: again.report["state"] == "stopped")

    reader = Reader()
    log.do("UPDATE log.head SET log_id = gen_random_uuid()")
    await reader.listen(nats, log.log_id())
    await until(lambda: reader.positions() == list(range(1, 51)))
    await until(lambda: relay_row(log)[2] == "running")


async def test_a_log_with_another_past_stops_the_relay(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    relay = run(Relay(log, sessions, nats, owner="test").run())
    head = log.append(*some_events(30, 1))
    await until(lambda: relay_row(log)[0] == head)
    relay.cancel()
    restore(log, 20)
    log.append(*some_events(30, 2))
    run(Relay(log, sessions, nats, owner="test").run())
    await until(lambda: relay_row(log)[2] == "stopped")
    assert "past" in log.ask("SELECT reason FROM ops.relay")[0][0]


async def test_without_nats_it_waits_and_says_so(
    log: SampleLog, sessions: Sessions, run: Run
) -> None:
    run(Relay(log, sessions, NatsConnection("nats://127.0.0.1:9", "test"), owner="test").run())
    log.append(*some_events(5, 1))
    await until(lambda: relay_row(log) == (0, 1, "waiting"))


async def test_a_stream_of_another_shape_is_mended(
    log: SampleLog, sessions: Sessions, nats: NatsConnection, run: Run
) -> None:
    from nats.js import api

    await nats.jetstream().add_stream(
        name=Subjects(log.log_id()).stream,
        subjects=[Subjects(log.log_id()).log],
        storage=api.StorageType.MEMORY,
        max_age=60,
    )
    run(Relay(log, sessions, nats, owner="test").run())
    head = log.append(*some_events(5, 1))
    await until(lambda: relay_row(log)[0] == head)
    config = (await nats.jetstream().stream_info(Subjects(log.log_id()).stream)).config
    assert config.storage == api.StorageType.FILE
    assert config.max_age == StreamLimits().max_age_s


async def test_the_same_message_twice_is_stored_once_in_an_epoch(
    log: SampleLog, nats: NatsConnection
) -> None:
    log_id = log.log_id()
    stream = LogStream(nats, Subjects(log_id), StreamLimits())
    await stream.ensure()
    rows = [StoredRow(1, "ws", "s", 1, "Added", b"", b"", 0)]
    for epoch in (1, 1, 2):
        await stream.publish(encode_batch(log_id, epoch, rows), message_id(log_id, epoch, rows))
    state = (await nats.jetstream().stream_info(Subjects(log_id).stream)).state
    assert state.messages == 2


def restore(log: SampleLog, head: int) -> None:
    """What a restore of an earlier copy leaves."""
    log.do("ALTER TABLE log.events DISABLE TRIGGER append_only")
    log.do("DELETE FROM log.events WHERE position > %s", head)
    log.do("UPDATE log.head SET position = %s", head)
    log.do("UPDATE ops.relay SET cursor = least(cursor, %s)", head)
