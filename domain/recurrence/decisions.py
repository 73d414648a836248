"""What may happen to a series of recurring tasks."""

from datetime import datetime
from typing import Final

from domain.errors import Kind, Refused, invalid
from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceEvent,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.recurrence.rule import checked_rule, next_occurrence
from domain.recurrence.state import Recurrence
from domain.values.moment import checked_time_zone

BASES: Final = ("completion", "schedule")


def start(
    task_id: str, *, rule: str, time_zone: str, basis: str, first: datetime, all_day: bool
) -> tuple[RecurrenceEvent, ...]:
    """A series whose first task is due at `first`."""
    text = checked_rule(rule)
    zone = checked_time_zone(time_zone)
    return (
        RecurrenceStarted(
            task_id=task_id,
            rule=text,
            time_zone=zone,
            basis=_checked_basis(basis),
            first=first,
            all_day=all_day,
            next_at=_second(text, zone, first, all_day),
        ),
    )


def change(
    series: Recurrence, *, rule: str, time_zone: str, basis: str, first: datetime, all_day: bool
) -> tuple[RecurrenceEvent, ...]:
    """From its last task on, which is due at `first`. Only a series that goes on changes."""
    text = checked_rule(rule)
    zone = checked_time_zone(time_zone)
    wanted = (text, zone, _checked_basis(basis), first, all_day)
    if wanted == (series.rule, series.time_zone, series.basis, series.due_at, series.all_day):
        return ()
    return (
        RecurrenceChanged(
            task_id=series.task_id,
            rule=text,
            time_zone=zone,
            basis=basis,
            first=first,
            all_day=all_day,
            next_at=_second(text, zone, first, all_day),
            was_rule=series.rule,
            was_time_zone=series.time_zone,
            was_basis=series.basis,
            was_first=series.due_at,
        ),
    )


def due_next(series: Recurrence, finished_at: datetime | None = None) -> datetime | None:
    """When the task after the last one is due, None where there is none. After one that was
    finished late, the occurrences that have passed meanwhile are left out; by the schedule
    (`finished_at` None) none is."""
    if not series.goes_on:
        return None
    if finished_at is not None and finished_at > series.due_at:
        return _after(series, finished_at)
    return series.next_at


def follow(series: Recurrence, task_id: str, due_at: datetime) -> tuple[RecurrenceEvent, ...]:
    """`task_id` is the next task of the series, due at what `due_next` gave."""
    return (
        OccurrenceMade(
            task_id=task_id,
            ordinal=series.ordinal + 1,
            due_at=due_at,
            next_at=_after(series, due_at),
            was=series.task_id,
            was_due_at=series.due_at,
        ),
    )


def end(series: Recurrence, reason: str) -> tuple[RecurrenceEvent, ...]:
    if not series.goes_on:
        return ()
    return (RecurrenceEnded(task_id=series.task_id, reason=reason),)


def resume(series: Recurrence) -> tuple[RecurrenceEvent, ...]:
    if series.ended is None:
        return ()
    return (RecurrenceResumed(task_id=series.task_id, was=series.ended),)


def withdraw(
    series: Recurrence, task_id: str, due_at: datetime, withdrawn: str
) -> tuple[RecurrenceEvent, ...]:
    """Its last task, `withdrawn`, does not count: `task_id`, the one before it, due at `due_at`,
    is the last again."""
    if series.task_id != withdrawn:
        raise Refused(
            Kind.NOT_UNDOABLE,
            "A later task has continued the series since.",
            changed_since=[{"field": "recurrence", "position": series.position}],
        )
    return (
        OccurrenceWithdrawn(task_id=task_id, due_at=due_at, next_at=series.due_at, was=withdrawn),
    )


def _after(series: Recurrence, moment: datetime) -> datetime | None:
    return next_occurrence(
        series.rule, series.time_zone, series.first, moment, all_day=series.all_day
    )


def _second(rule: str, zone: str, first: datetime, all_day: bool) -> datetime:
    second = next_occurrence(rule, zone, first, first, all_day=all_day)
    if second is None:
        raise invalid("/rule", "Never comes round after the first task is due.")
    return second


def _checked_basis(basis: str) -> str:
    if basis not in BASES:
        raise invalid("/basis", f"Must be one of {', '.join(BASES)}.", "unknown")
    return basis
