"""Puts what arrives, in whatever pieces and order, into the log's own order, and fills its gaps."""

from collections.abc import Sequence
from typing import Protocol

import structlog

from infra.event_store.rows import StoredRow
from infra.nats.consumer import Message
from infra.nats.wire import WireError, decode_batch
from infra.processes.counters import Counters
from infra.processes.log import Log, Portion

MOST_READ = 4_096

log = structlog.get_logger()


class Source(Protocol):
    """Where messages come from, a bounded number ahead."""

    def take(self) -> Message | None:
        """The next one at hand, None when there is none."""
        ...


class Intake:
    """Gives consecutive rows: each position once, none left out, whatever the stream does.

    The log is the truth. `ask_log`: what follows is to be read from it, since messages may have
    been lost or are too far ahead; it ends by itself at the log's end. `believed`: messages are
    taken at all; until the stream was found to agree with the log, they are not.
    """

    def __init__(self, source: Source, store: Log, log_id: str, counters: Counters) -> None:
        self._source = source
        self._store = store
        self._log_id = log_id
        self._portion = Portion(MOST_READ)
        self.ask_log = True
        self.believed = False
        self._counters = counters

    async def read(self, following: int, most: int) -> list[StoredRow]:
        """What the log has next, for a reader that has all up to `following`."""
        asked = min(most, self._portion.events)
        rows = list(await self._store.read_rows(following + 1, following + asked))
        self.ask_log = len(rows) == asked
        self._portion.learn(rows)
        self._counters.events_from_log += len(rows)
        return rows

    async def drain(
        self, following: int, most: int, most_bytes: int
    ) -> tuple[list[StoredRow], Message | None]:
        """What the messages at hand have next, and the last message that is used up with it.

        Duplicates are dropped, a gap is filled from the log; one wider than `most` is left to
        `read`. A bit more than `most` events may come, for a message is never cut in two.
        """
        rows: list[StoredRow] = []
        last: Message | None = None
        size = 0
        while len(rows) < most and size < most_bytes:
            message = self._source.take()
            if message is None:
                break
            size += len(message.data)
            fresh = self._news(message, following)
            if fresh and fresh[0].position > following + 1:
                if fresh[0].position - following > most:
                    self.ask_log = True
                    break
                missing = await self._fill(following + 1, fresh[0].position - 1)
                if missing is None:
                    continue
                rows += missing
            last = message
            if fresh:
                rows += fresh
                following = rows[-1].position
        return rows, last

    def _news(self, message: Message, following: int) -> Sequence[StoredRow]:
        """The rows of a message that are news; none of one that is not to be trusted."""
        if not self.believed:
            return ()
        try:
            batch = decode_batch(message.data)
            if batch.log_id != self._log_id or batch.last <= following:
                return ()
            return batch.rows()[max(0, following + 1 - batch.first) :]
        except WireError as error:
            log.warning("message_unreadable", error=str(error))
            return ()

    async def _fill(self, first: int, last: int) -> Sequence[StoredRow] | None:
        """The rows of a gap; None when the log does not go so far, which no relay can cause."""
        rows = await self._store.read_rows(first, last)
        if not rows or rows[0].position != first or rows[-1].position != last:
            log.error("message_ahead_of_the_log", first=last + 1)
            return None
        self._counters.events_from_log += len(rows)
        return rows
