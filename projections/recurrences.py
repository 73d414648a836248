"""Recurrences: which series goes on by the schedule, and when its next task is to be made."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from domain.recurrence.events import (
    OccurrenceMade,
    OccurrenceWithdrawn,
    RecurrenceChanged,
    RecurrenceEnded,
    RecurrenceResumed,
    RecurrenceStarted,
)
from domain.recurrence.state import Recurrence, evolve
from domain.values.recorded import Recorded

from .people import Named, named
from .projection import Projection, Rows, Table
from .states import StateCodec


class RecurrenceAnswer(msgspec.Struct, frozen=True):
    """A series as `GET /tasks/{id}/recurrence` shows it. `task_id` is its last task, the
    `ordinal`-th; `next_at` is when the one after it is due, null where there is none; `ended`
    says why it ended before its rule did."""

    id: str
    recurrence_id: str
    task_id: str
    rule: str
    time_zone: str
    basis: str
    ordinal: int
    due_date: datetime
    due_all_day: bool
    next_at: datetime | None
    ended: str | None
    creator: Named
    updated_by: Named
    created_at: datetime
    updated_at: datetime
    version: int
    position: int


_json = msgspec.json.Encoder()
_states = StateCodec(Recurrence)


def render_recurrence(series: Recurrence) -> bytes:
    """The answer as JSON, people by id."""
    return _json.encode(
        RecurrenceAnswer(
            id=series.recurrence_id,
            recurrence_id=series.recurrence_id,
            task_id=series.task_id,
            rule=series.rule,
            time_zone=series.time_zone,
            basis=series.basis,
            ordinal=series.ordinal,
            due_date=series.due_at,
            due_all_day=series.all_day,
            next_at=series.next_at if series.goes_on else None,
            ended=series.ended,
            creator=named(series.creator_id),
            updated_by=named(series.updated_by),
            created_at=series.created_at,
            updated_at=series.updated_at,
            version=series.version,
            position=series.position,
        )
    )


@dataclass(slots=True)
class RecurrenceRow:
    """`make_at` is when the task after the `ordinal`-th is to be made, None where the clock has
    no say in it. `state` is the folded series."""

    recurrence_id: str
    workspace_id: str
    ordinal: int
    make_at: datetime | None
    state: bytes


RECURRENCES = Table(
    "recurrences",
    RecurrenceRow,
    {
        "recurrence_id": "text",
        "workspace_id": "text",
        "ordinal": "integer",
        "make_at": "timestamptz",
        "state": "bytea",
    },
    key=("recurrence_id",),
    indexes=("(make_at) WHERE make_at IS NOT NULL",),
)


def _changed(recorded: Recorded, rows: Rows) -> None:
    stamp = recorded.stamp
    row: RecurrenceRow | None = rows.get("recurrences", stamp.stream)
    before = None if row is None else _states.decode(row.state)
    series = evolve(before, recorded.event, stamp)
    if series is None:
        return
    rows.put(
        "recurrences",
        RecurrenceRow(
            series.recurrence_id,
            series.workspace_id,
            series.ordinal,
            series.due_at if series.goes_on and series.basis == "schedule" else None,
            _states.encode(series),
        ),
    )


def _reads(recorded: Recorded) -> Iterable[tuple[Any, ...]]:
    return (("recurrences", recorded.stamp.stream),)


RECURRENCES_VIEW = Projection(
    name="recurrences",
    version=2,
    tables=(RECURRENCES,),
    holds_text=False,
    folds=dict.fromkeys(
        (
            RecurrenceStarted,
            RecurrenceChanged,
            RecurrenceEnded,
            RecurrenceResumed,
            OccurrenceMade,
            OccurrenceWithdrawn,
        ),
        _changed,
    ),
    reads=_reads,
)
