"""Jobs as PostgreSQL keeps them: what is to be done, who works on it, what has become of it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final, LiteralString

import orjson
from psycopg.rows import TupleRow

from domain.errors import Kind, Refused, key_reused
from domain.values.frozen import dataclass
from infra.people.vault import Vault
from infra.postgres.pool import Connection, Pool

_LEASE: Final = timedelta(seconds=10)

_JOB: Final[LiteralString] = (
    "job_id, kind, owner_id, workspace_id, dry_run, state, total, cancelled, created_at,"
    " updated_at, finished_at"
)

_INSERT: Final[LiteralString] = f"""
INSERT INTO jobs.jobs (job_id, kind, owner_id, workspace_id, dry_run, state, total, request,
    request_key, digest, worker, leased_until, finished_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, now() + %s, CASE WHEN %s THEN now() END)
ON CONFLICT (request_key) DO NOTHING RETURNING {_JOB}
"""
_OF_KEY: Final[LiteralString] = f"SELECT digest, {_JOB} FROM jobs.jobs WHERE request_key = %s"
_FIND: Final[LiteralString] = f"SELECT {_JOB} FROM jobs.jobs WHERE job_id = %s"
_TAKE: Final[LiteralString] = f"""
UPDATE jobs.jobs SET worker = %s, leased_until = now() + %s WHERE job_id = (
    SELECT job_id FROM jobs.jobs
    WHERE state = 'running' AND leased_until <= now() AND (kind = 'export') = %s
    ORDER BY created_at LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING {_JOB}
"""


class LeaseLost(Exception):
    """Somebody else works on this job by now, for its worker was silent for too long."""


@dataclass(frozen=True, slots=True)
class Job:
    """`kind`: bulk, batch, undo or export. `state`: running, done or cancelled."""

    job_id: str
    kind: str
    owner_id: str
    workspace_id: str | None
    dry_run: bool
    state: str
    total: int
    cancelled: bool
    created_at: datetime
    updated_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of a job's items have become what."""

    changed: int
    unchanged: int
    refused: int

    @property
    def done(self) -> int:
        return self.changed + self.unchanged + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that a job does: to a task, or (undoing) to the change at `position`.

    `outcome` (changed, unchanged, refused) is None until it is known; `recorded` is where the log
    has it, `problem` why it was refused.
    """

    ordinal: int
    workspace_id: str
    task_id: str | None
    position: int | None = None
    outcome: str | None = None
    recorded: int | None = None
    problem: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """`request` is what the worker needs, in plain values: `starts` (the first item of each
    chunk, from 0), `changes` (`infra.jobs.changes`), `request_id` and `correlation_id` of its
    events; of an export what `infra.exports.saved` says. `key` and `digest` go with an
    Idempotency-Key."""

    job_id: str
    kind: str
    owner_id: str
    items: Sequence[Item]
    request: Any = None
    dry_run: bool = False
    key: bytes | None = None
    digest: bytes | None = None

    @property
    def workspace_id(self) -> str | None:
        places = {item.workspace_id for item in self.items}
        return places.pop() if len(places) == 1 else None


def batch_of(job_id: str, owner_id: str, commits: Sequence[tuple[str, int]]) -> NewJob:
    """A batch by the commits (workspace, position) that it is so far, in their order."""
    items = [
        Item(
            ordinal=ordinal,
            workspace_id=workspace_id,
            task_id=None,
            outcome="changed",
            recorded=position,
        )
        for ordinal, (workspace_id, position) in enumerate(commits)
    ]
    return NewJob(job_id=job_id, kind="batch", owner_id=owner_id, items=items)


class JobBook:
    def __init__(
        self, pool: Pool, vault: Vault, *, most_at_once: int, lease: timedelta = _LEASE
    ) -> None:
        """`most_at_once`: jobs of one person that are not finished. `lease`: for how long a worker
        may be silent until somebody else takes its job up."""
        self._pool = pool
        self._vault = vault
        self._most_at_once = most_at_once
        self.lease = lease

    async def open(self, new: NewJob, worker: str, *, leased: bool = True) -> Job | None:
        """Durable on return; None where its key has a job already. `leased` to `worker`, else to
        be taken by anybody.

        Raises Refused(RATE_LIMITED) where its owner has too many that run.
        """
        async with self._pool.connection() as connection, connection.transaction():
            # A batch is one request, which is counted as such, and has its worker.
            if new.kind != "batch":
                await self._require_few(connection, new.owner_id)
            row = await self._insert(connection, new, worker, self.lease if leased else timedelta())
        return None if row is None else Job(*row)

    async def write_down(self, done: NewJob, worker: str | None = None) -> None:
        """In the place of a job that was opened, what has become of it: it is over, and without
        items it never was. Where a `worker` is named only while that one has it."""
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "DELETE FROM jobs.jobs WHERE job_id = %s"
                " AND (%s::text IS NULL OR worker = %s AND state = 'running')",
                (done.job_id, worker, worker),
            )
            if done.items and (worker is None or cursor.rowcount):
                await self._insert(connection, done, worker, None)

    async def of_key(self, key: bytes, digest: bytes) -> Job | None:
        """The job that this key began. Raises Refused(IDEMPOTENCY_KEY_REUSED) where that was
        asked for by another request."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_OF_KEY, (key,))
            row = await cursor.fetchone()
        if row is None:
            return None
        if row[0] != digest:
            raise key_reused()
        return Job(*row[1:])

    async def find(self, job_id: str) -> Job | None:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(_FIND, (job_id,))
            row = await cursor.fetchone()
        return None if row is None else Job(*row)

    async def counts(self, job_id: str) -> Counts:
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(*) FILTER (WHERE outcome = 'changed'),"
                " count(*) FILTER (WHERE outcome = 'unchanged'),"
                " count(*) FILTER (WHERE outcome = 'refused')"
                " FROM jobs.items WHERE job_id = %s",
                (job_id,),
            )
            row = await cursor.fetchone()
        assert row is not None  # an aggregate always has a row
        return Counts(*row)

    async def commits(self, job_id: str) -> int:
        """In how many commits the log has what it did."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT count(DISTINCT recorded) FROM jobs.items WHERE job_id = %s", (job_id,)
            )
            row = await cursor.fetchone()
        assert row is not None  # an aggregate always has a row
        found: int = row[0]
        return found

    async def items(
        self,
        job_id: str,
        first: int = 0,
        last: int | None = None,
        *,
        outcomes: Sequence[str] | None = None,
        limit: int | None = None,
        skip: int = 0,
    ) -> list[Item]:
        """Items from `first` to before `last`, in order; of `outcomes` only."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT ordinal, workspace_id, task_id, position, outcome, recorded, problem"
                " FROM jobs.items WHERE job_id = %(job)s AND ordinal >= %(first)s"
                " AND (%(last)s::int IS NULL OR ordinal < %(last)s)"
                " AND (%(outcomes)s::text[] IS NULL OR outcome = ANY (%(outcomes)s))"
                " ORDER BY ordinal LIMIT %(limit)s OFFSET %(skip)s",
                {
                    "job": job_id,
                    "first": first,
                    "last": last,
                    "outcomes": None if outcomes is None else list(outcomes),
                    "limit": limit,
                    "skip": skip,
                },
            )
            rows = await cursor.fetchall()
        names = ("ordinal", "workspace_id", "task_id", "position", "outcome", "recorded", "problem")
        return [Item(**dict(zip(names, row, strict=True))) for row in rows]

    async def request(self, job_id: str) -> Any:
        """What the job was asked to do; None for one that is finished."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                "SELECT request FROM jobs.jobs WHERE job_id = %s", (job_id,)
            )
            row = await cursor.fetchone()
        if row is None or row[0] is None:
            return None
        return self._vault.open(row[0], f"job {job_id}")

    async def take(self, worker: str, *, exports: bool = False) -> Job | None:
        """A job that nobody works on, an export or none, leased to `worker`; the oldest first."""
        async with self._pool.connection() as connection:
            cursor = await connection.execute(
                _TAKE,
                (worker, self.lease, exports),
            )
            row = await cursor.fetchone()
        return None if row is None else Job(*row)

    async def settle(self, job_id: str, worker: str, items: Sequence[Item]) -> bool:
        """What became of items, and the lease anew; True where the job is to be cancelled.

        Raises LeaseLost, and then nothing is written.
        """
        async with self._pool.connection() as connection, connection.transaction():
            cursor = await connection.execute(
                "UPDATE jobs.jobs SET leased_until = now() + %s, updated_at = now()"
                " WHERE job_id = %s AND worker = %s AND state = 'running' RETURNING cancelled",
                (self.lease, job_id, worker),
            )
            row = await cursor.fetchone()
            if row is None:
                raise LeaseLost(job_id)
            await connection.execute(
                "UPDATE jobs.items SET outcome = said.outcome, recorded = said.recorded,"
                " problem = said.problem FROM unnest(%s::int[], %s::text[], %s::bigint[],"
                " %s::jsonb[]) AS said (ordinal, outcome, recorded, problem)"
                " WHERE items.job_id = %s AND items.ordinal = said.ordinal",
                (
                    [item.ordinal for item in items],
                    [item.outcome for item in items],
                    [item.recorded for item in items],
                    [_json(item.problem) for item in items],
                    job_id,
                ),
            )
        return bool(row[0])

    async def finish(self, job_id: str, worker: str, state: str) -> None:
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE jobs.jobs SET state = %s, request = NULL, finished_at = now(),"
                " updated_at = now() WHERE job_id = %s AND worker = %s AND state = 'running'",
                (state, job_id, worker),
            )

    async def let_go(self, worker: str) -> None:
        """Whoever stops leaves its jobs to the others at once."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE jobs.jobs SET leased_until = now() WHERE worker = %s AND state = 'running'",
                (worker,),
            )

    async def cancel(self, job_id: str) -> None:
        """Its worker stops before it goes on; what was done stays done."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "UPDATE jobs.jobs SET cancelled = true WHERE job_id = %s AND state = 'running'",
                (job_id,),
            )

    async def sweep(self, older_than: timedelta) -> None:
        """Forget what was finished long ago."""
        async with self._pool.connection() as connection:
            await connection.execute(
                "DELETE FROM jobs.jobs WHERE finished_at < now() - %s", (older_than,)
            )

    async def _insert(
        self, connection: Connection, new: NewJob, worker: str | None, lease: timedelta | None
    ) -> TupleRow | None:
        """None where its key has a job already. Without a `lease` it is over."""
        over = lease is None
        cursor = await connection.execute(
            _INSERT,
            (
                new.job_id,
                new.kind,
                new.owner_id,
                new.workspace_id,
                new.dry_run,
                "done" if over else "running",
                len(new.items),
                None if over else self._vault.seal(new.request, f"job {new.job_id}"),
                new.key,
                new.digest,
                worker,
                lease,
                over,
            ),
        )
        row = await cursor.fetchone()
        if row is not None:
            await self._put_items(connection, new)
        return row

    async def _require_few(self, connection: Connection, owner_id: str) -> None:
        # Those of one person wait for each other here, so that none is overlooked.
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (f"jobs of {owner_id}",)
        )
        cursor = await connection.execute(
            "SELECT count(*) FROM jobs.jobs WHERE owner_id = %s AND state = 'running'"
            " AND kind <> 'batch'",
            (owner_id,),
        )
        row = await cursor.fetchone()
        if row is not None and row[0] >= self._most_at_once:
            raise Refused(
                Kind.RATE_LIMITED,
                f"At most {self._most_at_once} jobs of yours may run at once; wait for one to end.",
                retry_after=5,
            )

    async def _put_items(self, connection: Connection, new: NewJob) -> None:
        await connection.execute(
            "INSERT INTO jobs.items (job_id, ordinal, workspace_id, task_id, position, outcome,"
            " recorded) SELECT %s, * FROM unnest(%s::int[], %s::text[], %s::text[], %s::bigint[],"
            " %s::text[], %s::bigint[])",
            (
                new.job_id,
                [item.ordinal for item in new.items],
                [item.workspace_id for item in new.items],
                [item.task_id for item in new.items],
                [item.position for item in new.items],
                [item.outcome for item in new.items],
                [item.recorded for item in new.items],
            ),
        )


def _json(problem: dict[str, Any] | None) -> str | None:
    return None if problem is None else orjson.dumps(problem, default=str).decode()
