"""What the clock asks for, of each kind: how it is found, and the command that does it."""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from commands.notifications.remind import Remind
from commands.recurrence.make_occurrence import MakeOccurrence
from commands.task.purge_due_task import PurgeDueTask
from domain.values.frozen import dataclass
from infra.postgres.views.due_queries import DueQueries, DueTask
from infra.postgres.views.recurrence_queries import DueOccurrence, RecurrenceQueries
from infra.postgres.views.retention_queries import RetentionQueries


class Chore(Protocol):
    """`name` is under what its doings are counted. What is done already does nothing."""

    @property
    def name(self) -> str: ...

    async def due(self, now: datetime, limit: int) -> Sequence[Hashable]:
        """What is to be done by now, what has waited longest first; it may be a little behind.

        Raises psycopg.Error or PoolTimeout while PostgreSQL is away, and Refused(VIEW_BEHIND)
        where the view is not there yet.
        """
        ...

    def command(self, due: Any) -> object: ...

    @property
    def rest(self) -> timedelta | None:
        """What may wait is done a little at a time, so that nobody is kept waiting by it: no more
        than one handful a turn, and not asked for again so soon where there was nothing. None: all
        of it at once."""
        ...


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The next task of each series that goes on by the schedule."""

    queries: RecurrenceQueries
    name: str = "occurrences"
    rest: timedelta | None = None

    async def due(self, now: datetime, limit: int) -> Sequence[DueOccurrence]:
        return await self.queries.due(now, limit)

    def command(self, due: DueOccurrence) -> MakeOccurrence:
        return MakeOccurrence(recurrence_id=due.recurrence_id, after=due.ordinal)


@dataclass(frozen=True, slots=True)
class DueDates:
    """What is to be said of tasks that are due soon (`lead` before), or overdue."""

    queries: DueQueries
    lead: timedelta
    name: str = "reminders"
    rest: timedelta | None = None

    async def due(self, now: datetime, limit: int) -> Sequence[DueTask]:
        return await self.queries.due(now, now + self.lead, limit)

    def command(self, due: DueTask) -> Remind:
        return Remind(task_id=due.task_id, lead=self.lead)


@dataclass(frozen=True, slots=True)
class Purges:
    """What projects have kept in the trash for long enough."""

    queries: RetentionQueries
    name: str = "purges"
    rest: timedelta | None = timedelta(seconds=10)

    async def due(self, now: datetime, limit: int) -> Sequence[str]:
        return await self.queries.due(now, limit)

    def command(self, due: str) -> PurgeDueTask:
        return PurgeDueTask(task_id=due)
