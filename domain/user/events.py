"""What can happen to a person's account. Credentials are never events."""

from datetime import datetime

from domain.values.frozen import dataclass
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


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEmailVerified:
    """Whoever has the account reads what is sent to this address."""

    email: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEmailChanged:
    """The new address was verified before; the old one is free again."""

    email: Text
    was: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPasswordChanged:
    """`by_reset`: by a link sent to the address, and not by whoever knew the old one."""

    by_reset: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSecondFactorEnabled:
    """From now on a log-in takes a one-time code too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSecondFactorDisabled:
    """The password is enough again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRecoveryCodesRenewed:
    """The recovery codes of before are good for nothing any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentityLinked:
    """Whoever signs on as this identity at the provider `issuer` comes into the account. As whom
    they are known there is nowhere in the log."""

    identity_id: str
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserIdentityUnlinked:
    """The identity leads into no account any more."""

    identity_id: str
    issuer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSuspended:
    """An operator has closed the account: nobody logs in with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserActivated:
    """A suspended account is open again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccountCreated:
    """A program that works in one workspace: it has keys, and nothing to log in with."""

    name: Text
    workspace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyMade:
    """The key itself is told to whoever asked for it, once, and is nowhere in the log."""

    key_id: str
    name: Text
    scopes: tuple[str, ...]
    expires_at: datetime | None = None
    workspace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRevoked:
    """`was` is its name, `workspace_id` the one that it was for."""

    key_id: str
    was: Text
    workspace_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserErased:
    """The account is closed for ever, and who it was is forgotten."""

    erasure_id: str


UserEvent = (
    UserRegistered
    | PersonImported
    | UserRenamed
    | UserLocaleChanged
    | UserEmailVerified
    | UserEmailChanged
    | UserPasswordChanged
    | UserSecondFactorEnabled
    | UserSecondFactorDisabled
    | UserRecoveryCodesRenewed
    | UserIdentityLinked
    | UserIdentityUnlinked
    | UserSuspended
    | UserActivated
    | ServiceAccountCreated
    | ApiKeyMade
    | ApiKeyRevoked
    | UserErased
)
