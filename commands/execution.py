"""Runs commands: may they, what do they decide, into the log, and what is answered."""

import hashlib
import hmac
import secrets
from asyncio import gather, get_running_loop
from collections.abc import Awaitable, Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import field, replace
from functools import partial
from random import random
from typing import Any, Final, TypeVar

from commands.commit import Commit, Receipt
from commands.differences import changed_fields
from commands.follow_ups import FollowUps
from commands.patience import MEETING_PATIENCE_SECONDS, Patience
from commands.ports import (
    BoardReader,
    Clock,
    CommentReader,
    EventStore,
    NewId,
    Snapshots,
    StreamMoved,
    TrailReader,
    TreeReader,
)
from commands.recurrence.next_task import go_on
from commands.replayed import load_shown, streams_again
from commands.spec import Access, CommandSpec, Registry
from commands.states import States
from commands.task.blocking import settle
from commands.task.room import require_room
from commands.turns import Turns
from commands.work import StartAgain, Work, World
from domain.aggregate import Aggregate, Versioned
from domain.aggregates import aggregate_of
from domain.errors import OF_THE_MACHINE, Kind, Refused, first_still_runs, invalid
from domain.values.frozen import dataclass
from domain.values.limits import Limits
from domain.values.rank import PAIRS
from domain.values.recorded import Origin

S = TypeVar("S", bound=Versioned)
T = TypeVar("T")

WAITING_FOR_ONE_STREAM: Final = 1_000
SAME_KEY_PATIENCE_SECONDS: Final = 10.0

