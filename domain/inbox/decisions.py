"""What somebody may decide about their notifications, for themselves."""

from datetime import datetime

from domain.errors import invalid
from domain.inbox.events import (
    InboxEvent,
    NotificationRead,
    NotificationSnoozed,
    NotificationsRead,
)
from domain.inbox.state import Inbox


def read(
    inbox: Inbox | None, *, user_id: str, notification_id: str, upto: int
) -> tuple[InboxEvent, ...]:
    """`upto`: the position of the last change in it that the reader saw."""
    if inbox is not None and max(inbox.read_upto, inbox.read.get(notification_id, 0)) >= upto:
        return ()
    return (NotificationRead(notification_id=notification_id, user_id=user_id, upto=upto),)


def read_all(inbox: Inbox | None, *, user_id: str, upto: int) -> tuple[InboxEvent, ...]:
    was = 0 if inbox is None else inbox.read_upto
    if upto <= was:
        return ()
    return (NotificationsRead(user_id=user_id, upto=upto, was=was),)


def snooze(
    inbox: Inbox | None,
    *,
    user_id: str,
    notification_id: str,
    until: datetime | None,
    now: datetime,
) -> tuple[InboxEvent, ...]:
    """`until` None brings it back at once."""
    was = None if inbox is None else inbox.snoozed.get(notification_id)
    if until == was:
        return ()
    if until is not None and until <= now:
        raise invalid("/until", "Must be a moment to come.")
    return (
        NotificationSnoozed(notification_id=notification_id, user_id=user_id, until=until, was=was),
    )
