"""The log behind the `eventsourcing` library's own interfaces: PERSISTENCE_MODULE is this module.

The library's applications, event stores and notification logs then read and write the same log,
through the same committer, as everything else does.
"""

import threading
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, cast

from eventsourcing.persistence import (
    AggregateRecorder,
    ApplicationRecorder,
    DataError,
    InfrastructureFactory,
    IntegrityError,
    ListenNotifySubscription,
    Mapper,
    Notification,
    NotSupportedError,
    OperationalError,
    ProcessRecorder,
    StoredEvent,
    Subscription,
    TrackingRecorder,
    Transcoder,
)
from eventsourcing.postgres import (
    BasePostgresFactory,
    PostgresApplicationRecorder,
    PostgresDatastore,
)
from eventsourcing.utils import Environment, EnvType
from psycopg.conninfo import make_conninfo

from commands.commit import Commit, NewEvent, Receipt
from commands.ports import StreamMoved
from domain.errors import Invalid, Refused
from domain.values.ids import SYSTEM_ACTOR, SYSTEM_WORKSPACE
from domain.values.recorded import Origin, Recorded
from infra.event_store.encoder import EventRow, encoded
from infra.event_store.metadata import Metadata, decode_metadata, encode_metadata
from infra.event_store.rows import COLUMNS, StoredRow
from infra.event_store.threads import ThreadedEventStore
from infra.keys.master import MasterKeys

_POLL_SECONDS = 1.0
_NOBODY = Origin(SYSTEM_ACTOR)


@dataclass(frozen=True, slots=True)
class LogEvent:
    """A domain event with what the library asks of one: its stream's id and its version.

    `authors` names those of fields that the actor did not write, as in `NewEvent`. `recorded` is
    what the log has beside it, None before it is in the log. Events that are put together are one
    commit and share a `command_id`.
    """

    originator_id: str
    originator_version: int
    workspace_id: str
    event: Any
    origin: Origin = _NOBODY
    command_id: bytes = field(default_factory=lambda: uuid.uuid4().bytes)
    recorded: Recorded | None = None
    authors: Mapping[str, str] = field(default_factory=dict)


# Of the standard library, as all here: what inherits the library's frozen ones must be so as well.
@dataclass(frozen=True)
class LogStoredEvent(StoredEvent):
    """The library's row with the columns that only our log has."""

    workspace_id: str = SYSTEM_WORKSPACE
    metadata: bytes = b""


@dataclass(frozen=True)
class LogNotification(Notification):
    """The same as the log holds it, at its position."""

    workspace_id: str = SYSTEM_WORKSPACE
    metadata: bytes = b""
    recorded_at: int = 0
    number: int | None = None


class LogMapper(Mapper[str]):
    """LogEvents to rows and back: explicit type names, our codec, sealed fields.

    The library's transcoder, compressor and cipher are not used.
    """

    def __init__(self, store: ThreadedEventStore) -> None:
        self._store = store

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """Raises what encoding raises: TypeError, EventUnknown, Invalid."""
        event = cast("LogEvent", domain_event)
        commit = Commit(
            event.command_id,
            event.workspace_id,
            event.originator_id,
            event.origin,
            (
                NewEvent(
                    event.workspace_id, event.originator_id, event.event, authors=event.authors
                ),
            ),
            {event.originator_id: event.originator_version - 1},
        )
        (row,) = self._store.run(self._store.store.encoding.rows(commit))
        return LogStoredEvent(
            row.stream, row.version, row.type, row.payload, row.workspace_id, row.metadata
        )

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """A LogEvent; its `event` is None where the type is unknown to this code."""
        stored = cast("LogNotification", stored_event)
        row = StoredRow(
            stored.id,
            stored.workspace_id,
            str(stored.originator_id),
            stored.originator_version,
            stored.topic,
            stored.state,
            stored.metadata,
            stored.recorded_at,
            stored.number,
        )
        (recorded,) = self._store.decode([row])
        return LogEvent(
            recorded.stream,
            row.version,
            row.workspace_id,
            recorded.event,
            recorded.origin,
            bytes.fromhex(recorded.command_id),
            recorded,
        )


