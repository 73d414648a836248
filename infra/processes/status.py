"""What the log, its relay, the views and the background processes say about themselves."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from domain.values.frozen import dataclass
from infra.postgres.pool import Connection
from infra.processes import dead_letters, generations
from infra.processes.dead_letters import ParkedStream
from infra.processes.generations import Standing
from infra.processes.log import Head, head

SILENT_AFTER_S = 10.0
# For as long a view may be behind without anybody's having to look.
BEHIND_AFTER_S = 30.0

_STARTING = "starting"

# What one that leads says of itself when all is well: the first of these that any of them says.
_WELL = ("running", "standing by", _STARTING)

# What one says that will do nothing more until a person has looked; no other may hide that.
_REFUSES = "refuses"

# For whoever asks without the rest: what each process of a role says of it, and since when.
SAID_OF_ROLE = (
    "SELECT report #>> ARRAY[%(role)s, 'state'],"
    " extract(epoch FROM clock_timestamp() - reported_at)::float8"
    " FROM ops.processes WHERE %(role)s = ANY (roles)"
)

# The same of who signs beside the sealer (`witnesses`, `time_stamps`), and up to where: the sealer
# says it, where the settings name any.
SAID_BESIDE_SEALER = (
    "SELECT report #>> ARRAY[%(part)s, 'state'],"
    " extract(epoch FROM clock_timestamp() - reported_at)::float8,"
    " (report #>> ARRAY[%(part)s, 'size'])::bigint"
    " FROM ops.processes WHERE 'sealer' = ANY (roles)"
    " AND report #> ARRAY[%(part)s, 'state'] IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class RelayStatus:
    """`wrong`: why events do not go out as they should, None when they do."""

    state: str
    reason: str | None
    cursor: int
    epoch: int
    owner: str
    silent_s: float
    log_id: str

    @property
    def wrong(self) -> str | None:
        if self.state == "stopped":
            return f"stopped: {self.reason}"
        if self.silent_s > SILENT_AFTER_S:
            return f"silent for {self.silent_s:.0f} s"
        if self.state == "waiting":
            return str(self.reason)
        return None


@dataclass(frozen=True, slots=True)
class ViewStatus:
    """A version of a view, by the generation that answers."""

    name: str
    version: int
    position: int
    lag_events: int
    lag_seconds: float
    parked_events: int


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """`report`: role -> what it says about itself."""

    process: str
    roles: tuple[str, ...]
    started_at: datetime
    silent_s: float
    report: Mapping[str, Mapping[str, int | str]]


@dataclass(frozen=True, slots=True)
class RoleStatus:
    """A role over all processes that have it, of which one leads and the rest stand by.
    `wrong`: why nothing is done, None where that is nobody's business."""

    state: str
    wrong: str | None = None

    @classmethod
    def of(cls, said: Sequence[tuple[str | None, float]]) -> "RoleStatus | None":
        """From the state that each of them tells and for how long it has been silent, in seconds;
        None where the role runs nowhere."""
        if not said:
            return None
        states = {state or _STARTING for state, silent_s in said if silent_s <= SILENT_AFTER_S}
        if not states:
            silent = f"silent for {min(silent_s for _, silent_s in said):.0f} s"
            return cls(silent, silent)
        refusing = [state for state in states if state.startswith(_REFUSES)]
        for state in () if refusing else _WELL:
            if state in states:
                return cls(state)
        state = min(refusing or states)
        return cls(state, state)


@dataclass(frozen=True, slots=True)
class FlowStatus:
    """One consistent look at all of it. `relay` is None where none has ever run."""

    head: Head
    relay: RelayStatus | None
    views: tuple[ViewStatus, ...]
    generations: tuple[Standing, ...]
    parked: tuple[ParkedStream, ...]
    processes: tuple[ProcessStatus, ...]

    @property
    def scheduler(self) -> RoleStatus | None:
        """None where no process has the role."""
        return self._role("scheduler")

    @property
    def sealer(self) -> RoleStatus | None:
        """None where no process has the role."""
        return self._role("sealer")

    @property
    def witnesses(self) -> RoleStatus | None:
        """As the sealer says; None where the settings name none."""
        return self._beside_sealer("witnesses")

    @property
    def time_stamps(self) -> RoleStatus | None:
        """As the sealer says; None where the settings name no authority."""
        return self._beside_sealer("time_stamps")

    def _beside_sealer(self, part: str) -> RoleStatus | None:
        return RoleStatus.of(
            [
                (str(said["state"]), process.silent_s)
                for process in self.processes
                if (said := process.report.get(part))
            ]
        )

    def _role(self, role: str) -> RoleStatus | None:
        return RoleStatus.of(
            [
                (str(process.report.get(role, {}).get("state", _STARTING)), process.silent_s)
                for process in self.processes
                if role in process.roles
            ]
        )

    @property
    def wrong(self) -> list[str]:
        """What a person should look at, a line each."""
        found = []
        if self.relay is None:
            found.append("no relay has run yet")
        elif self.relay.wrong is not None:
            found.append(f"relay {self.relay.wrong}")
        if not any(process.silent_s <= SILENT_AFTER_S for process in self.processes):
            found.append("no background process reports")
        late = max(self.views, key=lambda view: view.lag_seconds, default=None)
        if late is not None and late.lag_seconds > BEHIND_AFTER_S:
            why = "" if self._role("projector") else ", and no projector runs"
            found.append(f"{late.name} is {late.lag_seconds:.0f} s behind{why}")
        roles = {
            "scheduler": self.scheduler,
            "sealer": self.sealer,
            "witnesses": self.witnesses,
            "time stamps": self.time_stamps,
        }
        for role, status in roles.items():
            if status is not None and status.wrong is not None:
                found.append(f"{role} {status.wrong}")
        found += [
            f"{one.generation.view} has parked {one.stream} at {one.first_position}: {one.error}"
            for one in self.parked
        ]
        return found


async def read_status(connection: Connection) -> FlowStatus:
    """As the worker role, which may see every tenant's dead letters."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return FlowStatus(
            await head(connection),
            await _relay(connection),
            await _views(connection),
            tuple(await generations.standings(connection)),
            tuple(await dead_letters.parked_streams(connection)),
            await _processes(connection),
        )


async def _relay(connection: Connection) -> RelayStatus | None:
    cursor = await connection.execute(
        "SELECT state, reason, cursor, epoch, owner,"
        " extract(epoch FROM clock_timestamp() - beat_at)::float8, log_id::text FROM ops.relay"
    )
    row = await cursor.fetchone()
    return None if row is None else RelayStatus(*row)


async def _views(connection: Connection) -> tuple[ViewStatus, ...]:
    cursor = await connection.execute(
        "SELECT name, version, position, lag_events, lag_seconds, parked FROM ops.view_lags()"
    )
    return tuple(ViewStatus(*row) for row in await cursor.fetchall())


async def _processes(connection: Connection) -> tuple[ProcessStatus, ...]:
    cursor = await connection.execute(
        "SELECT process, roles, started_at,"
        " extract(epoch FROM clock_timestamp() - reported_at)::float8, report"
        " FROM ops.processes ORDER BY started_at"
    )
    return tuple(
        ProcessStatus(process, tuple(roles), started_at, silent_s, report)
        for process, roles, started_at, silent_s, report in await cursor.fetchall()
    )
