"""What is tried and refused, and which keys are used from where: noted in the trails it concerns.

Who is refused waits for none of this: what happens is counted in memory, and told to the log about
a second later. Of one person the first time is told at once and what follows once a minute, and so
many notes a minute are the most that a process writes: whoever floods it makes the counts larger,
and not the log. What a process counted in its last minute dies with it.
"""

import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from commands.execution import Executor
from commands.ports import Clock
from commands.security.note_security import WATCH, NoteSecurity
from domain.aggregates import AGGREGATES, aggregate_of
from domain.errors import Invalid
from domain.security.events import ApiKeyUsed, CommandsRefused, LogInsFailed, Noted
from domain.values.ids import SYSTEM_ACTOR, SYSTEM_WORKSPACE, is_id, kind_of
from domain.values.recorded import Origin
from domain.workspace.state import WORKSPACE
from infra.people.api_keys import KeyGrant
from infra.security.alarm import SECURITY, RecordingAlarm
from infra.security.tally import Count, Tally

_MOST_KEYS: Final = 10_000
_MOST_WORKSPACES: Final = 20
_USES_KEPT: Final = 50_000
_MOST_USES_WAITING: Final = 10_000
_MINUTE_S: Final = 60.0
_ASKED_AGAIN_S: Final = 3_600.0
_NOBODY: Final = ""

WorkspacesOf = Callable[[str], Awaitable[Sequence[str]]]
FirstUse = Callable[[str, str], Awaitable[bool]]
# A person, and the thing that they were refused, where the call names one.
_Refusal = tuple[str, str | None]


@dataclass(slots=True)
class _Use:
    grant: KeyGrant
    address: str
    is_first: bool | None = None


