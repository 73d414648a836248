"""One attempt at one commit: what it read, and what it decided."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field, fields, replace
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_args

from commands.commit import Claim, NewEvent, Receipt
from commands.inverse import Consequence, Inverse, NoInverse
from commands.ports import BoardReader, CommentReader, EventStore, NewId, TrailReader, TreeReader
from commands.states import States
from domain.aggregate import Aggregate, Versioned
from domain.errors import OF_THE_MACHINE, Refused
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE, is_id
from domain.values.limits import Limits
from domain.values.recorded import Origin, Recorded
from domain.values.stamp import Stamp
from domain.values.text import Erased

S = TypeVar("S", bound=Versioned)


@dataclass(slots=True)
class _Stream:
    """A stream as this work sees it: `base` as it was read, `state` with what was decided."""

    aggregate: Aggregate[Any]
    base: Any
    state: Any
    version: int
    recorded: list[tuple[int, NewEvent]] = field(default_factory=list)
    folded: int = 0
    is_whole: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What every work may use. `tail()` gives a few random base-62 digits, the last not 0."""

    store: EventStore
    states: States
    board: BoardReader
    comments: CommentReader
    trees: TreeReader
    trail: TrailReader
    new_id: NewId
    tail: Callable[[], str]
    limits: Limits
    run: Callable[[Any, "Work"], Awaitable[str]]
    inverse_of: Callable[[object], Inverse | Consequence | NoInverse]


class StartAgain(Exception):
    """The attempt waited for its turn and is decided anew."""


