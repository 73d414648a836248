"""Works through a job, some items a commit, each exactly once however often it is begun again.

The chunks of a job are fixed by its request and the ordinals of its items, and a commit's
Idempotency-Key follows from the job and its chunk; so a chunk that was committed and not yet
written down is met in the log when it is tried again. A chunk that is refused as a whole (a column
that is full, a task that many write to) is halved, in the same way each time, until what is refused
is alone.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any, Final, Protocol

from commands.execution import Executor, Outcome
from commands.task.change_tasks import ChangeTasks
from commands.task.undo_changes import UndoChanges
from domain.errors import OF_THE_MACHINE, Invalid, Refused
from domain.values.recorded import Origin
from infra.event_store.store import PostgresEventStore
from infra.jobs.book import Item, Job, JobBook, batch_of
from infra.jobs.changes import from_values
from infra.jobs.lease import held

EXPORT: Final = "export"
_FAULT: Final[Mapping[str, Any]] = {
    "code": "internal",
    "detail": "A fault of ours keeps this from being finished, each time that it is tried.",
}


class MakesExports(Protocol):
    """What a job of the kind `export` needs."""

    async def run(self, job: Job, request: dict[str, Any], worker: str) -> Refused | None:
        """Make the file; why it was refused, where it was. Raises LeaseLost, and Refused where a
        part of the machine is down."""
        ...


class JobRunner:
    """Works as one worker, by whose name jobs are leased."""

    def __init__(
        self,
        book: JobBook,
        executor: Executor,
        store: PostgresEventStore,
        *,
        worker: str,
        exports: MakesExports | None = None,
    ) -> None:
        """`exports` makes files; without it this process takes up no such job."""
        self._book = book
        self._exports = exports
        self._executor = executor
        self._store = store
        self._worker = worker

    async def run(self, job: Job) -> None:
        """Until it is done or cancelled.

        Raises LeaseLost, and Refused where a part of the machine is down: then it goes on when
        the lease has ended.
        """
        if job.kind == "batch":
            await self._write_down(job)
            return
        request = await self._book.request(job.job_id)
        if request is None:
            return
        if job.kind == EXPORT:
            await self._export(job, request)
            return
        async with held(self._book, job.job_id, self._worker):
            await self._finish(job, request)

    async def give_up(self, job: Job) -> None:
        """What is left of it is refused, for a fault of ours keeps it from being done. Raises
        LeaseLost."""
        items = await self._book.items(job.job_id)
        left = [
            replace(item, outcome="refused", problem=dict(_FAULT))
            for item in items
            if item.outcome is None
        ]
        await self._book.settle(job.job_id, self._worker, left)
        await self._book.finish(job.job_id, self._worker, "done")

    async def _finish(self, job: Job, request: Mapping[str, Any]) -> None:
        work = _Working(self, job, request)
        for first, last in pairwise([*request["starts"], job.total]):
            if job.cancelled or await work.go(first, last, whole=True):
                await self._book.finish(job.job_id, self._worker, "cancelled")
                return
        await self._book.finish(job.job_id, self._worker, "done")

    async def _write_down(self, job: Job) -> None:
        """Nobody goes on with a batch: its client will. What it did can be undone as one."""
        commits = await self._store.commits_caused(job.job_id, job.created_at)
        await self._book.write_down(batch_of(job.job_id, job.owner_id, commits), self._worker)

    async def _export(self, job: Job, request: dict[str, Any]) -> None:
        """A file is one item, which no undoing takes back."""
        assert self._exports is not None, "a process that takes up exports can make them"
        refused = await self._exports.run(job, request, self._worker)
        (item,) = await self._book.items(job.job_id)
        settled = replace(item, outcome="unchanged") if refused is None else _refused(item, refused)
        cancelled = await self._book.settle(job.job_id, self._worker, [settled])
        # Where that came too late the file is there.
        state = "cancelled" if cancelled and refused is not None else "done"
        await self._book.finish(job.job_id, self._worker, state)


class _Working:
    def __init__(self, runner: JobRunner, job: Job, request: Mapping[str, Any]) -> None:
        self._runner = runner
        self._job = job
        self._changes = from_values(request.get("changes", ()))
        self._origin = Origin(
            job.owner_id,
            request_id=request.get("request_id"),
            correlation_id=request.get("correlation_id"),
            causation_id=job.job_id,
            key_id=request.get("key_id"),
            within=request.get("within"),
        )

    async def go(self, first: int, last: int, *, whole: bool = False) -> bool:
        """Do what is left of the items from `first` to before `last`; True where the job is to be
        cancelled. `whole`: they are a chunk as it was cut."""
        job, book = self._job, self._runner._book
        items = await book.items(job.job_id, first, last)
        left = [item for item in items if item.outcome is None]
        if not left:
            return False
        if len(left) < len(items) or len({item.workspace_id for item in items}) > 1:
            return await self._halves(first, last)
        try:
            settled = await self._done(items, whole)
        except Refused as refused:
            if refused.kind in OF_THE_MACHINE:
                raise
            if len(items) > 1:
                return await self._halves(first, last)
            settled = [_refused(items[0], refused)]
        return await book.settle(job.job_id, self._runner._worker, settled)

    async def _halves(self, first: int, last: int) -> bool:
        middle = (first + last) // 2
        return await self.go(first, middle) or await self.go(middle, last)

    async def _done(self, items: Sequence[Item], whole: bool) -> list[Item]:
        executor, command = self._runner._executor, self._command(items, whole)
        if self._job.dry_run:
            return _told(items, await executor.rehearse([command], self._origin), None)
        # No request can bring such a key: a header holds no NUL.
        key = f"\0{self._job.job_id}:{items[0].ordinal}-{items[-1].ordinal}"
        digest = hashlib.sha256(key.encode()).digest()
        outcome = await executor.execute(
            [command], self._origin, idempotency_key=key, digest=digest
        )
        if outcome.replayed:
            return await self._done_before(items, outcome.position)
        return _told(items, outcome, outcome.position)

    async def _done_before(self, items: Sequence[Item], position: int) -> list[Item]:
        """What a chunk that is in the log did; of the rest, why it would do nothing now."""
        store, executor = self._runner._store, self._runner._executor
        workspace_id = items[0].workspace_id
        recorded = await store.read_command(workspace_id, position)
        mine = [each for each in recorded if each.origin.causation_id == self._job.job_id]
        own = {each.stream for each in mine}
        # What was said about a task changed it, too, in the eyes of whoever asked for it.
        own |= {getattr(each.event, "task_id", each.stream) for each in mine}
        changed: list[Item] = []
        rest: list[Item] = []
        for item in items:
            streams = {item.task_id}
            if item.task_id is None and item.position is not None:
                undone = await store.read_command(workspace_id, item.position)
                streams = {each.stream for each in undone}
            (changed if streams & own else rest).append(item)
        settled = [replace(item, outcome="changed", recorded=position) for item in changed]
        if rest:
            rehearsed = await executor.rehearse([self._command(rest)], self._origin)
            settled += [
                item if item.outcome == "refused" else replace(item, outcome="unchanged")
                for item in _told(rest, rehearsed, None)
            ]
        return settled

    def _command(self, items: Sequence[Item], whole: bool = False) -> Any:
        workspace_id = items[0].workspace_id
        if self._job.kind == "undo":
            undone = tuple((item.position or 0, item.task_id) for item in items)
            return UndoChanges(workspace_id=workspace_id, changes=undone, whole=whole)
        task_ids = tuple(item.task_id or "" for item in items)
        return ChangeTasks(workspace_id=workspace_id, task_ids=task_ids, changes=self._changes)


def _told(items: Sequence[Item], outcome: Outcome, position: int | None) -> list[Item]:
    told = []
    for number, item in enumerate(items):
        refused = outcome.refused.get(number)
        if refused is not None:
            told.append(_refused(item, refused))
        elif number in outcome.acted:
            told.append(replace(item, outcome="changed", recorded=position))
        else:
            told.append(replace(item, outcome="unchanged"))
    return told


def _refused(item: Item, refused: Refused) -> Item:
    problem: dict[str, Any] = {
        "code": str(refused.kind),
        "detail": refused.detail,
        **refused.fields,
    }
    if isinstance(refused, Invalid):
        problem["errors"] = [
            {"pointer": each.pointer, "code": each.code, "detail": each.detail}
            for each in refused.problems
        ]
    return replace(item, outcome="refused", problem=problem)