class SecurityWatch:
    """One a process. `first_use` says whether a key was not used from an address for a day, and is
    told by asking that it is now."""

    def __init__(
        self,
        executor: Executor,
        workspaces_of: WorkspacesOf,
        first_use: FirstUse,
        alarm: RecordingAlarm,
        clock: Clock,
        *,
        window_s: float,
        most_a_minute: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._executor = executor
        self._workspaces_of = workspaces_of
        self._alarm = alarm
        self._clock = clock
        self._monotonic = monotonic
        self._most_a_minute = most_a_minute
        self._log_ins: Tally[str] = Tally(_NOBODY, window_s=window_s, most_keys=_MOST_KEYS)
        nobody: _Refusal = (_NOBODY, None)
        self._refusals: Tally[_Refusal] = Tally(nobody, window_s=window_s, most_keys=_MOST_KEYS)
        self._first_use = first_use
        self._seen_uses: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._uses: deque[_Use] = deque()
        self._turn = 0
        self._left = float(most_a_minute)
        self._filled_at = monotonic()

    def log_in_failed(self, user_id: str | None, how: str, address: str | None) -> None:
        """Nobody was let in; `user_id` None where there is no such account."""
        self._log_ins.add(user_id or _NOBODY, how, address, self._clock())

    def refused(self, user_id: str, about: str | None, what: str, address: str) -> None:
        """Somebody may not, or does not see what they name."""
        self._refusals.add((user_id, about), what, address, self._clock())

    def key_used(self, grant: KeyGrant, address: str) -> None:
        """At every request by a key; most of them end at once."""
        use = (grant.key_id, address)
        now = self._monotonic()
        seen_at = self._seen_uses.get(use)
        if seen_at is not None and now - seen_at < _ASKED_AGAIN_S:
            return
        self._seen_uses[use] = now
        if len(self._seen_uses) > _USES_KEPT:
            self._seen_uses.popitem(last=False)
        if len(self._uses) < _MOST_USES_WAITING:
            self._uses.append(_Use(grant, address))

    async def tell(self) -> None:
        """Write down what is due, for as long as there is room; to be called every second. What
        has its turn first changes, so that a flood of one kind hides no other."""
        self._fill()
        kinds = (self._due_log_ins, self._due_refusals, self._due_uses)
        self._turn = (self._turn + 1) % len(kinds)
        for tell in (*kinds[self._turn :], *kinds[: self._turn]):
            if not await tell(self._monotonic()):
                return

    async def _due_log_ins(self, now: float) -> bool:
        for user_id, count in self._log_ins.due(now):
            if not await self._spent(partial(self._tell_log_ins, user_id, count)):
                self._log_ins.put_back(user_id, count)
                return False
        return True

    async def _due_refusals(self, now: float) -> bool:
        for refusal, count in self._refusals.due(now):
            if not await self._spent(partial(self._tell_refusals, refusal, count)):
                self._refusals.put_back(refusal, count)
                return False
        return True

    async def _due_uses(self, now: float) -> bool:
        while self._uses:
            use = self._uses.popleft()
            if not await self._spent(partial(self._tell_use, use)):
                self._uses.append(use)
                return False
        return True

    def _fill(self) -> None:
        now = self._monotonic()
        more = (now - self._filled_at) / _MINUTE_S * self._most_a_minute
        self._left = min(float(self._most_a_minute), self._left + more)
        self._filled_at = now

    async def _spent(self, tell: Callable[[], Awaitable[int]]) -> bool:
        """Whether it is done with; it is not where too much was told of late, or nothing can be
        told now."""
        if self._left < 1:
            return False
        try:
            self._left -= await tell()
        except (Invalid, TypeError, ValueError) as error:
            self._alarm.lost(SECURITY, error)  # it would not be better another time
        except Exception as error:
            self._alarm.failed(SECURITY, error)
            return False
        self._alarm.recorded(SECURITY)
        return True

    async def _tell_log_ins(self, user_id: str, count: Count) -> int:
        event = LogInsFailed(
            user_id=user_id or None,
            times=count.times,
            addresses=len(count.addresses),
            how=dict(count.ways),
            since=count.since,
            until=count.until,
        )
        if not user_id:
            return await self._note((SYSTEM_WORKSPACE,), event, Origin(SYSTEM_ACTOR, via=WATCH))
        # An address is sealed with the person: nobody else is known whose it could be.
        origin = Origin(user_id, via=WATCH, ip=count.address)
        return await self._note(await self._of(user_id), event, origin)

    async def _tell_refusals(self, refusal: _Refusal, count: Count) -> int:
        user_id, about = refusal
        workspace_id = await self._place(user_id, about)
        if workspace_id is None:
            ways = {what: times for what, times in count.ways.items() if "not-found" not in what}
            if not ways:
                return 0  # there is no such thing: nothing was kept from them
            count.ways, count.times = ways, sum(ways.values())
        event = CommandsRefused(
            times=count.times, what=dict(count.ways), since=count.since, until=count.until
        )
        actor = user_id or SYSTEM_ACTOR
        origin = Origin(actor, via=WATCH, ip=count.address if user_id else None)
        return await self._note((workspace_id or SYSTEM_WORKSPACE,), event, origin)

    async def _place(self, user_id: str, about: str | None) -> str | None:
        """The workspace of what they were refused, if they are in it: what strangers try is told
        to nobody who could learn from it who they are. None where it does not exist."""
        kind = None if about is None else kind_of(about)
        if about is None or kind not in AGGREGATES:
            return None
        states = self._executor.states
        state = await states.read(aggregate_of(about), about)
        if state is None:
            return None
        workspace_id: str = state.workspace_id
        workspace = None
        if is_id(workspace_id, "ws"):
            workspace = await states.read(WORKSPACE, workspace_id)
        is_in = workspace is not None and workspace.role_of(user_id) is not None
        return workspace_id if is_in else SYSTEM_WORKSPACE

    async def _tell_use(self, use: "_Use") -> int:
        grant, address = use.grant, use.address
        if use.is_first is None:
            use.is_first = await self._first_use(grant.key_id, address)
        if not use.is_first:
            return 0  # another process has told it
        own = (grant.workspace_id,) if grant.workspace_id else await self._of(grant.user_id)
        origin = Origin(grant.user_id, via=WATCH, key_id=grant.key_id, ip=address)
        return await self._note(own, ApiKeyUsed(key_id=grant.key_id), origin)

    async def _of(self, user_id: str) -> Sequence[str]:
        found = await self._workspaces_of(user_id)
        return found[:_MOST_WORKSPACES] or (SYSTEM_WORKSPACE,)

    async def _note(self, workspaces: Sequence[str], event: Noted, origin: Origin) -> int:
        for workspace_id in workspaces:
            command = NoteSecurity(workspace_id=workspace_id, event=event)
            await self._executor.execute([command], origin)
        return len(workspaces)
