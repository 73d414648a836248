"""What somebody does with their notifications: their marks, which are nobody else's."""

from datetime import datetime

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationRead:
    """With all that had come into it up to the position `upto`; what comes later is unread."""

    notification_id: str
    user_id: str
    upto: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationSnoozed:
    """Out of sight until then; None: in sight again. `was` is what held before."""

    notification_id: str
    user_id: str
    until: datetime | None
    was: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationsRead:
    """All of this workspace's, with what had come up to the position `upto`; `was`: up to where
    they were before."""

    user_id: str
    upto: int
    was: int


InboxEvent = NotificationRead | NotificationSnoozed | NotificationsRead
