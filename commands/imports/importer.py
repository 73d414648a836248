"""Takes a log in: reads it once to make room for it, and again to bring in trace after trace."""

import hashlib
from asyncio import Semaphore, TaskGroup
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final

from commands.execution import Executor, Outcome
from commands.imports.event_log import Broken, EventLog
from commands.imports.import_people import ImportPeople
from commands.imports.import_project import ExtendProject, ImportProject
from commands.imports.import_trace import RECORDS_IN_COMMIT, Import, ImportTrace
from commands.imports.plan_trace import Case, HistoryChanged, first_new, record_digest
from commands.imports.reading import Faulty, Reading
from commands.imports.survey import Survey
from commands.ports import StreamMoved
from domain.task.state import TASK
from domain.values.frozen import dataclass
from domain.values.recorded import Origin

TRACES_AT_ONCE: Final = 64
_TRACES_IN_WINDOW: Final = 256
_RECORDS_IN_WINDOW: Final = 4_000
_PEOPLE_IN_COMMIT: Final = 100
_SOURCE: Final = "xes"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a log goes: a present project, or a new one of this id, key and name."""

    workspace_id: str
    project_id: str
    key: str
    name: str
    exists: bool


@dataclass(frozen=True, slots=True)
class Tools:
    """What an import needs beside commands. `existing(streams)` are those that have events;
    `derive(kind, *parts)` makes the same id of the same parts, always; `secret` keys the digests
    of records; `prepare(workspace, people)` makes the keys that their texts are sealed with."""

    existing: Callable[[Collection[str]], Awaitable[Collection[str]]]
    derive: Callable[..., str]
    secret: bytes
    prepare: Callable[[str, Collection[str]], Awaitable[None]]


@dataclass(slots=True)
class Progress:
    """What an import has added so far; `position` is that of its last event."""

    events: int = 0
    position: int = 0


class BrokenLog(Exception):
    """Some traces cannot come in, and nobody said that they may be left out."""


def surveyed(log: EventLog, reading: Reading) -> Survey:
    """The first reading of a log. Raises NotAnEventLog, Refused for too many statuses, OSError."""
    survey = Survey(reading)
    for found in log.traces():
        survey.add(found)
    return survey


class Importer:
    """One log into one project. Run again, it adds only what is not there: every commit has the
    id of what it holds, and a task knows which records it has."""

    def __init__(
        self, executor: Executor, tools: Tools, origin: Origin, log: EventLog, survey: Survey
    ) -> None:
        self.survey = survey
        self.progress = Progress()
        self._executor = executor
        self._tools = tools
        self._origin = origin
        self._log = log

    async def bring_in(self, place: Place, *, skip_bad: bool) -> None:
        """The second reading: project, people, traces.

        Traces whose past reads otherwise than an earlier import brought it in become faults of
        the survey. Raises BrokenLog at the first of them without `skip_bad`.
        """
        await self._make_room(place)
        people = await self._bring_people(place.workspace_id)
        into = Import(
            self.survey.reading, self.survey.attributes, people, _SOURCE, self._origin.actor
        )
        traces = _Traces(self._executor, self._tools, self._origin, self.progress, place, into)
        try:
            async with TaskGroup() as group:
                room = Semaphore(TRACES_AT_ONCE)
                for window in _windows(self._cases()):
                    if traces.faults and not skip_bad:
                        break
                    await traces.look_up(window)
                    for case in window:
                        await room.acquire()
                        task = group.create_task(traces.bring_in(case))
                        task.add_done_callback(lambda _: room.release())
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None
        for fault in traces.faults:
            self.survey.leave_out(fault)
        if traces.faults and not skip_bad:
            raise BrokenLog

    async def _make_room(self, place: Place) -> None:
        if place.exists:
            command: Any = ExtendProject(project_id=place.project_id, survey=self.survey)
        else:
            command = ImportProject(
                project_id=place.project_id,
                workspace_id=place.workspace_id,
                key=place.key,
                name=place.name,
                survey=self.survey,
            )
        _count(self.progress, await self._executor.execute([command], self._origin))

    async def _bring_people(self, workspace_id: str) -> Mapping[str, str]:
        """Name -> id of everybody in the log; those who are new become members."""
        derive = self._tools.derive
        ids = {name: derive("user", "person", workspace_id, name) for name in self.survey.people}
        known = set(await self._tools.existing(ids.values()))
        new = iter((id_, name) for name, id_ in ids.items() if id_ not in known)
        while batch := dict(islice(new, _PEOPLE_IN_COMMIT)):
            command = ImportPeople(workspace_id=workspace_id, people=batch, source=_SOURCE)
            _count(self.progress, await self._executor.execute([command], self._origin))
        await self._tools.prepare(workspace_id, ids.values())
        return ids

    def _cases(self) -> Iterator[tuple[Case, int]]:
        """Every trace that can come in, with the line where it begins."""
        for found in self._log.traces():
            if isinstance(found, Broken):
                continue
            try:
                name, records = self.survey.understand(found)
            except Faulty:
                continue
            digests = tuple(record_digest(record, self._tools.secret) for record in records)
            yield Case(name, found.attributes, records, digests), found.line


class _Traces:
    """Brings traces into their tasks, many at once."""

    def __init__(
        self,
        executor: Executor,
        tools: Tools,
        origin: Origin,
        progress: Progress,
        place: Place,
        into: Import,
    ) -> None:
        self.faults: list[Broken] = []
        self._executor = executor
        self._tools = tools
        self._origin = origin
        self._progress = progress
        self._place = place
        self._into = into
        self._known: Collection[str] = ()

    async def look_up(self, window: Sequence[tuple[Case, int]]) -> None:
        """Which of these tasks exist, asked at once for all of them."""
        self._known = await self._tools.existing([self._task_id(case) for case, _ in window])

    async def bring_in(self, found: tuple[Case, int]) -> None:
        case, line = found
        task_id = self._task_id(case)
        try:
            if task_id not in self._known:
                try:
                    await self._append(case, task_id, 0, new=True)
                    return
                except StreamMoved:
                    pass  # another import was first: go on from what it has brought in
            state = await self._executor.states.read(TASK, task_id)
            start = first_new(case, state)
            if state is None or start < len(case.records):
                await self._append(case, task_id, start, new=False)
        except HistoryChanged as changed:
            self.faults.append(Broken(line, line, case.name, len(case.records), changed.detail))

    async def _append(self, case: Case, task_id: str, start: int, *, new: bool) -> None:
        while True:
            end = min(start + RECORDS_IN_COMMIT, len(case.records))
            said = "".join(case.digests[start:end]).encode()
            digest = hashlib.blake2b(said, key=self._tools.secret, digest_size=32).digest()
            command = ImportTrace(
                project_id=self._place.project_id,
                task_id=task_id,
                case=case,
                into=self._into,
                new=new,
            )
            outcome = await self._executor.execute(
                [command],
                self._origin,
                idempotency_key=f"import {task_id} {start + 1}-{end} {digest.hex()}",
                digest=digest,
            )
            _count(self._progress, outcome)
            start, new = end, False
            if start >= len(case.records):
                return

    def _task_id(self, case: Case) -> str:
        return self._tools.derive("task", "trace", self._place.project_id, case.name)


def _windows(cases: Iterator[tuple[Case, int]]) -> Iterator[list[tuple[Case, int]]]:
    """Cases in lists that are short in both ways, so that few records are held at once."""
    window: list[tuple[Case, int]] = []
    records = 0
    for case in cases:
        window.append(case)
        records += len(case[0].records)
        if len(window) >= _TRACES_IN_WINDOW or records >= _RECORDS_IN_WINDOW:
            yield window
            window, records = [], 0
    if window:
        yield window


def _count(progress: Progress, outcome: Outcome) -> None:
    if outcome.receipt is not None and not outcome.replayed:
        progress.events += len(outcome.receipt.numbers)
    progress.position = max(progress.position, outcome.position)
