"""The states of streams that this process read lately, so that a command seldom has to read."""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from commands.ports import EventStore, Sealed, Snapshots
from domain.aggregate import Aggregate, Versioned
from domain.aggregates import aggregate_of
from domain.comment.state import Comment
from domain.dependency_graph.state import DependencyGraph
from domain.labels.state import Labels
from domain.project.state import Project
from domain.task.state import Task
from domain.values.ids import is_id
from domain.values.recorded import Recorded
from domain.values.text import shown
from domain.workspace.state import Workspace

S = TypeVar("S", bound=Versioned)

_LONG_STREAM = 200
_ANY_STATE_BYTES = 3_000
_MEMBER_BYTES = 300
_LABEL_BYTES = 800
_DEPENDENCY_BYTES = 300
_EDGE_BYTES = 1_000

# News of these are folded as they are. Whatever tells who may do what is read from the log itself.
_FOLDED_AS_HEARD = ("task_", "graph_")
_NEWS_OF_ONE_STREAM = 8
_NEWS_BYTES = 4 * 1024 * 1024


class States:
    """Least recently used first out, at about `capacity_bytes`.

    What is kept may be behind the log, for another process may have written: it is only ever
    used under the assertion that its version still stands, or read on by `refresh`. What others
    write is told by `heard`, so that most of the time nothing has to be decided twice; news that
    never come cost a try, and no more.
    """

    def __init__(
        self, store: EventStore, capacity_bytes: int, snapshots: Snapshots | None = None
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._capacity_bytes = capacity_bytes
        self._used_bytes = 0
        self._kept: OrderedDict[str, Versioned] = OrderedDict()
        # Streams that are behind: the rows that follow, none where they have to be asked for.
        self._news: dict[str, list[Sealed]] = {}
        self._news_bytes = 0

    def kept(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """What is known of a stream without asking the log; None for one of another kind."""
        if not is_id(stream, aggregate.kind):
            return None
        found: Any = self._kept.get(stream)
        state: S | None = found  # a stream has the state of its own kind
        if state is not None:
            self._kept.move_to_end(stream)
        return state

    async def known(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """As `kept`, with what was heard of since. Raises as `EventStore.read_stream`."""
        state = self.kept(aggregate, stream)
        if state is None or stream not in self._news:
            return state
        rows = tuple(self._news[stream])
        self._forget_news(stream)
        if rows:
            self._read_on_by(stream, await self._store.decode(rows))
        else:
            await self.refresh(stream)
        return self.kept(aggregate, stream)

    def heard(self, rows: Iterable[Sealed]) -> None:
        """Rows of the log, in order, whoever wrote them; any of them may be missing, or known.

        Nothing is opened before a command needs it.
        """
        for row in rows:
            state = self._kept.get(row.stream)
            if state is not None and row.version > state.version:
                self._note(row, state.version)

    def behind(self, stream: str) -> int | None:
        """How many rows are known to follow on what is kept, 0 where they have to be read from
        the log; None where nothing was heard."""
        news = self._news.get(stream)
        return None if news is None else len(news)

    def _note(self, row: Sealed, version: int) -> None:
        """A row after the version that is kept. Rows that do not follow on each other, or are too
        many, are let go of: then the stream is only known to be behind."""
        news = self._news.get(row.stream)
        if news is None:
            news = self._news[row.stream] = []
        elif not news or row.version <= news[-1].version:
            return
        else:
            version = news[-1].version
        is_next = row.version == version + 1 and len(news) < _NEWS_OF_ONE_STREAM
        if is_next and row.stream.startswith(_FOLDED_AS_HEARD):
            news.append(row)
            self._news_bytes += _size(row)
        else:
            self._drop_rows(news)
        if self._news_bytes > _NEWS_BYTES:
            for each in self._news.values():
                self._drop_rows(each)

    async def read(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """A stream as the log has it now; None where it has no event, or is no stream at all."""
        if not is_id(stream, aggregate.kind):
            return None
        recorded = await self._store.read_stream(stream, upto=_LONG_STREAM)
        state = aggregate.fold((each.event, each.stamp) for each in recorded)
        if len(recorded) == _LONG_STREAM and state is not None:
            state = await self._read_on(aggregate, stream, state)
        if state is not None:
            self.keep(stream, state)
        return state

    async def _read_on(self, aggregate: Aggregate[S], stream: str, state: S) -> S | None:
        """The rest of a long stream: from its snapshot on, which is moved up behind it."""
        kept: Any = None if self._snapshots is None else await self._snapshots.load(stream)
        base: S = state if kept is None or kept.version < state.version else kept
        recorded = await self._store.read_stream(stream, after=base.version)
        whole = aggregate.fold(((each.event, each.stamp) for each in recorded), base)
        if self._snapshots is not None and whole is not None and len(recorded) >= _LONG_STREAM:
            await self._snapshots.save(stream, whole)
        return whole

    async def refresh(self, stream: str) -> bool:
        """Read what was written since; True where that was anything."""
        before = self._kept.get(stream)
        if before is None:
            return False
        self._forget_news(stream)
        newer = await self._store.read_stream(stream, after=before.version)
        self._read_on_by(stream, newer)
        return bool(newer)

    async def stands(self, stream: str, version: int) -> bool:
        """Whether the log has nothing of a stream beyond this version. Somebody else may have read
        on from there already, or let go of it: then it is not said to stand."""
        await self.refresh(stream)
        kept = self._kept.get(stream)
        return kept is not None and kept.version == version

    def _read_on_by(self, stream: str, recorded: Sequence[Recorded]) -> None:
        """Fold what follows on what is kept; what it does not lead on from is forgotten."""
        before = self._kept.get(stream)
        if before is None:
            return
        newer = [each for each in recorded if each.stamp.version > before.version]
        if not newer:
            return
        state = aggregate_of(stream).fold(((each.event, each.stamp) for each in newer), before)
        last = newer[-1].stamp.version
        if state is None or state.version != last or last != before.version + len(newer):
            self.forget(stream)
        else:
            self.keep(stream, state)

    def keep(self, stream: str, state: Versioned) -> None:
        """Unless something newer is kept already: answers may overtake each other."""
        before = self._kept.get(stream)
        if before is not None:
            if before.version > state.version:
                return
            self._used_bytes -= _weight(before)
        self._kept[stream] = state
        self._kept.move_to_end(stream)
        self._used_bytes += _weight(state)
        if stream in self._news:
            later = [row for row in self._news[stream] if row.version > state.version]
            self._forget_news(stream)
            self.heard(later)
        while self._used_bytes > self._capacity_bytes and len(self._kept) > 1:
            name, oldest = self._kept.popitem(last=False)
            self._used_bytes -= _weight(oldest)
            self._forget_news(name)

    def forget(self, stream: str) -> None:
        self._forget_news(stream)
        state = self._kept.pop(stream, None)
        if state is not None:
            self._used_bytes -= _weight(state)

    def forget_all(self) -> None:
        """Somebody was erased: whatever is kept may hold their words."""
        for stream in list(self._kept):
            self.forget(stream)

    def _forget_news(self, stream: str) -> None:
        news = self._news.pop(stream, None)
        if news:
            self._drop_rows(news)

    def _drop_rows(self, news: list[Sealed]) -> None:
        self._news_bytes -= sum(_size(row) for row in news)
        news.clear()


def _size(row: Sealed) -> int:
    return len(row.payload) + len(row.metadata)


def _weight(state: Versioned) -> int:
    """About how many bytes a state takes."""
    match state:
        case Task():
            return (
                _ANY_STATE_BYTES
                + 4 * len(shown(state.description))
                + 150 * len(state.fields)
                + _DEPENDENCY_BYTES * len(state.dependencies)
            )
        case DependencyGraph():
            return _ANY_STATE_BYTES + _EDGE_BYTES * len(state.edges)
        case Comment():
            return _ANY_STATE_BYTES + 4 * len(shown(state.text))
        case Labels():
            return _ANY_STATE_BYTES + _LABEL_BYTES * len(state.by_id)
        case Workspace() | Project():
            return _ANY_STATE_BYTES + _MEMBER_BYTES * len(state.members)
        case _:
            return _ANY_STATE_BYTES
