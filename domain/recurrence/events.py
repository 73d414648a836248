"""What can happen to a series of tasks that come again."""

from datetime import datetime

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceStarted:
    """`task_id` is the first of the series, due at `first`; `next_at` is when the one after it is
    due, None where there is none: what the rule says is settled here once, whatever becomes of
    the zone's clock. `basis`: the next one is made when the last one is finished (`completion`)
    or falls due (`schedule`)."""

    task_id: str
    rule: str
    time_zone: str
    basis: str
    first: datetime
    all_day: bool
    next_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceChanged:
    """From the last task of the series on, `task_id`, which is due at `first`."""

    task_id: str
    rule: str
    time_zone: str
    basis: str
    first: datetime
    all_day: bool
    next_at: datetime | None
    was_rule: str
    was_time_zone: str
    was_basis: str
    was_first: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceMade:
    """`task_id` is the new last of the series, its `ordinal`-th (the first is 1), after `was`."""

    task_id: str
    ordinal: int
    due_at: datetime
    next_at: datetime | None
    was: str
    was_due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceEnded:
    """No further task is made. `reason`: `stopped` by somebody; or when one was to be made, the
    rule had come to its end (`finished`), the last task was in the trash (`task-trashed`) or its
    project archived (`project-archived`). `task_id` is the last one."""

    task_id: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OccurrenceWithdrawn:
    """`task_id` is the last of the series again, due at `due_at`; `was` is no more of it."""

    task_id: str
    due_at: datetime
    next_at: datetime
    was: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrenceResumed:
    """It goes on from its last task, `task_id`, as if it had not ended; `was` is why it had."""

    task_id: str
    was: str


RecurrenceEvent = (
    RecurrenceStarted
    | RecurrenceChanged
    | RecurrenceEnded
    | RecurrenceResumed
    | OccurrenceMade
    | OccurrenceWithdrawn
)
