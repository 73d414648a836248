"""A log in memory that keeps the promises of the port, for tests of what is above it.

The same suite runs over the real one: what passes here and not there is a fault of this file.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from commands.commit import Claim, Commit, Receipt
from commands.ports import Descendant, EventStore, StreamMoved
from domain.comment.events import CommentAdded, CommentDeleted
from domain.errors import Kind, Refused
from domain.project.lanes import SWIMLANES, lanes_of
from domain.task.state import TASK, Task
from domain.task.wip import Standing
from domain.values.recorded import Recorded
from domain.values.stamp import Stamp
from projections.trail import WATCHING


class MemoryLog:
    def __init__(self) -> None:
        self.recorded: list[Recorded] = []
        self._streams: dict[str, list[Recorded]] = defaultdict(list)
        self._guards: dict[str, int] = {}
        self._claims: dict[tuple[str, str], str] = {}
        self._sequences: dict[str, int] = defaultdict(int)
        self._commands: dict[bytes, tuple[Receipt, bytes | None]] = {}

    async def append(self, commit: Commit) -> Receipt:
        await asyncio.sleep(0)
        if commit.command_id in self._commands:
            return self._known(commit.command_id, commit.request_digest)
        self._assert(commit)
        for claim in commit.claims:
            self._take(claim)
        now = datetime.now(UTC)
        numbers: list[int | None] = []
        for new in commit.events:
            number = None
            if new.draws is not None:
                self._sequences[new.draws] += 1
                number = self._sequences[new.draws]
            numbers.append(number)
            stream = self._streams[new.stream]
            stamp = Stamp(
                workspace_id=new.workspace_id,
                stream=new.stream,
                version=len(stream) + 1,
                actor=commit.origin.actor,
                recorded_at=now,
                position=len(self.recorded) + 1,
                occurred_at=new.occurred_at,
                number=number,
                author=new.author,
                authors=new.authors,
            )
            recorded = Recorded(
                new.event, type(new.event).__name__, stamp, commit.command_id.hex(), commit.origin
            )
            stream.append(recorded)
            self.recorded.append(recorded)
            for guard in new.touches:
                self._guards[guard] = stamp.position
        receipt = Receipt(
            position=len(self.recorded),
            recorded_at=now,
            main_stream=commit.main_stream,
            main_version=len(self._streams[commit.main_stream]),
            numbers=tuple(numbers),
        )
        self._commands[commit.command_id] = (receipt, commit.request_digest)
        return receipt

    def _assert(self, commit: Commit) -> None:
        moved = [
            stream
            for stream, version in commit.expected.items()
            if len(self._streams[stream]) != version
        ]
        guards = [
            guard
            for guard, position in commit.guards.items()
            if self._guards.get(guard, 0) > position
        ]
        if moved or guards:
            raise StreamMoved(moved, guards)
        for claim in commit.claims:
            if claim.holding and self._holder(claim) not in (None, claim.owner):
                raise Refused(Kind.ALREADY_EXISTS, "It is taken.", field=claim.field)

    def _take(self, claim: Claim) -> None:
        if claim.holding:
            self._claims[claim.scope, claim.value] = claim.owner
        else:
            self._claims.pop((claim.scope, claim.value), None)

    def _holder(self, claim: Claim) -> str | None:
        return self._claims.get((claim.scope, claim.value))

    async def read_stream(
        self, stream: str, after: int = 0, upto: int | None = None
    ) -> Sequence[Recorded]:
        await asyncio.sleep(0)
        return self._streams[stream][after:upto]

    async def read_command(self, workspace_id: str, position: int) -> Sequence[Recorded]:
        asked = self.recorded[position - 1 : position] if position > 0 else []
        return [
            each
            for each in self.recorded
            for one in asked
            if each.command_id == one.command_id
            and one.stamp.workspace_id == workspace_id
            and each.stamp.workspace_id in (workspace_id, "system")
        ]

    async def decode(self, rows: Sequence[Recorded]) -> Sequence[Recorded]:
        return rows

    async def read_log(
        self, after: int, upto: int | None = None
    ) -> AsyncIterator[Sequence[Recorded]]:
        yield self.recorded[after:upto]

    async def find_command(self, command_id: bytes, digest: bytes | None) -> Receipt | None:
        await asyncio.sleep(0)
        return self._known(command_id, digest) if command_id in self._commands else None

    def _known(self, command_id: bytes, digest: bytes | None) -> Receipt:
        receipt, first = self._commands[command_id]
        if first != digest:
            raise Refused(Kind.IDEMPOTENCY_KEY_REUSED, "This key belongs to another request.")
        return replace(receipt, numbers=(), replayed=True)

    async def claimed_by(self, scope: str, value: str) -> str | None:
        await asyncio.sleep(0)
        return self._claims.get((scope, value))

    async def head(self) -> int:
        return len(self.recorded)

    async def streams_since(
        self, workspace_id: str, events: Sequence[type], position: int
    ) -> tuple[int, Sequence[str]]:
        later = (each for each in self.recorded[position:] if type(each.event) in events)
        found = [each.stream for each in later if each.stamp.workspace_id == workspace_id]
        return len(self.recorded), list(dict.fromkeys(found))

    async def touched(self, guard: str) -> int:
        return self._guards.get(guard, 0)


class LogBoard:
    """Answers of the board's view, folded from the log itself each time."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def neighbours(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        beside: str,
        after: bool,
        position: int,
    ) -> tuple[str | None, str | None]:
        cards = [
            card
            for card in await self._cards(project_id, statuses)
            if card.task_id != task_id and not card.trashed
        ]
        at = next(n for n, card in enumerate(cards) if card.task_id == beside) + after
        lower = cards[at - 1].rank if at else None
        upper = cards[at].rank if at < len(cards) else None
        return lower, upper

    async def stretch(
        self,
        project_id: str,
        statuses: Sequence[str],
        task_id: str,
        reach: int,
        position: int,
    ) -> Sequence[tuple[str, str]]:
        cards = await self._cards(project_id, statuses)
        at = next((n for n, card in enumerate(cards) if card.task_id == task_id), None)
        some = [] if at is None else cards[max(0, at - reach) : at + reach + 1]
        return [(card.task_id, card.rank) for card in some]

    async def standing(
        self,
        project_id: str,
        statuses: Sequence[str],
        lanes: Mapping[str, Sequence[str]],
        guard: str,
        position: int,
    ) -> tuple[Standing, int]:
        seen = await self._store.head()
        cards = [card for card in await self._cards(project_id, statuses) if not card.trashed]
        held = [
            {
                lane
                for swimlane in SWIMLANES
                for lane in lanes_of(
                    swimlane,
                    assignee_ids=card.assignee_ids,
                    priority=card.priority,
                    tags=card.tags,
                    parent_task_id=card.parent_task_id,
                )
            }
            for card in cards
        ]
        counts = {
            lane: sum(not own.isdisjoint(ways) for own in held) for lane, ways in lanes.items()
        }
        return Standing(len(cards), counts), seen

    async def tasks_in_status(
        self, project_id: str, status: str, position: int, limit: int
    ) -> Sequence[str]:
        return [card.task_id for card in await self._cards(project_id, [status])][:limit]

    async def _cards(self, project_id: str, statuses: Sequence[str]) -> list[Task]:
        standing = (
            task
            for task in await _tasks(self._store)
            if task.project_id == project_id and task.status in statuses
        )
        return sorted(standing, key=lambda card: card.rank)


