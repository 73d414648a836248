"""The eventsourcing library's own test cases of a recorder, run against ours.

Left out, each for its reason:
- AggregateRecorderTestCase wants `insert_events` to return None, as a recorder without positions
  does; what it asks beyond ApplicationRecorderTestCase is asked below.
- TrackingRecorderTestCase and ProcessRecorderTestCase: positions of readers are kept by the
  projections' own tables, in the transaction of their rows.
- InfrastructureFactoryTestCase wants all of those, and the library's JSON transcoder.
- TranscoderTestCase is about that transcoder.

Two cases write streams whose versions begin at 0. Ours begin at 1, so those run against
`CountingFromZero`, which shifts versions by one on their way in and out.
"""

import threading
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    IntegrityError,
    NotSupportedError,
    OperationalError,
    StoredEvent,
    Tracking,
)
from eventsourcing.tests.persistence import (
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
)
from eventsourcing.utils import Environment

from domain.values.recorded import Origin
from infra.embedded.sockets import LOOPBACK
from infra.event_store.recorder import LogEvent, LogFactory, LogRecorder
from tests.infra.event_store.made import WORKSPACE, a_stream, retitled, task_created
from tests.real import Database, Parts

KEY = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@pytest.fixture
def environment(database: Database, parts: Parts) -> dict[str, str]:
    url = urlsplit(database.worker_url)
    return {
        "PERSISTENCE_MODULE": "infra.event_store.recorder",
        "POSTGRES_DBNAME": database.name,
        "POSTGRES_HOST": LOOPBACK,
        "POSTGRES_PORT": str(parts.postgres.port),
        "POSTGRES_USER": "taskledger_worker",
        "POSTGRES_PASSWORD": unquote(url.password or ""),
        "ORIGINATOR_ID_TYPE": "text",
        "MASTER_KEY": KEY,
    }


@pytest.fixture
def factory(environment: dict[str, str]) -> Iterator[LogFactory]:
    factory: Any = InfrastructureFactory.construct(Environment(env=environment))
    assert type(factory) is LogFactory
    with factory:
        yield factory
    factory.close()


@pytest.fixture
def recorder(factory: LogFactory) -> LogRecorder:
    return factory.application_recorder()


