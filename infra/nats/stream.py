"""The JetStream stream that carries one log's events: made, mended, measured and written to."""

from contextlib import suppress

import structlog
from nats.js import api
from nats.js.errors import APIError, NotFoundError

from domain.values.frozen import dataclass
from infra.nats.connection import NatsConnection
from infra.nats.subjects import Subjects
from infra.nats.wire import Batch, decode_batch

DUPLICATE_WINDOW_S = 120
PUBLISH_TIMEOUT_S = 1.5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class StreamLimits:
    """What the stream keeps at most; the oldest goes first. Any of it can be had again from the
    log, so the limits decide about nothing but how far back outside consumers may read."""

    max_age_s: float = 3 * 24 * 3600
    max_bytes: int = 256 * 1024 * 1024
    replicas: int = 1


class LogStream:
    """Every method raises NatsAway, nats.errors.Error or TimeoutError while JetStream is away."""

    def __init__(
        self, connection: NatsConnection, subjects: Subjects, limits: StreamLimits
    ) -> None:
        self._connection = connection
        self._subjects = subjects
        self._config = api.StreamConfig(
            name=subjects.stream,
            subjects=[subjects.log],
            retention=api.RetentionPolicy.LIMITS,
            storage=api.StorageType.FILE,
            discard=api.DiscardPolicy.OLD,
            max_age=limits.max_age_s,
            max_bytes=limits.max_bytes,
            num_replicas=limits.replicas,
            duplicate_window=DUPLICATE_WINDOW_S,
        )

    async def ensure(self) -> None:
        """The stream is there and as it should be: made where it is missing, changed where it
        differs, and made anew where it cannot be changed (all it held comes from the log)."""
        manager = self._connection.jetstream()
        name = self._subjects.stream
        try:
            present = (await manager.stream_info(name)).config
        except NotFoundError:
            await manager.add_stream(self._config)
            log.info("stream_made", stream=name)
            return
        if not self._differs(present):
            return
        try:
            await manager.update_stream(self._config)
            log.info("stream_changed", stream=name)
        except APIError as error:
            log.warning("stream_made_anew", stream=name, error=repr(error))
            await self.replace()

    async def replace(self) -> None:
        """Throw the stream away, whatever its state, and make it anew."""
        await self.delete()
        await self._connection.jetstream().add_stream(self._config)

    async def delete(self) -> None:
        """For the stream of an incarnation that has ended; gone already is as good."""
        with suppress(NotFoundError):
            await self._connection.jetstream().delete_stream(self._subjects.stream)

    async def last(self) -> Batch | None:
        """The batch published last, None for an empty stream. Raises WireError on foreign bytes."""
        try:
            message = await self._connection.jetstream().get_last_msg(
                self._subjects.stream, self._subjects.log
            )
        except NotFoundError:
            return None
        return decode_batch(message.data or b"")

    async def publish(self, payload: bytes, message_id: str) -> None:
        """Returns once JetStream has the batch; the same id twice in two minutes is kept once."""
        await self._connection.jetstream().publish(
            self._subjects.log,
            payload,
            timeout=PUBLISH_TIMEOUT_S,
            stream=self._subjects.stream,
            headers={api.Header.MSG_ID.value: message_id},
        )

    def _differs(self, present: api.StreamConfig) -> bool:
        wanted = self._config
        return (
            present.subjects != wanted.subjects
            or present.retention != wanted.retention
            or present.storage != wanted.storage
            or present.discard != wanted.discard
            or present.max_age != wanted.max_age
            or present.max_bytes != wanted.max_bytes
            or present.num_replicas != wanted.num_replicas
            or present.duplicate_window != wanted.duplicate_window
        )