class LogComments:
    """Answers of the view of comments, folded from the log itself each time."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def has_commented(
        self, workspace_id: str, task_id: str, user_id: str, since: int, position: int
    ) -> bool:
        said: set[str] = set()
        async for batch in self._store.read_log(since):
            for each in batch:
                if isinstance(each.event, CommentAdded) and each.event.task_id == task_id:
                    said |= {each.stream} if each.stamp.actor == user_id else set()
                if isinstance(each.event, CommentDeleted):
                    said.discard(each.stream)
        return bool(said)


class LogTrees:
    """Answers about the tasks below a task, folded from the log itself each time."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def descendants(
        self, workspace_id: str, task_id: str, position: int, limit: int
    ) -> Sequence[Descendant]:
        tasks = await _tasks(self._store)
        found: list[Descendant] = []
        above, level = {task_id}, 1
        while above:
            children = [task for task in tasks if task.parent_task_id in above]
            found += [
                Descendant(
                    task.task_id,
                    task.parent_task_id or "",
                    task.project_id,
                    task.status,
                    task.trashed,
                    level,
                )
                for task in children
            ]
            above, level = {task.task_id for task in children}, level + 1
        return found[:limit]


class LogTrail:
    """Answers about who did what, read from the log itself each time."""

    def __init__(self, store: EventStore) -> None:
        self._store = store

    async def first_act(
        self, workspace_id: str, actor_id: str, first: int, last: int
    ) -> int | None:
        async for batch in self._store.read_log(first - 1, last):
            for recorded in batch:
                stamp = recorded.stamp
                is_theirs = (stamp.workspace_id, stamp.actor) == (workspace_id, actor_id)
                if is_theirs and recorded.type not in WATCHING:
                    return stamp.position
        return None


async def _tasks(store: EventStore) -> list[Task]:
    tasks: dict[str, Task | None] = {}
    async for batch in store.read_log(0):
        for each in batch:
            if each.stream.startswith("task_"):
                tasks[each.stream] = TASK.evolve(tasks.get(each.stream), each.event, each.stamp)
    return [task for task in tasks.values() if task is not None and not task.purged]
