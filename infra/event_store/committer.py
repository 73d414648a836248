"""Group commit: the commits of a process are gathered and appended in one statement a batch.

While a batch is out, the next one gathers. What is queued is appended even if who asked for it has
gone away, and nothing that is wrong with one commit harms another.
"""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from time import monotonic
from typing import Any

import psycopg

from commands.commit import Receipt
from infra.event_store.batch import APPEND, Appended, Verdict, parameters, replay, verdicts
from infra.event_store.encoder import EncodedCommit
from infra.event_store.queue import CommitQueue, Waiting
from infra.event_store.refusals import (
    OTHER_LOG,
    READ_ONLY,
    down,
    in_doubt,
    is_state_of_server,
    meaning,
)
from infra.event_store.session import Session, SessionLost
from infra.tasks import gathered

_PATIENCE_SECONDS = 2.0  # a restart of PostgreSQL is bridged; what takes longer is refused
_SETTLE_SECONDS = 6.5  # since the batch left; an attempt that has begun takes its own time
_MAX_LOSSES = 2
_BACKOFF_SECONDS = (0.02, 0.05, 0.1, 0.2)
_LONGEST_BACKOFF_SECONDS = 0.5
_CLOSE_SECONDS = 10.0
_ENOUGH = 32  # so many commits leave at once, and the next ones are made ready meanwhile
_HALF = 64  # of fewer a statement costs more than is gained by making ready the others meanwhile

_SETTLED = (
    "SELECT command_id, request_digest, position, recorded_at, main_stream, main_version"
    " FROM log.commits WHERE command_id = ANY (%s)"
)

_log = logging.getLogger(__name__)

OnCommit = Callable[[int], None]
OnWrongLog = Callable[[str], None]


class WrongLog(Exception):
    """Not the log that this process has worked with, or one that has lost what it had."""


@dataclass(slots=True)
class CommitterStats:
    """Counts since the start; `seconds` is the time that batches were out."""

    batches: int = 0
    commits: int = 0
    events: int = 0
    refused: int = 0
    in_doubt: int = 0
    sessions: int = 0
    seconds: float = 0.0


