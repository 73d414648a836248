"""A series of recurring tasks as its events leave it."""

from datetime import datetime

from domain.aggregate import Aggregate
from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """`task_id` is the last task of the series, its `ordinal`-th, due at `due_at`; `next_at` is
    when the next one is due, None where the rule has come to its end."""

    recurrence_id: str
    workspace_id: str
    rule: str
    time_zone: str
    basis: str
    first: datetime
    all_day: bool
    task_id: str
    ordinal: int
    due_at: datetime
    next_at: datetime | None
    created_at: datetime
    updated_at: datetime
    creator_id: str
    updated_by: str
    version: int
    position: int
    ended: str | None = None

    @property
    def goes_on(self) -> bool:
        return self.ended is None and self.next_at is not None


def evolve(state: Recurrence | None, event: object, stamp: Stamp) -> Recurrence | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case RecurrenceChanged():
            return touched(
                state,
                stamp,
                rule=event.rule,
                time_zone=event.time_zone,
                basis=event.basis,
                first=event.first,
                all_day=event.all_day,
                due_at=event.first,
                next_at=event.next_at,
            )
        case OccurrenceMade():
            return touched(
                state,
                stamp,
                task_id=event.task_id,
                ordinal=event.ordinal,
                due_at=event.due_at,
                next_at=event.next_at,
            )
        case OccurrenceWithdrawn():
            return touched(
                state,
                stamp,
                task_id=event.task_id,
                ordinal=state.ordinal - 1,
                due_at=event.due_at,
                next_at=event.next_at,
            )
        case RecurrenceEnded():
            return touched(state, stamp, ended=event.reason)
        case RecurrenceResumed():
            return touched(state, stamp, ended=None)
        case _:
            return touched(state, stamp)


def _begin(event: object, stamp: Stamp) -> Recurrence | None:
    if not isinstance(event, RecurrenceStarted):
        return None
    return Recurrence(
        recurrence_id=stamp.stream,
        workspace_id=stamp.workspace_id,
        rule=event.rule,
        time_zone=event.time_zone,
        basis=event.basis,
        first=event.first,
        all_day=event.all_day,
        task_id=event.task_id,
        ordinal=1,
        due_at=event.first,
        next_at=event.next_at,
        created_at=stamp.at,
        updated_at=stamp.at,
        creator_id=stamp.actor,
        updated_by=stamp.actor,
        version=stamp.version,
        position=stamp.position,
    )


RECURRENCE = Aggregate("rec", evolve)
