"""How each event of a series of tasks is taken back."""

from typing import Final

from commands.inverse import Inverse, Inverses, date_given
from commands.recurrence.resume_recurrence import ResumeRecurrence
from commands.recurrence.set_recurrence import SetRecurrence
from commands.recurrence.stop_recurrence import StopRecurrence
from commands.recurrence.withdraw_occurrence import WithdrawOccurrence
from domain.recurrence.events import (
    OccurrenceMade,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)

RECURRENCE_INVERSES: Final[Inverses] = {
    RecurrenceStarted: Inverse(
        StopRecurrence, lambda undone: StopRecurrence(task_id=undone.event.task_id)
    ),
    RecurrenceChanged: Inverse(
        SetRecurrence,
        lambda undone: SetRecurrence(
            task_id=undone.event.task_id,
            rule=undone.event.was_rule,
            time_zone=undone.event.was_time_zone,
            basis=undone.event.was_basis,
            due_date=date_given(undone.event.was_first),
        ),
    ),
    RecurrenceEnded: Inverse(
        ResumeRecurrence, lambda undone: ResumeRecurrence(task_id=undone.event.task_id)
    ),
    RecurrenceResumed: Inverse(
        StopRecurrence, lambda undone: StopRecurrence(task_id=undone.event.task_id)
    ),
    OccurrenceMade: Inverse(
        WithdrawOccurrence,
        lambda undone: WithdrawOccurrence(
            task_id=undone.event.was,
            due_at=undone.event.was_due_at,
            withdrawn=undone.event.task_id,
        ),
    ),
}
