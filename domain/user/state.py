"""A person's account as its events leave it."""

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime

from domain.aggregate import Aggregate
from domain.user.events import (
    ApiKeyMade,
    ApiKeyRevoked,
    PersonImported,
    ServiceAccountCreated,
    UserActivated,
    UserEmailChanged,
    UserEmailVerified,
    UserErased,
    UserIdentityLinked,
    UserIdentityUnlinked,
    UserLocaleChanged,
    UserRegistered,
    UserRenamed,
    UserSecondFactorDisabled,
    UserSecondFactorEnabled,
    UserSuspended,
)
from domain.user.keys import ApiKey
from domain.values.evolved import touched
from domain.values.frozen import dataclass
from domain.values.stamp import Stamp
from domain.values.text import ERASED, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """`can_log_in` is False for a person known only from an import, and for a program
    (`is_service`): such a one has no username and no e-mail address, and only a program has a
    workspace, the one that it was made in. `email_verified` is about the present address. `keys`:
    the API keys that were not revoked, by id, in the order in which they were made. `identities`:
    at which provider each is, by id."""

    user_id: str
    workspace_id: str
    username: Text | None
    email: Text | None
    name: Text
    time_zone: str
    locale: str
    default_workspace_id: str | None
    personal_project_id: str | None
    can_log_in: bool
    email_verified: bool
    has_second_factor: bool
    suspended: bool
    is_service: bool
    keys: Mapping[str, ApiKey]
    created_at: datetime
    updated_at: datetime
    updated_by: str
    version: int
    position: int
    # States that were kept before there were any go without.
    identities: Mapping[str, str] = field(default_factory=dict)
    erased: bool = False


def evolve(state: User | None, event: object, stamp: Stamp) -> User | None:
    if state is None:
        return _begin(event, stamp)
    match event:
        case UserRenamed():
            return touched(state, stamp, name=event.name)
        case UserLocaleChanged():
            return touched(state, stamp, time_zone=event.time_zone, locale=event.locale)
        case UserEmailVerified():
            return touched(state, stamp, email_verified=True)
        case UserEmailChanged():
            return touched(state, stamp, email=event.email, email_verified=True)
        case UserSecondFactorEnabled():
            return touched(state, stamp, has_second_factor=True)
        case UserSecondFactorDisabled():
            return touched(state, stamp, has_second_factor=False)
        case UserIdentityLinked():
            linked = {**state.identities, event.identity_id: event.issuer}
            return touched(state, stamp, identities=linked)
        case UserIdentityUnlinked():
            others = {n: at for n, at in state.identities.items() if n != event.identity_id}
            return touched(state, stamp, identities=others)
        case UserSuspended():
            return touched(state, stamp, suspended=True)
        case UserActivated():
            return touched(state, stamp, suspended=False)
        case UserErased():
            return touched(
                state,
                stamp,
                username=None if state.username is None else ERASED,
                email=None if state.email is None else ERASED,
                name=ERASED,
                can_log_in=False,
                erased=True,
                keys={},
                identities={},
            )
        case ApiKeyMade():
            return touched(state, stamp, keys={**state.keys, event.key_id: _made(event, stamp)})
        case ApiKeyRevoked():
            left = {each: key for each, key in state.keys.items() if each != event.key_id}
            return touched(state, stamp, keys=left)
        case _:
            return touched(state, stamp)


def _made(event: ApiKeyMade, stamp: Stamp) -> ApiKey:
    return ApiKey(
        key_id=event.key_id,
        name=event.name,
        name_author=stamp.author_of("name"),
        scopes=event.scopes,
        expires_at=event.expires_at,
        workspace_id=event.workspace_id,
        created_at=stamp.at,
        created_by=stamp.actor,
    )


def _begin(event: object, stamp: Stamp) -> User | None:
    match event:
        case UserRegistered():
            return User(
                user_id=stamp.stream,
                workspace_id=stamp.workspace_id,
                username=event.username,
                email=event.email,
                name=event.name,
                time_zone=event.time_zone,
                locale=event.locale,
                default_workspace_id=event.default_workspace_id,
                personal_project_id=event.personal_project_id,
                can_log_in=True,
                email_verified=False,
                has_second_factor=False,
                suspended=False,
                is_service=False,
                keys={},
                created_at=stamp.at,
                updated_at=stamp.at,
                updated_by=stamp.actor,
                version=stamp.version,
                position=stamp.position,
            )
        case PersonImported() | ServiceAccountCreated():
            home = event.workspace_id if isinstance(event, ServiceAccountCreated) else None
            return User(
                user_id=stamp.stream,
                workspace_id=stamp.workspace_id,
                username=None,
                email=None,
                name=event.name,
                time_zone="UTC",
                locale="en",
                default_workspace_id=home,
                personal_project_id=None,
                can_log_in=False,
                email_verified=False,
                has_second_factor=False,
                suspended=False,
                is_service=home is not None,
                keys={},
                created_at=stamp.at,
                updated_at=stamp.at,
                updated_by=stamp.actor,
                version=stamp.version,
                position=stamp.position,
            )
        case _:
            return None


def authors(state: User | None, event: object) -> Mapping[str, str]:
    """What somebody is or was called says who they are, whoever writes it."""
    if state is None:
        return {}
    match event:
        case UserRenamed():
            return {"name": state.user_id, "was": state.user_id}
        case UserEmailChanged():
            return {"email": state.user_id, "was": state.user_id}
        case UserEmailVerified():
            return {"email": state.user_id}
        case ApiKeyRevoked() if event.key_id in state.keys:
            return {"was": state.keys[event.key_id].name_author}
        case _:
            return {}


USER = Aggregate("user", evolve, authors=authors)