class Work:
    """The versions of all streams that were read, and of all that are written, are asserted by
    the commit; so what a decision saw is what still stands when it enters the log."""

    def __init__(self, world: World, origin: Origin, now: datetime, attempt: int = 0) -> None:
        """`attempt` counts the tries of the same request, from 0. `words` are texts that only
        come back, by whoever wrote them once: recorded, they stay theirs."""
        self.attempt = attempt
        self.actor = origin.actor
        self.origin = origin
        self.now = now
        self.limits = world.limits
        self.board = world.board
        self.comments = world.comments
        self.trees = world.trees
        self.trail = world.trail
        self.new_id = world.new_id
        self.tail = world.tail
        self.events: list[NewEvent] = []
        self.claims: list[Claim] = []
        self.follow_ups: list[Any] = []
        self.guards: dict[str, int] = {}
        self.retried_claims: set[str] = set()
        # What was not read from the log, with the version that was remembered of it.
        self.from_memory: dict[str, int] = {}
        self.words: dict[str, str] = {}
        self.refused: dict[int, Refused] = {}
        self.acted: set[int] = set()
        self.inverse_of = world.inverse_of
        self._run = world.run
        # Streams and guards at which many writers meet who do not mean each other: whoever is
        # overtaken there alone decides again for longer than for two who change the same thing.
        self.meeting_points: set[str] = set()
        self.take_turn: Callable[[str], Awaitable[bool]] | None = None
        self._store = world.store
        self._states = world.states
        self._streams: dict[str, _Stream] = {}

    async def load(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """The state of a stream with all that this work recorded on it; None: no such stream,
        which is also so for what is no id of this kind at all, and for what is outside of the
        workspace that the command is within."""
        if stream not in self._streams:
            state = await self._states.known(aggregate, stream)
            is_remembered = state is not None
            if state is None:
                if not is_id(stream, aggregate.kind):
                    return None
                state = await self._states.read(aggregate, stream)
            if state is not None and not self._reaches(state.workspace_id):
                return None
            version = 0 if state is None else state.version
            if is_remembered:
                self.from_memory[stream] = version
            self._streams[stream] = _Stream(aggregate, state, state, version)
        return self.peek(aggregate, stream)

    async def glimpse(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """As `load`, but not asserted: for what the decision would stand without. It is as this
        process knows it, which may be a moment behind what others write."""
        if stream in self._streams:
            return self.peek(aggregate, stream)
        state = await self._states.known(aggregate, stream)
        state = state or await self._states.read(aggregate, stream)
        return state if state is None or self._reaches(state.workspace_id) else None

    def _reaches(self, workspace_id: str) -> bool:
        return self.origin.within in (None, workspace_id) or workspace_id == SYSTEM_WORKSPACE

    def peek(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """What `load` gave, or what was recorded; None where neither happened."""
        seen = self._streams.get(stream)
        if seen is None or seen.aggregate.kind != aggregate.kind:
            return None
        state: S | None = seen.state if seen.folded == len(seen.recorded) else self._folded(seen)
        return state

    def seen(self, aggregate: Aggregate[S], stream: str) -> S:
        """`peek` for a stream that is known to exist, such as one that a permission looked at."""
        state = self.peek(aggregate, stream)
        if state is None:
            raise LookupError(f"{stream} was not loaded")
        return state

    async def past(self, stream: str, upto: int) -> Sequence[Recorded]:
        """The events of a stream up to a version, from the log."""
        return await self._store.read_stream(stream, upto=upto)

    async def command_at(self, workspace_id: str, position: int) -> Sequence[Recorded]:
        """`EventStore.read_command`."""
        return await self._store.read_command(workspace_id, position)

    async def run(self, command: object) -> str:
        """Another command as a part of this commit, if the actor may do that as well; gives the
        stream that it would answer with. Raises Refused."""
        return await self._run(command, self)

    async def turn(self, stream: str) -> None:
        """Wait until nobody else in this process changes a stream that the command itself does
        not name. Raises StartAgain where there was a wait: what was read before it may be old."""
        if self.take_turn is not None and await self.take_turn(stream):
            raise StartAgain

    async def part(self, number: int, doing: Awaitable[object]) -> None:
        """Do what may be refused without the rest of this commit: then nothing of it is left but
        the refusal, in `refused`; in `acted` are the numbers of those that recorded anything.
        Raises Refused for what the machine cannot do now."""
        events, claims, guards = len(self.events), len(self.claims), dict(self.guards)
        try:
            await doing
        except Refused as refused:
            if refused.kind in OF_THE_MACHINE:
                raise
            self._forget_from(events)
            del self.claims[claims:]
            self.guards = guards
            self.refused[number] = refused
        else:
            if len(self.events) > events:
                self.acted.add(number)

    def _forget_from(self, first: int) -> None:
        for new in self.events[first:]:
            seen = self._streams[new.stream]
            seen.recorded.pop()
            seen.state, seen.folded = seen.base, 0
        del self.events[first:]

    async def claimed_by(self, scope: str, value: str) -> str | None:
        """The stream that holds a unique value, else None."""
        return await self._store.claimed_by(scope, value)

    async def head(self) -> int:
        """The log's last position: what a question about a set must at least know of."""
        return await self._store.head()

    async def streams_since(
        self, workspace_id: str, events: Sequence[type], position: int
    ) -> tuple[int, Sequence[str]]:
        """As the store says it: what a view that was at `position` cannot know of."""
        return await self._store.streams_since(workspace_id, events, position)

    def release(self, stream: str) -> None:
        """What was loaded is not relied on: the commit asserts nothing about it. Only of a stream
        on which nothing is recorded."""
        assert not self._streams[stream].recorded, f"{stream} is written"
        del self._streams[stream]

    async def touched(self, guard: str) -> int:
        """The position at which a guard was last touched; 0: never."""
        return await self._store.touched(guard)

    def record(
        self,
        aggregate: Aggregate[S],
        workspace_id: str,
        stream: str,
        *events: object,
        draws: str | None = None,
        touches: Sequence[str] = (),
        occurred_at: datetime | None = None,
        author: str | None = None,
        subject: str | None = None,
        authors: Mapping[str, str] | None = None,
    ) -> None:
        """Decided: these events follow on a stream, which is new unless it was loaded.

        Guards that the aggregate names are touched without being told, and words that an event
        repeats stay those of whom it names; `draws` holds for the first event; the other
        arguments are those of `NewEvent` and hold for all of them.
        """
        seen = self._streams.get(stream)
        if seen is None:
            seen = self._streams[stream] = _Stream(aggregate, None, None, 0)
        for event in events:
            before = self._folded(seen)
            moved = aggregate.touches(before, event, workspace_id)
            repeated = aggregate.authors(before, event)
            if self.words:
                repeated = {**_written_before(event, self.words), **repeated}
            new = NewEvent(
                workspace_id,
                stream,
                event,
                draws,
                (*moved, *touches) if touches else moved,
                occurred_at,
                author,
                subject,
                {**repeated, **authors} if authors else repeated,
            )
            seen.recorded.append((len(self.events), new))
            self.events.append(new)
            draws = None

    def record_history(self, stream: str, events: Iterable[NewEvent]) -> None:
        """Decided: a long history follows on a stream that this work has loaded or begun, each
        event with the guards that it touches. It is not folded here: `peek` goes on giving the
        state before it, and whoever wants the one after it reads the stream anew."""
        self._streams[stream].is_whole = False
        self.events.extend(events)

    def claim(
        self,
        scope: str,
        value: str,
        *,
        field: str,
        owner: str,
        holding: bool = True,
        retry: bool = False,
    ) -> None:
        """Take (or give back) what must be unique. `retry`: the value was made up, so that the
        command is decided again where somebody else takes it first."""
        self.claims.append(Claim(scope, value, field, owner, holding))
        if retry:
            self.retried_claims.add(field)

    def guard(self, name: str, position: int) -> None:
        """Hold only if the guard was not touched after this position; of several, the first."""
        self.guards[name] = min(position, self.guards.get(name, position))

    def touch(self, stream: str, guard: str) -> None:
        """The last event recorded on this stream touches one more guard."""
        recorded = self._streams[stream].recorded
        index, new = recorded[-1]
        recorded[-1] = index, replace(new, touches=(*new.touches, guard))
        self.events[index] = recorded[-1][1]

    def afterwards(self, command: Any) -> None:
        """Once this work is in the log, the product does that by itself. What does not come to be
        done, since the process ends, must be missed by nobody."""
        self.follow_ups.append(command)

    def present(self, aggregate: Aggregate[S]) -> Iterator[S]:
        """The states of one kind that this work has looked at or recorded on, as they are now."""
        for seen in self._streams.values():
            if seen.aggregate.kind == aggregate.kind:
                state = self._folded(seen)
                if state is not None:
                    yield state

    def changed(self, aggregate: Aggregate[S]) -> Iterator[tuple[S | None, S | None]]:
        """Each stream of one kind on which something was recorded: its state before that and
        after it. Long histories (`record_history`) are not among them."""
        for seen in self._streams.values():
            if seen.recorded and seen.is_whole and seen.aggregate.kind == aggregate.kind:
                yield seen.base, self._folded(seen)

    def is_changed(self, stream: str) -> bool:
        """Whether something was recorded on it."""
        return stream in self._streams and bool(self._streams[stream].recorded)

    @property
    def position(self) -> int:
        """That of the latest event in all that this work has looked at; what it recorded apart."""
        bases = (seen.base for seen in self._streams.values())
        return max((state.position for state in bases if state is not None), default=0)

    @property
    def written(self) -> set[str]:
        """Every stream on which something was recorded."""
        return {new.stream for new in self.events}

    @property
    def expected(self) -> Mapping[str, int]:
        """Every stream read or written, with the version that it must still have."""
        return {stream: seen.version for stream, seen in self._streams.items()}

    def settle(self, receipt: Receipt) -> None:
        """It is in the log: fold what was recorded as the log has it.

        The events of a commit stand at consecutive positions, the receipt's the last.
        """
        first = receipt.position - len(self.events) + 1
        for stream, seen in self._streams.items():
            if not seen.is_whole:
                self._states.forget(stream)
                continue
            if not seen.recorded:
                continue
            state = seen.base
            for nth, (index, new) in enumerate(seen.recorded, start=1):
                stamp = Stamp(
                    new.workspace_id,
                    stream,
                    seen.version + nth,
                    self.actor,
                    receipt.recorded_at,
                    first + index,
                    new.occurred_at,
                    receipt.numbers[index],
                    new.author,
                    new.authors,
                )
                state = seen.aggregate.evolve(state, new.event, stamp)
            seen.state, seen.folded = state, len(seen.recorded)
            if state is not None:
                self._states.keep(stream, state)

    def _folded(self, seen: _Stream) -> Any:
        """Folded only when asked for: the usual command records once and never looks again."""
        while seen.folded < len(seen.recorded):
            _, new = seen.recorded[seen.folded]
            seen.folded += 1
            stamp = Stamp(
                workspace_id=new.workspace_id,
                stream=new.stream,
                version=seen.version + seen.folded,
                actor=self.actor,
                recorded_at=self.now,
                occurred_at=new.occurred_at,
                author=new.author,
                authors=new.authors,
            )
            seen.state = seen.aggregate.evolve(seen.state, new.event, stamp)
        return seen.state


def text_fields(event: object) -> frozenset[str]:
    """The fields of an event that hold what people wrote, and what may be erased."""
    kind: Any = type(event)
    return _text_fields(kind)


@cache
def _text_fields(kind: Any) -> frozenset[str]:
    return frozenset(each.name for each in fields(kind) if Erased in get_args(each.type))


def _written_before(event: Any, words: Mapping[str, str]) -> Mapping[str, str]:
    """Who wrote the fields of an event that hold such words."""
    found = {}
    for name in text_fields(event):
        value = getattr(event, name)
        texts = value.values() if isinstance(value, Mapping) else (value,)
        writers = {words[text] for text in texts if isinstance(text, str) and text in words}
        if len(writers) == 1:
            found[name] = writers.pop()
    return found
