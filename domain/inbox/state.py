"""The marks of one person on their notifications of one workspace: a stream that is theirs."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Final, TypeVar

from domain.aggregate import Aggregate
from domain.inbox.events import NotificationRead, NotificationSnoozed, NotificationsRead
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import between
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun

V = TypeVar("V")

# Marks are made for years. An older one that is set again is recorded again, which changes
# nothing; so it need not be remembered here.
MARKS_KEPT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbox(StreamState):
    """`read_upto`: all up to this position is read. `read` (id -> up to where) and `snoozed`
    (id -> until when) are the latest single marks."""

    user_id: str
    read_upto: int = 0
    read: Mapping[str, int] = field(default_factory=dict)
    snoozed: Mapping[str, datetime] = field(default_factory=dict)


def inbox_of(user_id: str, workspace_id: str) -> str:
    """The stream of somebody's marks in a workspace."""
    return between("inbox", user_id, workspace_id)


def evolve(state: Inbox | None, event: object, stamp: Stamp) -> Inbox | None:
    if state is None:
        if not isinstance(event, NotificationRead | NotificationSnoozed | NotificationsRead):
            return None
        state = begun(Inbox, stamp, user_id=event.user_id)
    match event:
        case NotificationRead():
            return touched(state, stamp, read=_with(state.read, event.notification_id, event.upto))
        case NotificationSnoozed(until=None):
            left = {each: at for each, at in state.snoozed.items() if each != event.notification_id}
            return touched(state, stamp, snoozed=left)
        case NotificationSnoozed(until=until):
            snoozed = _with(state.snoozed, event.notification_id, until)
            return touched(state, stamp, snoozed=snoozed)
        case NotificationsRead():
            later = {each: upto for each, upto in state.read.items() if upto > event.upto}
            return touched(state, stamp, read_upto=event.upto, read=later)
        case _:
            return touched(state, stamp)


def _with(marks: Mapping[str, V], notification_id: str, value: V) -> Mapping[str, V]:
    """The newest last, and no more of them than are kept."""
    kept = {each: old for each, old in marks.items() if each != notification_id}
    kept[notification_id] = value
    if len(kept) > MARKS_KEPT:
        del kept[next(iter(kept))]
    return kept


INBOX = Aggregate("inbox", evolve)
