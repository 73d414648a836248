"""What may happen to a person's account."""

from domain.user.events import (
    PersonImported,
    UserEvent,
    UserLocaleChanged,
    UserRegistered,
    UserRenamed,
)
from domain.user.state import User
from domain.values.limits import Limits
from domain.values.moment import checked_time_zone
from domain.values.text_rules import (
    checked_email,
    checked_locale,
    checked_name,
    checked_username,
    one_line,
)


def register(
    *,
    username: str,
    email: str,
    name: str | None,
    workspace_id: str,
    project_id: str,
    time_zone: str,
    locale: str,
    limits: Limits,
) -> tuple[UserEvent, ...]:
    """Without a name, the username serves as one."""
    return (
        UserRegistered(
            username=checked_username(username),
            email=checked_email(email),
            name=checked_name(name, limits) if name is not None else username,
            default_workspace_id=workspace_id,
            personal_project_id=project_id,
            time_zone=checked_time_zone(time_zone),
            locale=checked_locale(locale),
        ),
    )


def import_person(*, name: str, source: str, limits: Limits) -> tuple[UserEvent, ...]:
    return (
        PersonImported(
            name=checked_name(name, limits), source=one_line(source, "/source", limits.name)
        ),
    )


def rename(user: User, name: str, limits: Limits) -> tuple[UserEvent, ...]:
    if checked_name(name, limits) == user.name:
        return ()
    return (UserRenamed(name=name, was=user.name),)


def change_locale(user: User, time_zone: str, locale: str) -> tuple[UserEvent, ...]:
    checked_time_zone(time_zone)
    checked_locale(locale)
    if (time_zone, locale) == (user.time_zone, user.locale):
        return ()
    return (
        UserLocaleChanged(
            time_zone=time_zone,
            locale=locale,
            was_time_zone=user.time_zone,
            was_locale=user.locale,
        ),
    )
