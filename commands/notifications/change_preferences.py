"""Choose which news reach oneself, and how."""

from collections.abc import Mapping

from commands.inverse import NoInverse
from commands.permissions import OwnAccount
from commands.spec import CommandSpec
from commands.work import Work
from domain.preferences import decisions
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import PREFERENCES, preferences_of
from domain.values.frozen import dataclass
from domain.values.ids import SYSTEM_WORKSPACE


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreferences:
    """`preferences`: type -> channel -> whether it goes there; what is left out stays."""

    user_id: str
    preferences: Mapping[str, Mapping[str, bool]]


async def change_preferences(command: ChangePreferences, work: Work) -> str:
    stream = preferences_of(command.user_id)
    present = await work.load(PREFERENCES, stream)
    events = decisions.change(present, command.user_id, command.preferences)
    work.record(PREFERENCES, SYSTEM_WORKSPACE, stream, *events)
    return command.user_id


CHANGE_PREFERENCES = CommandSpec(
    command=ChangePreferences,
    handler=change_preferences,
    permission=OwnAccount(),
    events=(NotificationPreferencesChanged,),
    route="PUT /users/me/notification-preferences",
    inverse=NoInverse("it is only about yourself; choose them as you want them now."),
    writes=lambda command: preferences_of(command.user_id),
)
