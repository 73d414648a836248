"""The states of streams that this process read lately, so that a command seldom has to read."""

from collections import OrderedDict
from typing import Any, TypeVar

from commands.ports import EventStore, Snapshots
from domain.aggregate import Aggregate, Versioned
from domain.aggregates import aggregate_of
from domain.comment.state import Comment
from domain.project.state import Project
from domain.task.state import Task
from domain.values.ids import is_id
from domain.values.text import shown
from domain.workspace.state import Workspace

S = TypeVar("S", bound=Versioned)

_LONG_STREAM = 200
_ANY_STATE_BYTES = 3_000
_MEMBER_BYTES = 300


class States:
    """Least recently used first out, at about `capacity_bytes`.

    What is kept may be behind the log, for another process may have written: it is only ever
    used under the assertion that its version still stands, or read on by `refresh`.
    """

    def __init__(
        self, store: EventStore, capacity_bytes: int, snapshots: Snapshots | None = None
    ) -> None:
        self._store = store
        self._snapshots = snapshots
        self._capacity_bytes = capacity_bytes
        self._used_bytes = 0
        self._kept: OrderedDict[str, Versioned] = OrderedDict()

    def kept(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """What is known of a stream without asking the log; None for one of another kind."""
        if not is_id(stream, aggregate.kind):
            return None
        state: Any = self._kept.get(stream)
        if state is not None:
            self._kept.move_to_end(stream)
        return state  # type: ignore[no-any-return]  # a stream has the state of its own kind

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
        newer = await self._store.read_stream(stream, after=before.version)
        if not newer:
            return False
        state = aggregate_of(stream).fold(((each.event, each.stamp) for each in newer), before)
        if state is None or state.version != newer[-1].stamp.version:
            self.forget(stream)
        else:
            self.keep(stream, state)
        return True

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
        while self._used_bytes > self._capacity_bytes and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._used_bytes -= _weight(oldest)

    def forget(self, stream: str) -> None:
        state = self._kept.pop(stream, None)
        if state is not None:
            self._used_bytes -= _weight(state)


def _weight(state: Versioned) -> int:
    """About how many bytes a state takes."""
    match state:
        case Task():
            return _ANY_STATE_BYTES + 4 * len(shown(state.description)) + 150 * len(state.fields)
        case Comment():
            return _ANY_STATE_BYTES + 4 * len(shown(state.text))
        case Workspace() | Project():
            return _ANY_STATE_BYTES + _MEMBER_BYTES * len(state.members)
        case _:
            return _ANY_STATE_BYTES
