"""What the clock asks for, of each kind: how it is found, and the command that does it."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from commands.notifications.remind import Remind
from commands.recurrence.make_occurrence import MakeOccurrence
from infra.postgres.views.due_queries import DueQueries, DueTask
from infra.postgres.views.recurrence_queries import DueOccurrence, RecurrenceQueries


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


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The next task of each series that goes on by the schedule."""

    queries: RecurrenceQueries
    name: str = "occurrences"

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

    async def due(self, now: datetime, limit: int) -> Sequence[DueTask]:
        return await self.queries.due(now, now + self.lead, limit)

    def command(self, due: DueTask) -> Remind:
        return Remind(task_id=due.task_id, lead=self.lead)