class CountingFromZero(LogRecorder):
    """Versions begin at 0 outside, at 1 in the log."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        return super().insert_events(
            [
                replace(each, originator_version=each.originator_version + 1)
                for each in stored_events
            ],
            **kwargs,
        )


@pytest.fixture
def given_recorder(request: pytest.FixtureRequest, factory: LogFactory) -> None:
    """unittest classes take no fixtures: they find the recorder on the class."""
    request.cls.given = factory.application_recorder()


@pytest.mark.usefixtures("given_recorder")
class TestLibraryCases(ApplicationRecorderTestCase):
    given: LogRecorder

    def create_recorder(self) -> LogRecorder:
        return self.given

    def new_originator_id(self) -> str:
        return f"task_{uuid.uuid4().hex}"

    def test_insert_subscribe(self) -> None:
        self.optional_test_insert_subscribe()

    def test_concurrent_no_conflicts(self) -> None:  # type: ignore[override]
        self.given.__class__ = CountingFromZero
        super().test_concurrent_no_conflicts()

    def test_concurrent_throughput(self) -> None:
        self.given.__class__ = CountingFromZero
        super().test_concurrent_throughput()


@pytest.mark.usefixtures("given_recorder")
class TestPositionsDoNotInterleave(NonInterleavingNotificationIDsBaseCase):
    given: LogRecorder

    def create_recorder(self) -> LogRecorder:
        self.given.__class__ = CountingFromZero
        return self.given

    def new_originator_id(self) -> str:
        return f"task_{uuid.uuid4().hex}"


def _stored(stream: str, version: int, state: bytes = b"state") -> StoredEvent:
    return StoredEvent(stream, version, "topic", state)


def test_versions_are_contiguous_and_a_commit_is_whole(recorder: LogRecorder) -> None:
    stream = a_stream()
    assert recorder.insert_events([]) == []
    assert recorder.insert_events([_stored(stream, 1), _stored(stream, 2)]) == [1, 2]
    for versions in ([2], [4], [0], [3, 3], [2, 3], [3, 5], [4, 3]):
        with pytest.raises(IntegrityError):
            recorder.insert_events([_stored(stream, version) for version in versions])
    assert [each.originator_version for each in recorder.select_events(stream)] == [1, 2]
    assert recorder.insert_events([_stored(stream, 3)]) == [3], "no position was burnt"


def test_events_of_a_stream_are_selected_as_asked(recorder: LogRecorder) -> None:
    stream = a_stream()
    recorder.insert_events([_stored(stream, version) for version in range(1, 6)])

    def versions(**asked: Any) -> list[int]:
        return [each.originator_version for each in recorder.select_events(stream, **asked)]

    assert versions(desc=True, limit=1) == [5]
    assert versions(lte=3, desc=True, limit=2) == [3, 2]
    assert versions(gt=1, lte=4) == [2, 3, 4]
    assert recorder.select_events(a_stream()) == []


def test_threads_share_batches(factory: LogFactory, recorder: LogRecorder) -> None:
    started = threading.Barrier(16)
    failed: list[BaseException] = []

    def write() -> None:
        try:
            started.wait()
            for _ in range(25):
                recorder.insert_events([_stored(a_stream(), 1)])
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert recorder.max_notification_id() == 400
    assert factory._store.store.stats.batches < 400


def test_the_librarys_event_store_reads_and_writes_domain_events(factory: LogFactory) -> None:
    """Explicit type names, sealed text, one command for what is put together."""
    events = factory.event_store()
    stream = a_stream()
    origin = Origin("user_ada", reason="because")
    created, changed = task_created(), retitled()
    first = LogEvent(stream, 1, WORKSPACE, created, origin)
    second = LogEvent(
        stream, 2, WORKSPACE, changed, origin, first.command_id, authors={"was": "user_bob"}
    )
    recordings = events.put([first, second])  # type: ignore[list-item]
    assert [recording.notification.topic for recording in recordings] == [
        "TaskCreated.v1",
        "TaskRetitled.v1",
    ]
    assert all(b"login" not in recording.notification.state for recording in recordings)
    read: list[Any] = list(events.get(stream))
    assert [each.event for each in read] == [created, changed]
    assert {each.command_id for each in read} == {first.command_id}
    assert [each.originator_version for each in read] == [1, 2]
    assert read[0].recorded.origin == origin
    assert read[1].recorded.stamp.author_of("was") == "user_bob"
    assert [each.position for each in factory._store.read_stream(stream)] == [1, 2]


def test_what_cannot_be_stored_and_what_is_not_kept_here(
    factory: LogFactory, recorder: LogRecorder
) -> None:
    with pytest.raises(DataError):
        recorder.insert_events([_stored("task_\0", 1)])
    with pytest.raises(DataError):
        recorder.insert_events([_stored(a_stream(), 1, b"x" * 300_000)])
    with pytest.raises(NotSupportedError):
        recorder.insert_events([_stored(a_stream(), 1)], tracking=Tracking("upstream", 1))
    for refused in (factory.aggregate_recorder, factory.tracking_recorder):
        with pytest.raises(NotSupportedError):
            refused()
    with pytest.raises(NotSupportedError):
        factory.process_recorder()


def test_while_postgresql_is_away_threads_are_told_so(parts: Parts, recorder: LogRecorder) -> None:
    recorder.insert_events([_stored(a_stream(), 1)])
    parts.postgres.kill()
    try:
        with pytest.raises(OperationalError):
            recorder.insert_events([_stored(a_stream(), 1)])
    finally:
        parts.postgres.start()
