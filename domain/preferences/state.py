"""Which news reach somebody, and how: a stream beside their account, which it does not change."""

from collections.abc import Mapping
from dataclasses import field
from typing import Final

from domain.aggregate import Aggregate
from domain.preferences.events import NotificationPreferencesChanged
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.ids import beside
from domain.values.stamp import Stamp
from domain.values.stream_state import StreamState, begun

TYPES: Final = (
    "task_assigned",
    "task_mentioned",
    "task_commented",
    "status_changed",
    "task_unblocked",
    "task_due_soon",
    "task_overdue",
    "task_completed",
    "project_added",
)
IN_APP: Final = "in_app"
CHANNELS: Final = (IN_APP, "email", "push")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences(StreamState):
    """`chosen`: type -> channel -> whether it goes there, where it was ever decided; all else
    does."""

    user_id: str
    chosen: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)


def preferences_of(user_id: str) -> str:
    """The stream of somebody's preferences."""
    return beside("prefs", user_id)


def wants(preferences: Preferences | None, type_: str, channel: str) -> bool:
    """Whether news of this type go to somebody by this channel."""
    chosen = {} if preferences is None else preferences.chosen
    return chosen.get(type_, {}).get(channel, True)


def evolve(state: Preferences | None, event: object, stamp: Stamp) -> Preferences | None:
    if not isinstance(event, NotificationPreferencesChanged):
        return None if state is None else touched(state, stamp)
    if state is None:
        state = begun(Preferences, stamp, user_id=event.user_id)
    chosen = {
        **state.chosen,
        **{
            type_: {**state.chosen.get(type_, {}), **channels}
            for type_, channels in event.preferences.items()
        },
    }
    return touched(state, stamp, chosen=chosen)


PREFERENCES = Aggregate("prefs", evolve)
