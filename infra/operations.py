"""What the product says about itself: its parts, its log, how far each view is."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from typing import Final

import structlog
from prometheus_client import Gauge

from domain.values.frozen import dataclass
from infra.event_store.store import PostgresEventStore
from infra.nats.connection import NatsConnection
from infra.opensearch.index import OpenSearchIndex
from infra.outages import outage
from infra.postgres.pool import Pool
from infra.processes.status import SAID_BESIDE_SEALER, SAID_OF_ROLE, RoleStatus
from infra.redis.rate_limit import RateLimiter
from infra.security.alarm import RecordingAlarm
from projections.registry import VIEWS
from projections.trail import TRAIL_VIEW

_TIMEOUT_S: Final = 2.0
_RELAY_SILENT_S: Final = 10.0
_TRAIL_LAG_S: Final = 3.0

_log = structlog.get_logger(__name__)

_LAGS: Final = (
    "SELECT name, version, position, lag_events, lag_seconds, parked FROM ops.view_lags()"
)
_RELAY: Final = (
    "SELECT state, reason, head - cursor,"
    " extract(epoch FROM clock_timestamp() - beat_at)::double precision FROM ops.relay"
)

_SIGNED: Final = (
    "SELECT size FROM record.checkpoints JOIN log.head USING (log_id) ORDER BY size DESC LIMIT 1"
)

_ROLES: Final = ("scheduler", "sealer")
_BESIDE_SEALER: Final = {
    "witnesses": ("record_witnessed_position", "Up to where witnesses cosigned the log."),
    "time_stamps": ("record_stamped_position", "Up to where the log has time stamps."),
}


@dataclass(frozen=True, slots=True)
class PartState:
    """`needed`: without it nothing can be answered. `why` says what is wrong, for people."""

    ok: bool
    why: str | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class ViewLag:
    version: int
    position: int
    lag_events: int
    lag_seconds: float
    parked: int


class Operations:
    """Asks each part, none of them for longer than two seconds."""

    def __init__(
        self,
        pool: Pool,
        store: PostgresEventStore,
        nats: NatsConnection | None,
        rate_limiter: RateLimiter | None,
        search_index: OpenSearchIndex | None,
        recording: RecordingAlarm,
    ) -> None:
        self._pool = pool
        self._store = store
        self._nats = nats
        self._rate_limiter = rate_limiter
        self._search_index = search_index
        self._recording = recording
        self._trail_said: str | None = None

    async def parts(self) -> dict[str, PartState]:
        """Every part that this process works with, the relay that feeds the views, and the
        scheduler and the sealer where they run, with who signs beside it."""
        (database, relay, views, trail), roles, beside = await asyncio.gather(
            asyncio.gather(
                self._database(),
                _state(self._relay()),
                _state(self._unbuilt_views()),
                _state(self._trail()),
            ),
            asyncio.gather(*map(self._role, _ROLES)),
            asyncio.gather(*map(self._beside_sealer, _BESIDE_SEALER)),
        )
        parts = {
            "postgresql": database,
            "relay": PartState(relay is None, relay),
            "views": PartState(views is None, views, needed=True),
            "trail": PartState(trail is None, trail),
        }
        found = zip((*_ROLES, *_BESIDE_SEALER), (*roles, *beside), strict=True)
        parts |= {name: part for name, part in found if part is not None}
        if self._nats is not None:
            connected = self._nats.connected
            why = None if connected else "no connection: views follow the log once a second"
            parts["nats"] = PartState(connected, why)
        if self._rate_limiter is not None:
            shared = self._rate_limiter.mode == "shared"
            why = None if shared else "no store: each process limits by itself"
            parts["rate_limits"] = PartState(shared, why)
        if self._search_index is not None:
            why = await _state(self._search_index.problem())
            if why is not None:
                why = f"{why}: PostgreSQL answers searches"
            parts["opensearch"] = PartState(why is None, why)
        return parts

    async def look_at_trail(self) -> None:
        """Say it in the log when something becomes wrong with the trail, and when it is whole
        again; to be called every few seconds."""
        why = await _state(self._trail())
        if why is not None and self._trail_said is None:
            _log.error("trail_not_whole", why=why)
        elif why is None and self._trail_said is not None:
            _log.info("trail_whole_again")
        self._trail_said = why

    async def views(self) -> Mapping[str, ViewLag]:
        """How far each view is behind the log."""
        async with self._pool.connection() as connection:
            rows = await (await connection.execute(_LAGS)).fetchall()
        return {name: ViewLag(*lag) for name, *lag in rows}

    async def head(self) -> int:
        """The log's last position."""
        return await self._store.head()

    async def gauges(self) -> Iterable[Gauge]:
        """The same as numbers; without those of the database where that is away."""
        gauges = _Gauges()
        for name, part in (await self.parts()).items():
            gauges.set("part_up", "Whether a part answers.", int(part.ok), part=name)
        try:
            views = await asyncio.wait_for(self.views(), _TIMEOUT_S)
            head = await asyncio.wait_for(self.head(), _TIMEOUT_S)
            signed = await asyncio.wait_for(self._signed(), _TIMEOUT_S)
            beside = {
                signer: await asyncio.wait_for(self._said_beside(signer), _TIMEOUT_S)
                for signer in _BESIDE_SEALER
            }
        except Exception as error:
            if outage(error) is None:
                raise
            return gauges
        gauges.set("log_head_position", "The log's last position.", head)
        gauges.set("record_signed_position", "Up to where the log is signed.", signed)
        for signer, said in beside.items():
            if said:
                gauge, does = _BESIDE_SEALER[signer]
                gauges.set(gauge, does, max(size for _, _, size in said))
        for name, lag in views.items():
            gauges.set("view_position", "What a view has seen.", lag.position, view=name)
            gauges.set("view_lag_events", "Events a view is behind.", lag.lag_events, view=name)
            gauges.set("view_lag_seconds", "How long it is behind.", lag.lag_seconds, view=name)
            gauges.set("dead_letters", "Events that a view parked.", lag.parked, view=name)
        return gauges

    async def _signed(self) -> int:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_SIGNED)).fetchone()
        return 0 if row is None else int(row[0])

    async def _database(self) -> PartState:
        problem = self._store.problem
        if problem is not None:
            return PartState(False, problem, needed=True)
        why = await _state(self._log_answers())
        return PartState(why is None, why, needed=True)

    async def _log_answers(self) -> None:
        await self._store.head()

    async def _unbuilt_views(self) -> str | None:
        answering = {(name, lag.version) for name, lag in (await self.views()).items()}
        missing = [view.name for view in VIEWS if (view.name, view.version) not in answering]
        return f"not built yet: {', '.join(missing)}" if missing else None

    async def _trail(self) -> str | None:
        """What of the trail is not recorded, or cannot be seen though it is."""
        problem = self._recording.problem
        if problem is not None:
            return problem
        lag = (await self.views()).get(TRAIL_VIEW.name)
        if lag is not None and lag.parked:
            return f"{lag.parked} events are not in the view"
        if lag is not None and lag.lag_seconds > _TRAIL_LAG_S:
            return f"the view is {lag.lag_seconds:.0f} s behind, {lag.lag_events} events"
        return None

    async def _role(self, role: str) -> PartState | None:
        """None where no process has the role, and where nobody can say."""
        return await _part(self._said_of(role))

    async def _beside_sealer(self, part: str) -> PartState | None:
        """None where the log has none such, and where nobody can say."""

        async def said() -> Sequence[tuple[str | None, float]]:
            return [(state, silent_s) for state, silent_s, _ in await self._said_beside(part)]

        return await _part(said())

    async def _said_beside(self, part: str) -> Sequence[tuple[str | None, float, int]]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(SAID_BESIDE_SEALER, {"part": part})).fetchall()

    async def _said_of(self, role: str) -> Sequence[tuple[str | None, float]]:
        async with self._pool.connection() as connection:
            return await (await connection.execute(SAID_OF_ROLE, {"role": role})).fetchall()

    async def _relay(self) -> str | None:
        async with self._pool.connection() as connection:
            row = await (await connection.execute(_RELAY)).fetchone()
        if row is None:
            return "no relay has run yet"
        state, reason, behind, silent_s = row
        if state == "stopped":
            return f"stopped: {reason}"
        if silent_s > _RELAY_SILENT_S:
            return f"silent for {silent_s:.0f} s"
        if state == "waiting":
            return f"waiting for NATS, {behind} events behind"
        return None


async def _part(said: Awaitable[Sequence[tuple[str | None, float]]]) -> PartState | None:
    """By what processes say of it; None where none does, and where there is no answer in time."""
    try:
        status = RoleStatus.of(await asyncio.wait_for(said, _TIMEOUT_S))
    except Exception as error:
        if outage(error) is None:
            raise
        return None
    return None if status is None else PartState(status.wrong is None, status.wrong)


class _Gauges(list[Gauge]):
    """Gauges that live for one answer."""

    def __init__(self) -> None:
        super().__init__()
        self._by_name: dict[str, Gauge] = {}

    def set(self, name: str, does: str, value: float, **labels: str) -> None:
        gauge = self._by_name.get(name)
        if gauge is None:
            gauge = Gauge(f"taskledger_{name}", does, tuple(labels), registry=None)
            self._by_name[name] = gauge
            self.append(gauge)
        (gauge.labels(**labels) if labels else gauge).set(value)


async def _state(question: Awaitable[str | None]) -> str | None:
    """What is wrong, None where nothing is; also where there is no answer in time."""
    try:
        return await asyncio.wait_for(question, _TIMEOUT_S)
    except Exception as error:
        refused = outage(error)
        if refused is None:
            raise
        return refused.detail
