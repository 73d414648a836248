"""What feeds say of series of recurring tasks."""

from collections.abc import Mapping

from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)

from .entries import Says, says

ACTIONS = (
    "recurrence_started",
    "recurrence_changed",
    "recurrence_ended",
    "recurrence_resumed",
    "occurrence_made",
    "occurrence_withdrawn",
)

EVENTS: Mapping[type, Says] = {
    RecurrenceStarted: says("recurrence_started", "rule", None, "rule"),
    RecurrenceChanged: says("recurrence_changed", "rule", "was_rule", "rule"),
    RecurrenceEnded: says("recurrence_ended", "ended", None, "reason"),
    RecurrenceResumed: says("recurrence_resumed", "ended", "was", None),
    OccurrenceMade: says("occurrence_made", "task_id", "was", "task_id"),
    OccurrenceWithdrawn: says("occurrence_withdrawn", "task_id", "was", "task_id"),
}
