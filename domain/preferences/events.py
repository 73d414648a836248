"""What somebody decides about which news reach them, and how."""

from collections.abc import Mapping

from domain.values.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationPreferencesChanged:
    """Both hold what changed alone: type -> channel -> whether it goes there."""

    user_id: str
    preferences: Mapping[str, Mapping[str, bool]]
    was: Mapping[str, Mapping[str, bool]]


PreferencesEvent = NotificationPreferencesChanged
