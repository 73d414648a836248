"""Put one notification out of sight for a while, or back into it."""

from datetime import datetime

from commands.inverse import NoInverse
from commands.notifications.own_inbox import OwnInbox
from commands.spec import CommandSpec
from commands.work import Work
from domain.inbox import decisions
from domain.inbox.events import NotificationSnoozed
from domain.inbox.state import INBOX, inbox_of
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SnoozeNotification:
    """One's own, of this workspace; `until` None brings it back at once."""

    workspace_id: str
    notification_id: str
    until: datetime | None


async def snooze_notification(command: SnoozeNotification, work: Work) -> str:
    stream = inbox_of(work.actor, command.workspace_id)
    events = decisions.snooze(
        await work.load(INBOX, stream),
        user_id=work.actor,
        notification_id=command.notification_id,
        until=command.until,
        now=work.now,
    )
    work.record(INBOX, command.workspace_id, stream, *events)
    return command.workspace_id


SNOOZE_NOTIFICATION = CommandSpec(
    command=SnoozeNotification,
    handler=snooze_notification,
    permission=OwnInbox(),
    events=(NotificationSnoozed,),
    route="PUT, DELETE /notifications/{id}/snooze",
    inverse=NoInverse("it is only about yourself; snooze it as you want it now."),
)
