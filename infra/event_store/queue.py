"""Commits on their way to the log: bounded, and in order where order matters."""

import asyncio
from collections import deque
from collections.abc import Iterable

from commands.commit import Receipt
from infra.event_store.batch import Batch
from infra.event_store.encoder import EncodedCommit
from infra.event_store.refusals import overloaded

MAX_COMMITS = 8_192
MAX_BYTES = 64 * 1024 * 1024

_LOOKED_AT = 1_024  # how many that must wait a batch looks past


class Waiting:
    """A commit and who waits for it.

    One that a batch failed with goes `alone` the next time, so that it takes no other with it;
    `losses` counts the sessions that were lost with it.
    """

    __slots__ = ("alone", "commit", "future", "losses")

    def __init__(self, commit: EncodedCommit, future: asyncio.Future[Receipt]) -> None:
        self.commit = commit
        self.future = future
        self.alone = False
        self.losses = 0

    def settle(self, verdict: Receipt | Exception) -> None:
        if self.future.done():
            return  # who asked has gone away
        if isinstance(verdict, Receipt):
            self.future.set_result(verdict)
        else:
            self.future.set_exception(verdict)


class CommitQueue:
    def __init__(self) -> None:
        self._waiting: deque[Waiting] = deque()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, commit: EncodedCommit) -> asyncio.Future[Receipt]:
        """Raises Refused(OVERLOADED)."""
        size = commit.events.size
        if len(self._waiting) >= MAX_COMMITS or self._bytes + size > MAX_BYTES:
            raise overloaded()
        future: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(commit, future))
        self._bytes += size
        return future

    def put_back(self, waiting: Iterable[Waiting]) -> None:
        """To the front, in their order."""
        for each in reversed(list(waiting)):
            self._waiting.appendleft(each)
            self._bytes += each.commit.events.size

    def take_batch(self) -> list[Waiting]:
        """What may go together, the longest waiting first."""
        batch = Batch()
        taken: list[Waiting] = []
        passed: list[Waiting] = []
        queue = self._waiting
        while queue and not batch.full and len(passed) < _LOOKED_AT:
            if queue[0].alone and taken:
                break
            waiting = queue.popleft()
            if batch.offer(waiting.commit):
                taken.append(waiting)
            else:
                passed.append(waiting)
            if waiting.alone:
                break
        queue.extendleft(reversed(passed))
        self._took(taken)
        return taken

    def take_all(self) -> list[Waiting]:
        taken = list(self._waiting)
        self._waiting.clear()
        self._took(taken)
        return taken

    def _took(self, taken: Iterable[Waiting]) -> None:
        self._bytes -= sum([waiting.commit.events.size for waiting in taken])