class Committer:
    """One writer to the log. Used from the event loop that called `start`.

    `on_commit(position)` is called after each batch that appended events; `on_wrong_log(why)` once,
    when the log turns out to be another one than at the start, or to have lost positions. What this
    process remembers is then no longer true: everything is refused until it is started anew.
    """

    def __init__(
        self,
        url: str,
        *,
        role: str | None = None,
        on_commit: OnCommit | None = None,
        on_wrong_log: OnWrongLog | None = None,
    ) -> None:
        self._url = url
        self._role = role
        self._on_commit = on_commit
        self._on_wrong_log = on_wrong_log
        self._queue = CommitQueue()
        self._wake = asyncio.Event()
        self._session: Session | None = None
        self._log_id: uuid.UUID | None = None
        self._position = 0
        self._down_since: float | None = None
        self._backoff = _delays()
        self._wrong_log: str | None = None
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self.stats = CommitterStats()

    @property
    def log_id(self) -> uuid.UUID:
        """The incarnation that this process works with."""
        if self._log_id is None:
            raise RuntimeError("the committer has not been started")
        return self._log_id

    @property
    def position(self) -> int:
        """The last position that this process knows of."""
        return self._position

    @property
    def waiting(self) -> int:
        """Commits that wait for the next batch."""
        return len(self._queue)

    @property
    def problem(self) -> str | None:
        """Why nothing can be appended now, for people to read; None when all is well."""
        if self._wrong_log is not None:
            return self._wrong_log
        return None if self._down_since is None else "PostgreSQL cannot be reached"

    async def start(self) -> None:
        """Connect, and learn which log this is. Raises SessionLost."""
        await self._open()
        self._task = asyncio.create_task(self._run(), name="committer")

    async def close(self) -> None:
        """Append what is queued, for ten seconds at most, and stop."""
        self._closing = True
        self._wake.set()
        if self._task is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await asyncio.shield(self._task)
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._refuse(self._queue.take_all(), down)
        await self._hang_up()

    async def append(self, commit: EncodedCommit) -> Receipt:
        """Append it with whatever else waits. Raises what `EventStore.append` says.

        Cancelled, it leaves the commit in the queue: it is appended all the same.
        """
        if self._closing or self._wrong_log is not None or self._task is None:
            raise down()
        future = self._queue.put(commit)
        self._wake.set()
        return await future

    async def _run(self) -> None:
        while self._queue or not self._closing:
            try:
                await self._step()
            except Exception:
                _log.exception("the committer stumbled and goes on")
                await self._hang_up()
                await asyncio.sleep(next(self._backoff))

    async def _step(self) -> None:
        if self._session is None:
            await self._reconnect()
        elif not self._queue:
            self._wake.clear()
            await self._wake.wait()
        else:
            await gathered(self._queue.__len__, _ENOUGH)
            if self._session.is_over():
                await self._hang_up()
            else:
                await self._append(self._session, self._queue.take_batch())

    async def _append(self, session: Session, batch: list[Waiting]) -> None:
        commits = [waiting.commit for waiting in batch]
        began = monotonic()
        try:
            rows = await session.fetch(APPEND, parameters(self.log_id, commits))
            appended = verdicts(commits, rows[0])
        except SessionLost as lost:
            _log.warning("the log was lost with %d commits out: %s", len(batch), lost)
            await self._settle(session, batch, began)
        except psycopg.Error as error:
            await self._failed(batch, error)
        except BaseException:
            self._doubt(batch)
            raise
        else:
            self._answer(batch, appended.verdicts)
            self._count(appended, monotonic() - began)
            if appended.events:
                self._tell(appended.position)

    def _answer(self, batch: list[Waiting], verdicts: list[Verdict]) -> None:
        """Who is answered writes again. Where many do, only so many are answered before the next
        batch leaves that it takes one half of them, and the other half is made ready while it is
        out."""
        answers = list(zip(batch, verdicts, strict=True))
        ready = len(self._queue)
        first = len(batch)
        if ready + first >= 2 * _HALF:
            first = max(0, (first - ready) // 2)
        _settle(answers[:first])
        asyncio.get_running_loop().call_soon(_settle, answers[first:])

    async def _failed(self, batch: list[Waiting], error: psycopg.Error) -> None:
        """The server refused the statement, so nothing of it was done."""
        if error.sqlstate == OTHER_LOG:
            self._refuse(batch, down)
            await self._stop_for(str(error))
        elif len(batch) == 1 or is_state_of_server(error):
            self._refuse(batch, lambda: meaning(error))
            if error.sqlstate == READ_ONLY:
                await self._hang_up()  # the primary is elsewhere now
        else:
            _log.warning("a batch of %d failed and is run one by one: %s", len(batch), error)
            for waiting in batch:
                waiting.alone = True
            self._queue.put_back(batch)

    async def _settle(self, lost: Session, batch: list[Waiting], began: float) -> None:
        """Find out what became of a batch whose answer was lost."""
        try:
            await self._hang_up()
            settled = await self._settled(lost, batch)
            while settled is None and monotonic() - began < _SETTLE_SECONDS:
                await asyncio.sleep(next(self._backoff))
                settled = await self._settled(lost, batch)
        except WrongLog as error:
            self._doubt(batch)
            await self._stop_for(str(error))
            return
        except BaseException:
            self._doubt(batch)
            raise
        if settled is None:
            self._doubt(batch)
        else:
            self._apply(settled, batch)

    async def _settled(
        self, lost: Session, batch: list[Waiting]
    ) -> dict[bytes, Sequence[Any]] | None:
        """The commit rows of what was appended; None while it cannot be said. Raises WrongLog."""
        ids = [uuid.UUID(bytes=waiting.commit.command_id) for waiting in batch]
        try:
            session = await self._open()
            await session.end(lost.backend)
            rows = await session.fetch(_SETTLED, (ids,))
            await session.flush()
        except (SessionLost, psycopg.Error) as error:
            await self._hang_up()
            self._away(error)
            return None
        return {row[0].bytes: row[1:] for row in rows}

    def _apply(self, settled: dict[bytes, Sequence[Any]], batch: list[Waiting]) -> None:
        again = []
        for waiting in batch:
            row = settled.get(waiting.commit.command_id)
            if row is not None:
                waiting.settle(replay(waiting.commit.digest, *row))
                continue
            waiting.alone = True
            waiting.losses += 1
            if waiting.losses < _MAX_LOSSES:
                again.append(waiting)
            else:
                self._refuse([waiting], down)
        self._queue.put_back(again)
        if settled:
            self._tell(max(row[1] for row in settled.values()))

    async def _reconnect(self) -> None:
        """One attempt."""
        try:
            await self._open()
        except WrongLog as error:
            await self._stop_for(str(error))
        except SessionLost as error:
            self._away(error)
            await asyncio.sleep(next(self._backoff))

    def _away(self, error: Exception) -> None:
        """A short absence is waited out; in a longer one nobody is kept waiting."""
        now = monotonic()
        if self._down_since is None:
            self._down_since = now
            _log.warning("the log cannot be reached: %s", error)
        if self._closing or now - self._down_since > _PATIENCE_SECONDS:
            self._refuse(self._queue.take_all(), down)

    async def _open(self) -> Session:
        """The session with the log that this process knows. Raises SessionLost, WrongLog."""
        if self._session is None:
            session = await Session.open(self._url, self._role)
            try:
                self._check(session)
            except WrongLog:
                await session.close()
                raise
            self._session = session
            self.stats.sessions += 1
            self._position = session.head.position
            self._down_since = None
            self._backoff = _delays()
        return self._session

    def _check(self, session: Session) -> None:
        head = session.head
        if self._log_id is None:
            self._log_id = head.log_id
        if head.log_id != self._log_id:
            raise WrongLog(f"this log is {head.log_id}; at the start it was {self._log_id}")
        if head.position < self._position:
            raise WrongLog(
                f"the log ends at {head.position}, but {self._position} was in it: it was put back "
                "to an earlier state, and a new incarnation must be declared"
            )

    async def _stop_for(self, why: str) -> None:
        """Refuse everything from now on."""
        _log.critical("nothing can be appended any more: %s", why)
        self._wrong_log = why
        self._closing = True
        self._refuse(self._queue.take_all(), down)
        await self._hang_up()
        if self._on_wrong_log is not None:
            self._on_wrong_log(why)

    async def _hang_up(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _tell(self, position: int) -> None:
        self._position = max(self._position, position)
        if self._on_commit is not None:
            try:
                self._on_commit(position)
            except Exception:
                _log.exception("nobody could be told of position %d", position)

    def _count(self, appended: Appended, seconds: float) -> None:
        stats = self.stats
        stats.batches += 1
        stats.commits += appended.commits
        stats.events += appended.events
        stats.seconds += seconds

    def _refuse(self, waiting: Iterable[Waiting], why: Callable[[], Exception]) -> None:
        for each in waiting:
            self.stats.refused += 1
            each.settle(why())

    def _doubt(self, waiting: list[Waiting]) -> None:
        self.stats.in_doubt += len(waiting)
        for each in waiting:
            each.settle(in_doubt())


def _settle(answers: Iterable[tuple[Waiting, Verdict]]) -> None:
    for waiting, verdict in answers:
        waiting.settle(verdict)


def _delays() -> Iterator[float]:
    return chain(_BACKOFF_SECONDS, repeat(_LONGEST_BACKOFF_SECONDS))
