"""What can happen to a person's account. Credentials are never events."""

from dataclasses import dataclass

from domain.values.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRegistered:
    """With the account come a workspace and a project of its own, made in the same commit."""

    username: Text
    email: Text
    name: Text
    default_workspace_id: str
    time_zone: str = "UTC"
    locale: str = "en"
    personal_project_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonImported:
    """A person known only from an import: may be assigned and named, cannot log in."""

    name: Text
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRenamed:
    name: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLocaleChanged:
    time_zone: str
    locale: str
    was_time_zone: str
    was_locale: str


UserEvent = UserRegistered | PersonImported | UserRenamed | UserLocaleChanged