class LogRecorder(PostgresApplicationRecorder):
    """The library's application recorder over our log.

    Notification ids are positions: 1, 2, 3 ... without gaps. A stream's versions start at 1 and
    have no gaps; anything else is an IntegrityError. Appends of many threads share a batch.
    Nothing is retried here: what became of a lost connection is settled by the committer.
    """

    def __init__(
        self,
        datastore: PostgresDatastore,
        store: ThreadedEventStore,
        news: "News",
        *,
        events_table_name: str = "stored_events",
    ) -> None:
        super().__init__(datastore, events_table_name=events_table_name)
        self._store = store
        self._news = news

    def create_table(self) -> None:
        """The log is made by the migrations."""

    def insert_events(
        self, stored_events: Sequence[StoredEvent], **kwargs: Any
    ) -> Sequence[int] | None:
        """Append them as one commit; return their positions.

        Raises IntegrityError where a stream has moved, DataError for what cannot be stored,
        OperationalError while the log cannot be written.
        """
        if kwargs.get("tracking") is not None:
            raise NotSupportedError("positions of readers are kept by the projections' own tables")
        if not stored_events:
            return []
        commit, rows = _commit(stored_events)
        try:
            receipt = self._store.run(self._append(commit, rows))
        except StreamMoved as error:
            raise IntegrityError(f"versions that are taken or leave a gap: {error}") from error
        except Invalid as error:
            raise DataError(error.detail) from error
        except Refused as error:
            raise OperationalError(error.detail) from error
        return list(range(receipt.position - len(rows) + 1, receipt.position + 1))

    async def _append(self, commit: Commit, rows: Sequence[EventRow]) -> Receipt:
        return await self._store.store.append_encoded(encoded(commit, rows))

    def select_events(
        self,
        originator_id: uuid.UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredEvent]:
        """Events of one stream, by version."""
        order = "DESC" if desc else "ASC"
        return self._select(
            "stream = %s AND version > coalesce(%s, 0) AND version <= coalesce(%s, 2147483647)"
            f" ORDER BY version {order} LIMIT %s",
            (str(originator_id), gt, lte, limit),
        )

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[Notification]:
        """Events by position."""
        first = 1 if start is None else start if inclusive_of_start else start + 1
        return self._select(
            "position >= %s AND position <= coalesce(%s, 9223372036854775807)"
            " AND (%s::text[] IS NULL OR type = ANY (%s)) ORDER BY position LIMIT %s",
            (first, stop, list(topics) or None, list(topics), limit),
        )

    def max_notification_id(self) -> int | None:
        """The last position, None for an empty log."""
        return self._store.head() or None

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        """Events as they come: at once those of this process, those of others within a second."""
        return LogSubscription(self, self._news, gt, topics)

    def _select(self, condition: str, params: Sequence[object]) -> list[LogNotification]:
        sql = f"SELECT {COLUMNS} FROM log.events WHERE {condition}"
        with self.datastore.get_connection() as connection:
            rows = connection.execute(sql.encode(), params, prepare=True).fetchall()
        return [_notification(StoredRow(*row.values())) for row in rows]