_GUARD_PATIENCE_SECONDS: Final = 2.0
_LAST_PAIRS: Final = tuple(pair for pair in PAIRS if not pair.endswith("0"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a command did. `receipt` is None where there was nothing to do and no key to keep.

    `main_stream` is what the answer shows. `changed` is False where nothing was recorded now; then
    `position` is that of the latest event from which that followed.
    """

    receipt: Receipt | None
    main_stream: str
    changed: bool
    replayed: bool
    position: int
    _work: Work
    _first_answer: Versioned | None = None
    _streams: tuple[str, ...] = ()

    def state(self, aggregate: Aggregate[S], stream: str | None = None) -> S:
        """The state of a stream (default: the main one) that the command read or wrote, as it is
        after it. For a replay the main stream is as the first answer showed it, the rest as now.

        Raises LookupError for a stream that the command did not read.
        """
        wanted = stream or self.main_stream
        if self._first_answer is not None and wanted == self.main_stream:
            first: Any = self._first_answer
            state: S = first  # a stream has the state of its own kind
            return state
        return self._work.seen(aggregate, wanted)

    @property
    def workspace_id(self) -> str:
        """Where what the answer shows belongs."""
        found: str = self.state(aggregate_of(self.main_stream)).workspace_id
        return found

    @property
    def refused(self) -> Mapping[int, Refused]:
        """Parts of a command over many things that were refused, by number."""
        return self._work.refused

    @property
    def acted(self) -> AbstractSet[int]:
        """The numbers of those parts that recorded anything."""
        return self._work.acted

    def peek(self, aggregate: Aggregate[S], stream: str) -> S | None:
        """As `state`, None for a stream that the command did not read."""
        return self._work.peek(aggregate, stream)


class _Stale(Refused):
    def __init__(self, stream: str, version: int) -> None:
        super().__init__(Kind.VERSION_STALE, "It has changed since you read it.")
        self.stream = stream
        self.version = version


class _Behind(Exception):
    """A part was refused because of what this process remembered: all of it is decided again."""


@dataclass(slots=True)
class _Request:
    """One call of `execute` over all its attempts. `fresh` are the streams that were read from
    the log while it ran; `admitted` says that the present attempt was permitted."""

    commands: Sequence[Any]
    origin: Origin
    key: str | None
    digest: bytes | None
    if_match: tuple[str, int] | None
    command_id: bytes = b""
    workspace_id: str = ""
    admitted: bool = False
    is_rehearsal: bool = False
    fresh: set[str] = field(default_factory=set)
    turns: list[str] = field(default_factory=list)

    def admit(self, access: Access, secret: bytes) -> None:
        """The first permission has said in which workspace the command runs."""
        self.admitted = True
        if self.command_id:
            return
        self.workspace_id = access.workspace_id
        if self.key is None:
            self.command_id = secrets.token_bytes(16)
            return
        caller = access.caller or self.origin.actor
        named = "".join(f"{len(part)}:{part}" for part in (access.workspace_id, caller, self.key))
        mac = hmac.digest(secret, named.encode("utf-8", "surrogatepass"), hashlib.sha256)
        self.command_id = mac[:16]


class Executor:
    """One a process. Commands on one stream run one after another; what other processes do is
    met by the log's assertions, read again and decided again, three times."""

    def __init__(
        self,
        *,
        registry: Registry,
        store: EventStore,
        board: BoardReader,
        comments: CommentReader,
        trees: TreeReader,
        trail: TrailReader,
        clock: Clock,
        new_id: NewId,
        secret: bytes,
        limits: Limits | None = None,
        cache_bytes: int = 64 * 1024 * 1024,
        snapshots: Snapshots | None = None,
    ) -> None:
        """`secret` makes command ids out of Idempotency-Keys; it must outlive the process."""
        self._registry = registry
        self._store = store
        self._clock = clock
        self._secret = secret
        self.states = States(store, cache_bytes, snapshots)
        self._turns = Turns(WAITING_FOR_ONE_STREAM)
        self.follow_ups = FollowUps(self.execute)
        self._world = World(
            store=store,
            states=self.states,
            board=board,
            comments=comments,
            trees=trees,
            trail=trail,
            new_id=new_id,
            tail=random_tail,
            limits=limits or Limits(),
            run=self._decide,
            inverse_of=registry.inverse_of,
        )

    async def execute(
        self,
        commands: Sequence[Any],
        origin: Origin,
        *,
        idempotency_key: str | None = None,
        digest: bytes | None = None,
        if_match: tuple[str, int] | None = None,
    ) -> Outcome:
        """Run commands as one commit, whole or not at all.

        `digest` is an HMAC of the request without its secret fields, and goes with the key.
        `if_match` is (stream, version) as the caller last saw it. Raises Refused.
        """
        if (idempotency_key is None) != (digest is None):
            raise ValueError("a key and the digest of its request go together")
        request = _Request(commands, origin, idempotency_key, digest, if_match)
        try:
            await self._take_turns(request)
            return await self._run(request)
        finally:
            for name in reversed(request.turns):
                self._turns.give(name)

    async def ask(self, origin: Origin, question: Callable[[Work], Awaitable[T]]) -> T:
        """What a question gives over states as the log has them now; nothing is recorded.

        Raises what the question raises.
        """
        fresh: set[str] = set()
        while True:
            work = Work(self._world, origin, self._clock())
            try:
                answer = await question(work)
            except Refused as refusal:
                if refusal.kind in OF_THE_MACHINE or not await self._was_behind(fresh, work):
                    raise
            else:
                if not await self._was_behind(fresh, work):
                    return answer

    async def rehearse(self, commands: Sequence[Any], origin: Origin) -> Outcome:
        """What `execute` would do now, `changed` where it would record anything. Raises Refused."""
        return await self._run(_Request(commands, origin, None, None, None, is_rehearsal=True))

    async def _take_turns(self, request: _Request) -> None:
        """The key first, then the streams by name: in one order, so that nobody waits in a ring."""
        if request.key is not None:
            name = f"key {request.origin.actor} {request.key}"
            try:
                await self._turns.take(name, SAME_KEY_PATIENCE_SECONDS)
            except TimeoutError:
                raise first_still_runs() from None
            request.turns.append(name)
        streams: set[str] = set()
        for command in request.commands:
            writes = self._registry.spec_of(command).writes
            if writes is not None:
                streams.add(writes(command))
        for stream in sorted(streams):
            await self._turns.take(stream)
            request.turns.append(stream)

    async def _take_late_turn(self, request: _Request, patience_seconds: float, name: str) -> bool:
        """At a guard, or at a stream that only the decision could name; whether it came after a
        wait. Spares those of one process from meeting in the log. Who holds other turns already
        does not wait for ever: the log tells them apart as well."""
        if name in request.turns:
            return False
        waits = self._turns.is_taken(name)
        with suppress(TimeoutError):
            await self._turns.take(name, patience_seconds)
            request.turns.append(name)
            return waits
        return False

    async def _run(self, request: _Request) -> Outcome:
        patience = Patience()
        while patience.left:
            work = Work(self._world, request.origin, self._clock(), patience.begin())
            work.take_turn = partial(self._take_late_turn, request, MEETING_PATIENCE_SECONDS)
            try:
                outcome = await self._attempt(request, work)
            except StartAgain:
                patience.spare()
                continue
            except _Behind:
                continue
            except StreamMoved as moved:
                patience.overtaken(moved, work.meeting_points, get_running_loop().time())
                own = work.written.intersection(moved.streams)
                # Who is met at a meeting point may wait for a turn that is held here.
                for stream in sorted(own - work.meeting_points):
                    await self._take_late_turn(request, _GUARD_PATIENCE_SECONDS, stream)
                await self._catch_up(request, work, moved)
                continue
            except Refused as refusal:
                if refusal.kind in OF_THE_MACHINE:
                    raise
                first = await self._first_answer(request, work)
                if first is not None:
                    return first
                if refusal.fields.get("field") in work.retried_claims:
                    continue
                if await self._was_behind(request.fresh, work):
                    continue
                if isinstance(refusal, _Stale):
                    raise await self._with_differences(refusal, work) from None
                raise
            if outcome.receipt is None and await self._was_behind(request.fresh, work):
                continue
            if outcome.changed:
                self.follow_ups.begin(work.follow_ups, request.origin, request.command_id)
            return outcome
        raise StreamMoved

    async def _attempt(self, request: _Request, work: Work) -> Outcome:
        request.admitted = False
        streams: list[str] = []
        for at, command in enumerate(request.commands):
            try:
                streams.append(await self._step(request, command, work))
            except Refused as refused:
                refused.at = at
                raise
        if not streams:
            raise ValueError("nothing to execute")
        shown = streams[0]
        if work.refused and await self._was_behind(request.fresh, work):
            raise _Behind
        await require_room(work, partial(self._take_late_turn, request, _GUARD_PATIENCE_SECONDS))
        if request.is_rehearsal:
            outcome = self._outcome(None, streams, work)
            return replace(outcome, changed=bool(work.events))
        if not work.events and request.key is None:
            return self._outcome(None, streams, work)
        receipt = await self._store.append(
            Commit(
                command_id=request.command_id,
                workspace_id=request.workspace_id,
                main_stream=shown,
                origin=work.origin,
                events=tuple(work.events),
                expected=work.expected,
                guards=work.guards,
                claims=tuple(work.claims),
                request_digest=request.digest,
            )
        )
        if receipt.replayed:
            return await self._replayed(receipt, work)
        work.settle(receipt)
        return self._outcome(receipt, streams, work)

    async def _step(self, request: _Request, command: Any, work: Work) -> str:
        spec = self._registry.spec_of(command)
        access = await _permitted(spec, command, work)
        if not request.admitted:
            request.admit(access, self._secret)
            await self._require_match(request, work)
        elif access.workspace_id != request.workspace_id:
            raise invalid("", "What is done as one must be of one workspace.")
        decided = len(work.events)
        stream = await spec.handler(command, work)
        if len(work.events) > decided:
            await settle(work, decided)
            await go_on(work, decided)
        return stream

    async def each(self, outcome: Outcome, commands: Sequence[Any]) -> list[Outcome]:
        """The outcome of each of the commands that were run as one commit, shown as it is now
        where that was before."""
        if not outcome.replayed:
            streams: Sequence[str] = outcome._streams or [outcome.main_stream] * len(commands)
            return [replace(outcome, main_stream=stream) for stream in streams]
        main = outcome.state(aggregate_of(outcome.main_stream))
        recorded = await self._store.read_command(main.workspace_id, outcome.position)
        specs = [self._registry.spec_of(command) for command in commands]
        streams = streams_again(commands, specs, recorded)
        work = Work(self._world, Origin(outcome._work.actor), self._clock())
        await load_shown(work, streams)
        return [
            replace(outcome, main_stream=stream, _work=work, _first_answer=None)
            for stream in streams
        ]

    async def _decide(self, command: Any, work: Work) -> str:
        spec = self._registry.spec_of(command)
        await _permitted(spec, command, work)
        return await spec.handler(command, work)

    def _outcome(self, receipt: Receipt | None, streams: Sequence[str], work: Work) -> Outcome:
        """`streams` are what the commands answer with, one for each; the first is shown."""
        shown = streams[0]
        if receipt is not None:
            position, changed = receipt.position, bool(work.events)
        else:
            position, changed = work.position, False
        return Outcome(receipt, shown, changed, False, position, work, _streams=tuple(streams))

    async def _require_match(self, request: _Request, work: Work) -> None:
        if request.if_match is None:
            return
        stream, version = request.if_match
        state = await work.load(aggregate_of(stream), stream)
        if version != (0 if state is None else state.version):
            raise _Stale(stream, version)

    async def _with_differences(self, stale: _Stale, work: Work) -> Refused:
        """The 412 that says what changed since the caller looked."""
        aggregate = aggregate_of(stale.stream)
        now = work.peek(aggregate, stale.stream)
        current = 0 if now is None else now.version
        then: Versioned | None = None
        if now is not None and 0 < stale.version < current:
            recorded = await self._store.read_stream(stale.stream, upto=stale.version)
            then = aggregate.fold((each.event, each.stamp) for each in recorded)
        return Refused(
            Kind.VERSION_STALE,
            f"It is at version {current} by now; read it again, then repeat your change.",
            current_version=current,
            changed_fields=[] if then is None or now is None else changed_fields(then, now),
        )

    async def _first_answer(self, request: _Request, work: Work) -> Outcome | None:
        """A keyed request is only refused where it has not succeeded before."""
        if request.key is None or not request.admitted:
            return None
        receipt = await self._store.find_command(request.command_id, request.digest)
        return None if receipt is None else await self._replayed(receipt, work)

    async def _replayed(self, receipt: Receipt, work: Work) -> Outcome:
        stream, aggregate = receipt.main_stream, aggregate_of(receipt.main_stream)
        after = receipt.main_version - 1 if aggregate.last_event_tells else 0
        recorded = await self._store.read_stream(stream, after, receipt.main_version)
        state = aggregate.fold((each.event, each.stamp) for each in recorded)
        return Outcome(receipt, stream, False, True, receipt.position, work, state)

    async def _catch_up(self, request: _Request, work: Work, moved: StreamMoved) -> None:
        """Read on from where the process knew a stream; what cannot be read on is forgotten."""
        streams = moved.streams or (() if moved.guards else tuple(work.expected))
        newer = await gather(*(self.states.refresh(stream) for stream in streams))
        for stream, found in zip(streams, newer, strict=True):
            if not found:
                self.states.forget(stream)
        request.fresh.update(streams)

    async def _was_behind(self, fresh: set[str], work: Work) -> bool:
        """Whether the attempt was decided on something that another process has changed since:
        nobody is refused because of what this process remembers."""
        doubtful = sorted(work.from_memory.keys() - fresh)
        if not doubtful:
            return False
        fresh.update(doubtful)
        known = work.from_memory
        return not all(
            await gather(*(self.states.stands(stream, known[stream]) for stream in doubtful))
        )


async def _permitted(spec: CommandSpec[Any], command: Any, work: Work) -> Access:
    assert spec.permission is not None  # the registry refuses to be built otherwise
    return await spec.permission.check(command, work)


def random_tail() -> str:
    """Six random base-62 digits, the last not zero, which no rank may end with."""
    return _one_of(PAIRS) + _one_of(PAIRS) + _one_of(_LAST_PAIRS)


def _one_of(pairs: Sequence[str]) -> str:
    # Python seeds this one generator anew in every process that is forked: one of our own would be
    # the same in each.
    return pairs[int(random() * len(pairs))]  # noqa: S311 - only told apart, no secret
