"""Mark all notifications of a workspace as read."""

from commands.inverse import NoInverse
from commands.notifications.own_inbox import OwnInbox
from commands.spec import CommandSpec
from commands.work import Work
from domain.inbox import decisions
from domain.inbox.events import NotificationsRead
from domain.inbox.state import INBOX, inbox_of
from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAllNotifications:
    """One's own, with all that had come into them up to the position `upto`."""

    workspace_id: str
    upto: int


async def read_all_notifications(command: ReadAllNotifications, work: Work) -> str:
    stream = inbox_of(work.actor, command.workspace_id)
    inbox = await work.load(INBOX, stream)
    events = decisions.read_all(inbox, user_id=work.actor, upto=command.upto)
    work.record(INBOX, command.workspace_id, stream, *events)
    return command.workspace_id


READ_ALL_NOTIFICATIONS = CommandSpec(
    command=ReadAllNotifications,
    handler=read_all_notifications,
    permission=OwnInbox(),
    events=(NotificationsRead,),
    route="POST /notifications/read-all",
    inverse=NoInverse("what has been read has been read."),
)