class News:
    """Tells waiting subscriptions that something was appended by this process."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._position = 0

    def publish(self, position: int) -> None:
        with self._changed:
            self._position = position
            self._changed.notify_all()

    def wait(self, after: int, seconds: float) -> int:
        """Until there is a position other than `after`, or the time is over; the last one."""
        with self._changed:
            self._changed.wait_for(lambda: self._position != after, seconds)
            return self._position


class LogSubscription(ListenNotifySubscription[LogRecorder]):
    """Woken by commits of this process, and once a second for those of others."""

    def __init__(
        self, recorder: LogRecorder, news: News, gt: int | None, topics: Sequence[str]
    ) -> None:
        super().__init__(recorder=recorder, gt=gt, topics=topics)
        self._news = news
        self._wake_thread = threading.Thread(target=self._keep_waking, daemon=True)
        self._wake_thread.start()

    def stop(self) -> None:
        super().stop()
        news = getattr(self, "_news", None)  # a failed pull stops it before it is whole
        if news is not None:
            news.publish(-1)

    def __exit__(self, *args: object, **kwargs: Any) -> None:
        try:
            super().__exit__(*args, **kwargs)
        finally:
            self._wake_thread.join()

    def _keep_waking(self) -> None:
        seen = 0
        while not self._has_been_stopped:
            seen = self._news.wait(seen, _POLL_SECONDS)
            self._has_been_notified.set()


class LogFactory(BasePostgresFactory[TrackingRecorder], InfrastructureFactory[TrackingRecorder]):
    """Made by the library for PERSISTENCE_MODULE. Takes its POSTGRES_* variables, for the worker's
    role, and MASTER_KEY in base64."""

    MASTER_KEY: ClassVar[str] = "MASTER_KEY"

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        self._news = News()
        self._store = ThreadedEventStore(
            _conninfo(self.env),
            MasterKeys.of(self.env.get(self.MASTER_KEY) or ""),
            on_commit=self._news.publish,
        ).start()

    def mapper(self, transcoder: Transcoder | None = None, mapper_class: Any = None) -> Mapper[Any]:
        return LogMapper(self._store)

    def application_recorder(self) -> LogRecorder:
        return LogRecorder(self.datastore, self._store, self._news)

    def aggregate_recorder(self, purpose: str = "events") -> AggregateRecorder:
        raise NotSupportedError("snapshots are kept by infra.event_store.snapshots")

    def tracking_recorder(
        self, tracking_recorder_class: type[TrackingRecorder] | None = None
    ) -> TrackingRecorder:
        raise NotSupportedError("positions of readers are kept by the projections' own tables")

    def process_recorder(self) -> ProcessRecorder:
        raise NotSupportedError("positions of readers are kept by the projections' own tables")

    def close(self) -> None:
        self._store.close()
        super().close()


def _commit(stored: Sequence[StoredEvent]) -> tuple[Commit, list[EventRow]]:
    """One commit of rows, each stream expected where its first row continues it."""
    metadata = getattr(stored[0], "metadata", b"")
    command_id = decode_metadata(metadata).command if metadata else uuid.uuid4().bytes
    bare = encode_metadata(Metadata(SYSTEM_ACTOR, command_id))
    rows = [_row(each, bare) for each in stored]
    expected: dict[str, int] = {}
    versions: dict[str, int] = {}
    for row in rows:
        expected.setdefault(row.stream, row.version - 1)
        if row.version != versions.get(row.stream, row.version - 1) + 1 or row.version < 1:
            raise IntegrityError(f"{row.stream}: version {row.version} is not the next one")
        versions[row.stream] = row.version
    first = rows[0]
    commit = Commit(command_id, first.workspace_id, first.stream, _NOBODY, (), expected)
    return commit, rows


def _row(stored: StoredEvent, bare: bytes) -> EventRow:
    metadata = getattr(stored, "metadata", b"")
    return EventRow(
        getattr(stored, "workspace_id", SYSTEM_WORKSPACE),
        str(stored.originator_id),
        stored.originator_version,
        stored.topic,
        stored.state,
        metadata or bare,
        decode_metadata(metadata).draws if metadata else None,
    )


def _notification(row: StoredRow) -> LogNotification:
    return LogNotification(
        originator_id=row.stream,
        originator_version=row.version,
        topic=row.type,
        state=row.payload,
        workspace_id=row.workspace_id,
        metadata=row.metadata,
        id=row.position,
        recorded_at=row.recorded_at,
        number=row.number,
    )


def _conninfo(env: Environment) -> str:
    return make_conninfo(
        dbname=env.get(LogFactory.POSTGRES_DBNAME),
        host=env.get(LogFactory.POSTGRES_HOST),
        port=env.get(LogFactory.POSTGRES_PORT),
        user=env.get(LogFactory.POSTGRES_USER),
        password=env.get(LogFactory.POSTGRES_PASSWORD),
    )
