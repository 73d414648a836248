"""What somebody may decide about which news reach them."""

from collections.abc import Mapping

from domain.errors import Invalid, Problem, pointer_token
from domain.preferences.events import NotificationPreferencesChanged
from domain.preferences.state import CHANNELS, TYPES, Preferences, wants


def change(
    preferences: Preferences | None, user_id: str, wanted: Mapping[str, Mapping[str, bool]]
) -> tuple[NotificationPreferencesChanged, ...]:
    """What is not named stays. Raises Invalid for a type or channel that there is not."""
    _check(wanted)
    changed = {
        type_: {
            channel: wish
            for channel, wish in channels.items()
            if wish != wants(preferences, type_, channel)
        }
        for type_, channels in wanted.items()
    }
    new = {type_: channels for type_, channels in changed.items() if channels}
    if not new:
        return ()
    was = {
        type_: {channel: not wish for channel, wish in channels.items()}
        for type_, channels in new.items()
    }
    return (NotificationPreferencesChanged(user_id=user_id, preferences=new, was=was),)


def _check(wanted: Mapping[str, Mapping[str, bool]]) -> None:
    problems = []
    for type_, channels in wanted.items():
        if type_ not in TYPES:
            detail = f"There is no such type of notification; there are {', '.join(TYPES)}."
            problems.append(Problem(_pointer(type_), "unknown", detail))
            continue
        detail = f"There is no such channel; there are {', '.join(CHANNELS)}."
        problems += [
            Problem(_pointer(type_, channel), "unknown", detail)
            for channel in channels
            if channel not in CHANNELS
        ]
    if problems:
        raise Invalid(*problems)


def _pointer(*names: str) -> str:
    return "/".join(("/preferences", *map(pointer_token, names)))
