"""Mark one notification as read."""

from commands.inverse import NoInverse
from commands.notifications.own_inbox import OwnInbox
from commands.spec import CommandSpec
from commands.work import Work
from domain.inbox import decisions
from domain.inbox.events import NotificationRead
from domain.inbox.state import INBOX, inbox_of
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadNotification:
    """One's own, of this workspace; `upto` is the position of the last change seen in it."""

    workspace_id: str
    notification_id: str
    upto: int


async def read_notification(command: ReadNotification, work: Work) -> str:
    stream = inbox_of(work.actor, command.workspace_id)
    events = decisions.read(
        await work.load(INBOX, stream),
        user_id=work.actor,
        notification_id=command.notification_id,
        upto=command.upto,
    )
    work.record(INBOX, command.workspace_id, stream, *events)
    return command.workspace_id


READ_NOTIFICATION = CommandSpec(
    command=ReadNotification,
    handler=read_notification,
    permission=OwnInbox(),
    events=(NotificationRead,),
    route="POST /notifications/{id}/read",
    inverse=NoInverse("what has been read has been read."),
)
